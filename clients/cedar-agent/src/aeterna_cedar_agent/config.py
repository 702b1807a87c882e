"""Everything the agent can be told, from flags first and the environment second."""

import argparse
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from aeterna_cedar_agent.credentials import Token

ENDPOINT = "/ws/agents/v1"
DEFAULT_LISTEN = "127.0.0.1:8180"
NOWHERE = "none"
LEVELS = ("debug", "info", "warning", "error")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


class ConfigError(Exception):
    """Settings the agent cannot run with; `problems` lists every one."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its flag, environment variable, default and meaning."""

    flag: str
    variable: str
    default: str | None
    text: str

    @property
    def name(self) -> str:
        """The attribute name argparse gives the flag."""
        return self.flag.removeprefix("--").replace("-", "_")


SETTINGS = (
    Setting(
        flag="--portal",
        variable="AETERNA_API_URL",
        default=None,
        text="portal address; without one the agent serves what callers write",
    ),
    Setting(
        flag="--token-file",
        variable="AETERNA_AGENT_TOKEN_FILE",
        default=None,
        text="file with the agent's token, read at each connect (or AETERNA_AGENT_TOKEN)",
    ),
    Setting(
        flag="--portal-key",
        variable="AETERNA_PORTAL_KEY",
        default=None,
        text="id of the company's signing key to begin with; without it the first contact decides",
    ),
    Setting(
        flag="--state-dir",
        variable="AETERNA_AGENT_STATE_DIR",
        default="~/.local/state/aeterna-cedar-agent",
        text="where the last good revisions are kept",
    ),
    Setting(
        flag="--listen",
        variable="AETERNA_AGENT_LISTEN",
        default=DEFAULT_LISTEN,
        text="host:port of the HTTP interface; port 0 picks a free one; none for --socket alone",
    ),
    Setting(
        flag="--socket",
        variable="AETERNA_AGENT_SOCKET",
        default=None,
        text="path of a Unix socket for it, which owner and group may open",
    ),
    Setting(
        flag="--api-token-file",
        variable="AETERNA_AGENT_API_TOKEN_FILE",
        default=None,
        text="file with the token callers must send; needed off loopback",
    ),
    Setting(
        flag="--backoff-base-seconds",
        variable="AETERNA_AGENT_BACKOFF_BASE_SECONDS",
        default="0.5",
        text="longest first wait before reconnecting",
    ),
    Setting(
        flag="--backoff-cap-seconds",
        variable="AETERNA_AGENT_BACKOFF_CAP_SECONDS",
        default="30",
        text="longest wait before reconnecting",
    ),
    Setting(
        flag="--auth-retry-seconds",
        variable="AETERNA_AGENT_AUTH_RETRY_SECONDS",
        default="30",
        text="shortest wait after the portal refused the token",
    ),
    Setting(
        flag="--max-body-bytes",
        variable="AETERNA_AGENT_MAX_BODY_BYTES",
        default=str(1024 * 1024),
        text="largest request body",
    ),
    Setting(
        flag="--spool-max-bytes",
        variable="AETERNA_AGENT_SPOOL_MAX_BYTES",
        default=str(64 * 1024 * 1024),
        text="most the decision log may take on disk; what finds no room is counted",
    ),
    Setting(
        flag="--log-level",
        variable="AETERNA_AGENT_LOG_LEVEL",
        default="info",
        text=" | ".join(LEVELS),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the HTTP interface is bound."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """The portal to follow: its WebSocket address, this agent's token, and a key to begin with."""

    endpoint: str
    token: Token
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings that were checked; waits are in seconds. Without a portal, callers write."""

    portal: Portal | None
    state_dir: Path
    listen: Listen | None
    socket: Path | None
    api_token: Token | None
    backoff_base_seconds: float
    backoff_cap_seconds: float
    auth_retry_seconds: float
    max_body_bytes: int
    spool_max_bytes: int
    log_level: str


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser one flag for every setting."""
    for setting in SETTINGS:
        default = f", default {setting.default}" if setting.default else ""
        parser.add_argument(
            setting.flag,
            dest=setting.name,
            metavar="VALUE",
            help=f"{setting.text} [{setting.variable}{default}]",
        )


def read_config(
    flags: argparse.Namespace, *, environment: Mapping[str, str] = os.environ
) -> Config:
    """Return checked settings, or raise ConfigError listing every problem at once."""
    reader = _Reader(flags, environment=environment)
    listen, socket = reader.ways_in()
    base, cap = reader.number("backoff_base_seconds"), reader.number("backoff_cap_seconds")
    if base > cap:
        reader.problems.append("--backoff-base-seconds is more than --backoff-cap-seconds")
    config = Config(
        portal=reader.portal(),
        state_dir=Path(reader.text("state_dir") or "").expanduser(),
        listen=listen,
        socket=socket,
        api_token=reader.api_token(listen=listen),
        backoff_base_seconds=base,
        backoff_cap_seconds=cap,
        auth_retry_seconds=reader.number("auth_retry_seconds"),
        max_body_bytes=int(reader.number("max_body_bytes", least=1_024)),
        spool_max_bytes=int(reader.number("spool_max_bytes", least=1_024)),
        log_level=reader.level(),
    )
    if reader.problems:
        raise ConfigError(reader.problems)
    return config


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """How a running agent on this machine is reached."""

    listen: Listen | None
    socket: Path | None
    api_token: Token | None

    @property
    def address(self) -> str:
        """The address as a client is given it; the socket where there is one."""
        return f"unix:{self.socket}" if self.socket is not None else f"http://{self.listen}"


def read_local(flags: argparse.Namespace, *, environment: Mapping[str, str] = os.environ) -> Local:
    """Return how a running agent on this machine is reached, or raise ConfigError."""
    reader = _Reader(flags, environment=environment)
    listen, socket = reader.ways_in()
    token = reader.path("api_token_file")
    if reader.problems:
        raise ConfigError(reader.problems)
    api_token = Token(file=token, is_header=True) if token else None
    return Local(listen=listen, socket=socket, api_token=api_token)


class _Reader:
    """Reads settings one by one and collects what is wrong with them."""

    def __init__(self, flags: argparse.Namespace, *, environment: Mapping[str, str]) -> None:
        self._flags = flags
        self._environment = environment
        self._settings = {setting.name: setting for setting in SETTINGS}
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        setting = self._settings[name]
        given = getattr(self._flags, name, None)
        return given or self._environment.get(setting.variable) or setting.default

    def portal(self) -> Portal | None:
        address, token, key = self.text("portal"), self._token(), self._portal_key()
        if address:
            return Portal(endpoint=self._endpoint(address), token=self._needed(token), key=key)
        # Whoever names a token or a key wants a portal: an agent without one obeys its callers.
        if token is not None or key is not None:
            self.problems.append("--portal (or AETERNA_API_URL) is missing")
        return None

    def _endpoint(self, address: str) -> str:
        try:
            return portal_endpoint(address)
        except ValueError as error:
            self.problems.append(f"--portal: {error}")
            return ""

    def _token(self) -> Token | None:
        path = self.path("token_file")
        if path:
            return Token(file=path)
        value = self._environment.get("AETERNA_AGENT_TOKEN")
        return Token(value=value) if value else None

    def _needed(self, token: Token | None) -> Token:
        if token is None:
            self.problems.append("--token-file (or AETERNA_AGENT_TOKEN) is missing")
        return token or Token()

    def _portal_key(self) -> str | None:
        value = self.text("portal_key")
        if value is not None and not _THUMBPRINT.fullmatch(value):
            self.problems.append("--portal-key: is not the 43 characters of a key's id")
        return value

    def path(self, name: str) -> Path | None:
        value = self.text(name)
        return Path(value).expanduser() if value else None

    def ways_in(self) -> tuple[Listen | None, Path | None]:
        value, socket = self.text("listen") or "", self.path("socket")
        if value != NOWHERE:
            return self._address(value), socket
        if socket is None:
            self.problems.append("--listen: none leaves no way in without --socket")
        return None, socket

    def _address(self, value: str) -> Listen | None:
        try:
            parts = urlsplit(f"//{value}")
            if parts.hostname and parts.port is not None and not set("@/?#") & set(value):
                return Listen(host=parts.hostname, port=parts.port)
        except ValueError:
            pass
        self.problems.append(f"--listen: {value!r} is not host:port")
        return None

    def api_token(self, *, listen: Listen | None) -> Token | None:
        path = self.path("api_token_file")
        if path:
            return Token(file=path, is_header=True)
        if listen is not None and not listen.is_loopback:
            self.problems.append(f"--listen: {listen} is not loopback: it needs --api-token-file")
        return None

    def number(self, name: str, *, least: float = 0.01) -> float:
        flag, value = self._settings[name].flag, self.text(name) or ""
        try:
            number = float(value)
        except ValueError:
            self.problems.append(f"{flag}: {value!r} is not a number")
            return least
        if not least <= number <= 1e9:
            self.problems.append(f"{flag}: {value} is not from {least:g} to 1e9")
            return least
        return number

    def level(self) -> str:
        value = (self.text("log_level") or "").lower()
        if value not in LEVELS:
            self.problems.append(f"--log-level: {value!r} is none of {', '.join(LEVELS)}")
        return value


def portal_endpoint(address: str) -> str:
    """Return the WebSocket address under an http, https, ws or wss portal address.

    Raises ValueError where it is no such address or carries a password.
    """
    parts = urlsplit(address)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError("is not an http, https, ws or wss address")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("must not carry credentials, a query or a fragment")
    path = parts.path.rstrip("/")
    if not path.endswith(ENDPOINT):
        path += ENDPOINT
    return urlunsplit((scheme, parts.netloc, path, "", ""))
