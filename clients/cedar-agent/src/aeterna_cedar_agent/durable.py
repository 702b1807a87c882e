"""Files that are replaced as a whole: after a crash the old or the new content is there."""

import os
from pathlib import Path


def write_durably(path: Path, *, content: bytes) -> None:
    """Write a file readable by its owner only, and wait until it is on disk."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, *, content: bytes) -> None:
    """Give `path` this content at once and durably; raises OSError and then changes nothing."""
    fresh = path.with_name(f"{path.name}.tmp")
    write_durably(fresh, content=content)
    os.replace(fresh, path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Wait until the directory's own entries are on disk."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
