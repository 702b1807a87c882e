"""The state folder of a local installation: where it is, its secrets, what children are told."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from .errors import AlreadyRunningError
from .processes import replace_file
from .provision import Passwords, Urls

CHECKOUT = Path(__file__).resolve().parents[2]
SECRETS_FILE = "secrets.json"
PEOPLE_FILE = "demo.json"
EMBEDDED = "aeterna-embedded"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Every random secret of a local installation."""

    secret_key: str
    postgres_superuser: str
    postgres_owner: str
    postgres_app: str
    postgres_platform: str
    redis: str

    @property
    def passwords(self) -> Passwords:
        """The passwords of the three database roles."""
        return Passwords(
            owner=self.postgres_owner, app=self.postgres_app, platform=self.postgres_platform
        )


def state_dir() -> Path:
    """Return the absolute state folder: AETERNA_STATE_DIR, else `var` in the checkout."""
    return Path(os.environ.get("AETERNA_STATE_DIR") or CHECKOUT / "var").absolute()


def open_state(folder: Path) -> Path:
    """Create `folder` when absent and return it; a folder that exists keeps its mode."""
    # As root the unprivileged database account has to pass through; what lies inside is 0600.
    folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    return folder


def load_secrets(folder: Path) -> Secrets:
    """Return the secrets kept in `folder` (0600), drawing them when absent or unreadable."""
    path = folder / SECRETS_FILE
    with exclusive(folder / f"{SECRETS_FILE}.lock", wait=True):
        known = _read_secrets(path)
        if known is None:
            if path.exists():
                path.replace(path.with_suffix(".broken"))
            known = Secrets(**{field.name: _draw(field.name) for field in fields(Secrets)})
            replace_file(path, json.dumps(asdict(known), indent=1))
        path.chmod(0o600)
        return known


def environment(
    *, folder: Path, secret_key: str, urls: Urls, redis_url: str, port: int, public_url: str
) -> dict[str, str]:
    """Return the environment variables the portal's processes of a demo need."""
    return {
        "AETERNA_ENVIRONMENT": "demo",
        "LOCAL_PASSWORDS": "true",
        "SECRET_KEY": secret_key,
        "DEMO_PEOPLE_FILE": str(folder / PEOPLE_FILE),
        "DATABASE_URL": urls.app,
        "DATABASE_OWNER_URL": urls.owner,
        "DATABASE_PLATFORM_URL": urls.platform,
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "PUBLIC_URL": public_url,
    }


@contextlib.contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold `path` locked; raise AlreadyRunningError when another holds it and `wait` is false."""
    descriptor = lock(path, wait=wait)
    try:
        yield
    finally:
        os.close(descriptor)


def lock(path: Path, *, wait: bool = False) -> int:
    """Lock `path` and return the descriptor whose closing, or the process's death, unlocks it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        os.close(descriptor)
        raise AlreadyRunningError(f"{path} is locked by another process") from error
    return descriptor


def _draw(name: str) -> str:
    # Production settings refuse a key that says it is a demo's, and passwords of embedded servers.
    prefix = "demo-" if name == "secret_key" else f"{EMBEDDED}-"
    return prefix + secrets.token_urlsafe(32)


def _read_secrets(path: Path) -> Secrets | None:
    try:
        content = json.loads(path.read_text())
        known = Secrets(**content)
    except (OSError, ValueError, TypeError):
        return None
    values = asdict(known).values()
    return known if all(isinstance(value, str) and len(value) >= 32 for value in values) else None
