"""Starts a server inside another process, so that a test can kill its whole tree."""

import subprocess
import sys
from pathlib import Path

from aeterna_portal.local.processes import Identity, identify
from aeterna_portal.local.state import CHECKOUT


def hold(
    kind: str, state_dir: Path, *, orphan: bool = False, durable: bool = True
) -> tuple[subprocess.Popen[str], Identity]:
    """Return the process that holds the server, and the server."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.local.holder", kind, str(state_dir)),
            *("orphan" if orphan else "bound", "durable" if durable else "disposable"),
        ],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    server = identify(int(line.split()[0]))
    assert server is not None
    return process, server


def kill(process: subprocess.Popen[str]) -> None:
    """End the holder as `kill -9` does."""
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
