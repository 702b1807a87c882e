"""`make reset`: forgets the demo, that is the database, the queues and the secrets of the state."""

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from .errors import AlreadyRunningError, ServiceError
from .placement import POINTER, SYSTEM_HOME
from .state import exclusive, state_dir

# The lock is held meanwhile; the others tell nothing of the demo.
KEPT = frozenset({"run.lock", "browser", "readiness.json"})


def reset(folder: Path) -> None:
    """Remove everything the state in `folder` consists of; raises ServiceError while it is used."""
    if not folder.is_dir():
        return
    homes = [folder / "postgres", folder / "redis", *_outside(folder)]
    locks = [folder / "run.lock", *(home / "lock" for home in homes)]
    with ExitStack() as held:
        try:
            for path in locks:
                if path.parent.is_dir():
                    held.enter_context(exclusive(path))
        except AlreadyRunningError as error:
            raise ServiceError("The portal is running: stop it first (Ctrl-C there).") from error
        for path in (*homes, *folder.iterdir()):
            if path.name not in KEPT:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _outside(folder: Path) -> list[Path]:
    pointer = folder / POINTER
    home = Path(pointer.read_text().strip()) if pointer.exists() else None
    # A pointer is only a file: nothing outside our own folder is ever removed on its word.
    return [home] if home is not None and home.parent == SYSTEM_HOME else []


def main() -> int:
    """Forget the demo; return the exit code."""
    try:
        reset(state_dir())
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("The demo is forgotten: `make run` begins anew.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
