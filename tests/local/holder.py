"""Holds one embedded server until it is killed: the part of `make run` a crash test may end."""

import os
import signal
import sys
from pathlib import Path

from aeterna_portal.local import server
from aeterna_portal.local.postgres import EmbeddedPostgres
from aeterna_portal.local.redis import EmbeddedRedis
from aeterna_portal.local.server import EmbeddedServer

KINDS: dict[str, type[EmbeddedServer]] = {"postgres": EmbeddedPostgres, "redis": EmbeddedRedis}


def main(kind: str, state_dir: str, orphan: str, durable: str) -> None:
    """Start the server, print its pid and wait for the end."""
    if orphan == "orphan":
        # As on systems whose kernel does not tie a child to its parent.
        server.die_with_parent = lambda number: None
    held = KINDS[kind](state_dir=Path(state_dir), durable=durable == "durable")
    held.start()
    sys.stdout.write(f"{held.pid} {os.getpid()}\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
