"""The agent as it is installed, on a machine whose wall clock a file steps.

    python -m tests.faults.stepped_agent FILE run --portal …

FILE holds seconds to add, as eight bytes of a little-endian float.
"""

import mmap
import struct
import sys
import time
from pathlib import Path

SIZE = 8


def step(file: Path, seconds: float) -> None:
    """Let the wall clock of the agent that reads `file` be wrong by so many seconds."""
    with file.open("r+b" if file.exists() else "w+b") as stream:
        stream.write(struct.pack("<d", seconds))


def main() -> int:
    with Path(sys.argv[1]).open("rb") as stream:
        held = mmap.mmap(stream.fileno(), SIZE, access=mmap.ACCESS_READ)
    right = time.time
    time.time = lambda: right() + struct.unpack("<d", held[:SIZE])[0]

    from aeterna_cedar_agent.cli import main as run_agent

    return run_agent(sys.argv[2:])


if __name__ == "__main__":
    raise SystemExit(main())
