"""The servers of a test run: one embedded Postgres and Redis, a template database, copies of it."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECRET = "tests-only-0123456789-0123456789-0123456789-01"


def base_environment() -> dict[str, str]:
    """Return settings that let Django load; the real addresses are filled in per worker."""
    nowhere = "postgresql://nobody:nobody@127.0.0.1:1/nowhere"
    return {
        "AETERNA_ENVIRONMENT": "test",
        "SECRET_KEY": SECRET,
        "DATABASE_URL": nowhere,
        "DATABASE_PLATFORM_URL": nowhere,
        "DATABASE_OWNER_URL": nowhere,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LOCAL_PASSWORDS": "true",
        "PUBLIC_URL": "http://testserver",
        "LOG_LEVEL": "ERROR",
    }


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` against the other workers."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def state_folder() -> Path:
    """Return the folder all workers of this run share."""
    known = os.environ.get("AETERNA_TEST_STATE")
    if known:
        return Path(known)
    folder = Path(tempfile.mkdtemp(prefix="aeterna-tests-"))
    folder.chmod(0o711)
    os.environ["AETERNA_TEST_STATE"] = str(folder)
    return folder


def migrate(urls: dict[str, str]) -> None:
    """Run the migrations as the owner, in a process of its own."""
    environment = {**os.environ, **base_environment(), **urls}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--database", "owner", "--verbosity", "0"],
        cwd=ROOT,
        env=environment,
        check=True,
    )


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


# Loaded with `-p tests.environment`, before pytest-django reads the settings.
for _name, _value in base_environment().items():
    os.environ.setdefault(_name, _value)
