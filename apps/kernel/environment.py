"""The settings as one typed schema: every mistake is listed at once, before anything starts."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
)

from .mail_server import read_mail_server

MIN_SECRET_LENGTH = 40
EMBEDDED = "aeterna-embedded"
"""What the passwords of embedded servers begin with."""
LISTS = (
    "allowed_hosts",
    "cors_allowed_origins",
    "forwarded_allow_ips",
    "secret_key_fallbacks",
    "webhook_allowed_hosts",
)
"""Settings whose values are separated by commas."""


class Mode(StrEnum):
    """How strict the installation is: only `production` may face other people."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class RoleMapping(BaseModel):
    """A group or role claim value that grants `role` at the scope `scope` (slash-joined slugs)."""

    model_config = {"extra": "forbid"}
    claim: str
    role: str
    scope: str = ""


class OidcProvider(BaseModel):
    """One identity provider of one company."""

    model_config = {"extra": "forbid"}
    slug: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    name: str
    company: str
    issuer: AnyHttpUrl
    client_id: str
    client_secret: SecretStr
    scopes: str = "openid email profile groups"
    claims: tuple[str, ...] = ("groups", "roles")
    subject_claims: tuple[str, ...] = ("sub",)
    role_mappings: tuple[RoleMapping, ...] = ()
    create_users: bool = True
    api_audience: str | None = None


class Environment(BaseModel):
    """Everything the portal reads from its environment; `NAME_FILE` reads NAME from a file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    aeterna_environment: Mode = Mode.PRODUCTION
    debug: bool = False
    secret_key: SecretStr
    secret_key_fallbacks: tuple[SecretStr, ...] = ()
    database_url: SecretStr
    database_platform_url: SecretStr
    database_owner_url: SecretStr | None = None
    database_pool_size: int = Field(default=8, ge=1, le=200)
    database_pooler: bool = False
    redis_url: SecretStr
    public_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")
    allowed_hosts: tuple[str, ...] = ()
    forwarded_allow_ips: tuple[IPvAnyNetwork, ...] = ()
    cors_allowed_origins: tuple[str, ...] = ()
    local_passwords: bool = False
    demo_people_file: str = ""
    session_seconds: int = Field(default=12 * 3600, ge=60, le=30 * 86400)
    api_requests_per_minute: int = Field(default=600, ge=1)
    max_body_bytes: int = Field(default=2_000_000, ge=1024)
    oidc_providers: tuple[OidcProvider, ...] = ()
    email_url: SecretStr | None = None
    email_from: str = ""
    webhook_allowed_hosts: tuple[str, ...] = ()
    otel_exporter_otlp_endpoint: str = ""
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    metrics_token: SecretStr | None = None
    model_url: AnyHttpUrl | None = None
    model_name: str = ""
    model_api_key: SecretStr | None = None
    model_tokens_per_day: int = Field(default=200_000, ge=0)
    model_seconds: float = Field(default=20, ge=1, le=120)


class BadEnvironment(Exception):
    """The environment does not describe a portal that may start; lists every reason."""


def read_environment(variables: dict[str, str]) -> Environment:
    """Return the validated settings of `variables`; raise BadEnvironment listing every error."""
    problems: list[str] = []
    values = _with_files(variables, problems)
    decoded = _decoded(values, problems)
    problems += [problem for problem, is_wrong in _faults(decoded).items() if is_wrong]
    try:
        environment = Environment(**decoded)
    except ValidationError as error:
        problems += [_problem(item) for item in error.errors(include_url=False)]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise BadEnvironment(f"The settings are not valid:\n{lines}")
    return environment


def _faults(values: Mapping[str, Any]) -> dict[str, bool]:
    """Return each rule over the settings together, with whether `values` break it."""
    key = values.get("secret_key", "")
    hosts = values.get("allowed_hosts", ())
    origins = values.get("cors_allowed_origins", ())
    is_production = values.get("aeterna_environment", Mode.PRODUCTION) == Mode.PRODUCTION
    proxies = values.get("forwarded_allow_ips", ())
    faults = {
        "FORWARDED_ALLOW_IPS must name the proxies, not everybody": any(
            proxy == "*" or proxy.endswith("/0") for proxy in proxies
        ),
        "CORS_ALLOWED_ORIGINS must list origins, never *": "*" in origins,
        "MODEL_URL and MODEL_NAME are set together": bool(values.get("model_url"))
        != bool(values.get("model_name")),
        f"SECRET_KEY must have at least {MIN_SECRET_LENGTH} characters": bool(key)
        and len(key) < MIN_SECRET_LENGTH,
    }
    mail_problem = _mail_problem(values.get("email_url", ""), is_production=is_production)
    faults |= {
        f"EMAIL_URL {mail_problem}": bool(mail_problem),
        "EMAIL_FROM must name the sender of e-mail": bool(values.get("email_url"))
        and "@" not in values.get("email_from", ""),
    }
    if not is_production:
        return faults
    debug = str(values.get("debug", "")).lower() in ("1", "true", "yes", "on", "t", "y")
    database = values.get("database_url", "")
    return faults | {
        "DEBUG must be off in production": debug,
        "SECRET_KEY is a default or demo value": "insecure" in key
        or key.startswith(("demo-", "tests-only")),
        "DATABASE_URL points at the embedded Postgres": EMBEDDED in database,
        "REDIS_URL points at the embedded Redis": EMBEDDED in values.get("redis_url", ""),
        "PUBLIC_URL must be https in production": not str(values.get("public_url", "")).startswith(
            "https://"
        ),
        "ALLOWED_HOSTS must name the hosts this portal answers to": not hosts or "*" in hosts,
        "OIDC_PROVIDERS must have https issuers in production": _has_plain_issuer(
            values.get("oidc_providers", ())
        ),
    }


def _mail_problem(url: str, *, is_production: bool) -> str:
    """Return what is wrong with EMAIL_URL, without repeating it, or nothing."""
    if not url:
        return ""
    try:
        server = read_mail_server(url)
    except ValueError as error:
        return str(error) if "must look like" in str(error) else "names no port"
    is_open = is_production and server.tells_password
    return "would send its password in the clear: use smtps:// or ?tls=starttls" if is_open else ""


def _has_plain_issuer(providers: Any) -> bool:
    if not isinstance(providers, list):
        return False
    issuers = [str(one["issuer"]) for one in providers if isinstance(one, dict) and "issuer" in one]
    return any(not issuer.lower().startswith("https://") for issuer in issuers)


def _with_files(variables: dict[str, str], problems: list[str]) -> dict[str, str]:
    values = {name.lower(): value for name, value in variables.items()}
    for name in Environment.model_fields:
        path = values.get(f"{name}_file")
        if path is None:
            continue
        try:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            problems.append(f"{name.upper()}_FILE: {error.strerror}: {path}")
    return values


def _decoded(values: dict[str, str], problems: list[str]) -> dict[str, Any]:
    decoded: dict[str, Any] = {k: v for k, v in values.items() if k in Environment.model_fields}
    for name in LISTS:
        if name in decoded:
            decoded[name] = tuple(part.strip() for part in decoded[name].split(",") if part.strip())
    if "oidc_providers" in decoded:
        try:
            decoded["oidc_providers"] = json.loads(decoded["oidc_providers"])
        except json.JSONDecodeError as error:
            problems.append(f"OIDC_PROVIDERS is not JSON: {error}")
            del decoded["oidc_providers"]
    return decoded


def _problem(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"]).upper()
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
