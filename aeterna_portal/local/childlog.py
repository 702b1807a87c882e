"""The log file of one child: bounded, and able to say how it ended."""

from collections import deque
from pathlib import Path

LIMIT_BYTES = 16 * 1024 * 1024
REMEMBERED_LINES = 8
LONGEST_LINE_BYTES = 65536


class ChildLog:
    """Appends a child's output to a file, which gives way to a fresh one when it is large."""

    def __init__(self, path: Path) -> None:
        """Prepare to write to `path`; its folder is created when the first output comes."""
        self.path = path
        self._rest = b""
        self._last: deque[bytes] = deque(maxlen=REMEMBERED_LINES)

    def write(self, chunk: bytes) -> list[bytes]:
        """Append `chunk`; return the lines it completes, without their ends."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        rotate(self.path)
        with self.path.open("ab") as file:
            file.write(chunk)
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[-LONGEST_LINE_BYTES:]
        self._last.extend(line for line in lines if line.strip())
        return lines

    def last_lines(self) -> str:
        """Return the last lines written, indented, for a message."""
        lines = [*self._last, self._rest] if self._rest else [*self._last]
        return "\n".join(f"  {line.decode(errors='replace')}" for line in lines)


def rotate(path: Path) -> None:
    """Put a large log aside as `.1`, replacing the one before it."""
    if path.exists() and path.stat().st_size > LIMIT_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
