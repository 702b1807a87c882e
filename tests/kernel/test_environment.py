"""The settings: every mistake at once, and nothing unsafe in production."""

from pathlib import Path

import pytest

from apps.kernel.environment import BadEnvironment, Mode, read_environment

GOOD = {
    "AETERNA_ENVIRONMENT": "production",
    "SECRET_KEY": "k" * 50,
    "DATABASE_URL": "postgresql://app:x@db.example:5432/aeterna",
    "DATABASE_PLATFORM_URL": "postgresql://platform:x@db.example:5432/aeterna",
    "REDIS_URL": "redis://cache.example:6379/0",
    "PUBLIC_URL": "https://portal.example",
    "ALLOWED_HOSTS": "portal.example, www.portal.example",
}


def test_good_settings_are_read():
    environment = read_environment(GOOD)
    assert environment.aeterna_environment is Mode.PRODUCTION
    assert environment.allowed_hosts == ("portal.example", "www.portal.example")
    assert "k" * 50 not in repr(environment)


def test_production_is_what_you_get_without_a_word():
    environment = read_environment({k: v for k, v in GOOD.items() if k != "AETERNA_ENVIRONMENT"})
    assert environment.aeterna_environment is Mode.PRODUCTION


@pytest.mark.gap("CC-3")
def test_every_mistake_is_listed_at_once():
    with pytest.raises(BadEnvironment) as caught:
        read_environment({"DATABASE_POOL_SIZE": "0", "LOG_LEVEL": "LOUD", "OIDC_PROVIDERS": "{"})
    message = str(caught.value)
    for name in ("SECRET_KEY", "DATABASE_URL", "DATABASE_POOL_SIZE", "LOG_LEVEL", "OIDC_PROVIDERS"):
        assert name in message
    assert "PUBLIC_URL must be https" in message
    assert "ALLOWED_HOSTS" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"DEBUG": "true"}, "DEBUG must be off"),
        ({"SECRET_KEY": "insecure-" + "x" * 50}, "SECRET_KEY is a default"),
        ({"SECRET_KEY": "demo-" + "x" * 50}, "SECRET_KEY is a default"),
        ({"SECRET_KEY": "short"}, "at least 40 characters"),
        ({"DATABASE_URL": "postgresql://app:aeterna-embedded-x@h:1/a"}, "DATABASE_URL points"),
        ({"REDIS_URL": "redis://:aeterna-embedded-x@h:1/0"}, "REDIS_URL points"),
        ({"PUBLIC_URL": "http://portal.example"}, "PUBLIC_URL must be https"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"CORS_ALLOWED_ORIGINS": "*"}, "never *"),
    ],
)
def test_production_refuses_what_is_unsafe(change, message):
    with pytest.raises(BadEnvironment, match=message.replace("*", r"\*")):
        read_environment({**GOOD, **change})


def test_a_secret_can_come_from_a_file(tmp_path: Path):
    path = tmp_path / "key"
    path.write_text("f" * 50 + "\n")
    values = {k: v for k, v in GOOD.items() if k != "SECRET_KEY"}
    environment = read_environment({**values, "SECRET_KEY_FILE": str(path)})
    assert environment.secret_key.get_secret_value() == "f" * 50


def test_a_missing_secret_file_is_named(tmp_path: Path):
    with pytest.raises(BadEnvironment, match="SECRET_KEY_FILE"):
        read_environment({**GOOD, "SECRET_KEY_FILE": str(tmp_path / "none")})
