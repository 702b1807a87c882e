"""Choosing a free local port, preferring the one used last time."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from .processes import replace_file

NEIGHBOURS = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen port and, when another was wanted but busy, that one."""

    name: str
    port: int
    busy: int | None

    @property
    def message(self) -> str | None:
        """One sentence for the person who wanted the busy port, or None."""
        if self.busy is None:
            return None
        return f"Port {self.busy} is in use by another program: {self.name} uses {self.port}."


def is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on `host`:`port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            return False
    return True


def choose_port(
    *,
    book: Path,
    name: str,
    preferred: int | None = None,
    host: str = "127.0.0.1",
    taken: frozenset[int] = frozenset(),
) -> Choice:
    """Return a free port: `preferred`, else last time's, else a neighbour, else any.

    `taken` are ports promised to others. The choice is not recorded: see `remember_port`.
    """
    remembered = remembered_port(book=book, name=name)
    wanted = preferred or remembered
    if wanted is None:
        return Choice(name=name, port=_any_free(host=host), busy=None)
    neighbours = range(wanted + 1, wanted + NEIGHBOURS) if preferred else range(0)
    for port in (wanted, *([remembered] if remembered else []), *neighbours):
        if port not in taken and is_free(port, host=host):
            return Choice(name=name, port=port, busy=None if port == wanted else wanted)
    return Choice(name=name, port=_any_free(host=host), busy=wanted)


def remember_port(*, book: Path, name: str, port: int) -> None:
    """Record in `book` that `name` used `port`."""
    replace_file(book, json.dumps({**_read(book), name: port}, sort_keys=True))


def remembered_port(*, book: Path, name: str) -> int | None:
    """Return the port `name` used last, or None when unknown or the book is damaged."""
    return _read(book).get(name)


def _read(book: Path) -> dict[str, int]:
    try:
        content = json.loads(book.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        str(name): port
        for name, port in content.items()
        if isinstance(port, int) and 0 < port < 65536
    }


def _any_free(*, host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
