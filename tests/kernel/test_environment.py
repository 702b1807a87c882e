"""The settings: every mistake at once, and nothing unsafe in production."""

import json
import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from apps.kernel.environment import BadEnvironment, Mode, read_environment
from apps.kernel.mail_server import read_mail_server

GOOD = {
    "AETERNA_ENVIRONMENT": "production",
    "SECRET_KEY": "k" * 50,
    "DATABASE_URL": "postgresql://app:x@db.example:5432/aeterna",
    "DATABASE_PLATFORM_URL": "postgresql://platform:x@db.example:5432/aeterna",
    "REDIS_URL": "redis://cache.example:6379/0",
    "PUBLIC_URL": "https://portal.example",
    "ALLOWED_HOSTS": "portal.example, www.portal.example",
}


def issuers(*addresses: str) -> str:
    """Return OIDC_PROVIDERS with a provider at each address."""
    return json.dumps(
        [
            {
                "slug": f"p{number}",
                "name": "P",
                "company": "acme",
                "issuer": address,
                "client_id": "i",
                "client_secret": "s",
            }
            for number, address in enumerate(addresses)
        ]
    )


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
        ({"FORWARDED_ALLOW_IPS": "*"}, "FORWARDED_ALLOW_IPS must name the proxies"),
        ({"FORWARDED_ALLOW_IPS": "10.0.0.1,0.0.0.0/0"}, "FORWARDED_ALLOW_IPS must name"),
        ({"FORWARDED_ALLOW_IPS": "::/0"}, "FORWARDED_ALLOW_IPS must name"),
        ({"FORWARDED_ALLOW_IPS": "10.0.0.1, proxy.example"}, r"FORWARDED_ALLOW_IPS\.1: "),
        ({"FORWARDED_ALLOW_IPS": "10.0.0.1/8"}, r"FORWARDED_ALLOW_IPS\.0: "),
        ({"OIDC_PROVIDERS": issuers("http://id.example")}, "must have https issuers"),
        ({"OIDC_PROVIDERS": issuers("https://a.example", "http://b.example")}, "https issuers"),
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


def test_proxies_are_addresses_and_networks_and_none_by_default():
    assert read_environment(GOOD).forwarded_allow_ips == ()
    given = {**GOOD, "FORWARDED_ALLOW_IPS": "10.0.0.1, 192.0.2.0/24,2001:db8::/32"}
    expected = ("10.0.0.1", "192.0.2.0/24", "2001:db8::/32")
    assert read_environment(given).forwarded_allow_ips == tuple(map(ip_network, expected))


def test_providers_by_https_are_taken_in_production_and_others_elsewhere():
    given = {**GOOD, "OIDC_PROVIDERS": issuers("https://id.example", "HTTPS://ID2.example")}
    assert len(read_environment(given).oidc_providers) == 2
    given = {"AETERNA_ENVIRONMENT": "test", "OIDC_PROVIDERS": issuers("http://127.0.0.1:9")}
    assert len(read_environment({**GOOD, **given}).oidc_providers) == 1


COOKIES = """
from django.conf import settings as s
for name in ("SESSION_COOKIE", "CSRF_COOKIE"):
    print(*(getattr(s, f"{name}_{part}") for part in ("NAME", "SECURE", "PATH", "DOMAIN")))
print(s.SECURE_PROXY_SSL_HEADER, s.USE_X_FORWARDED_HOST)
"""


@pytest.mark.parametrize(
    ("url", "prefix", "is_secure"),
    [("https://portal.example", "__Host-", "True"), ("http://127.0.0.1:8000", "", "False")],
)
def test_cookies_belong_to_the_host_alone_when_it_is_served_by_https(url, prefix, is_secure):
    """In a process of its own, because settings are read once."""
    mode = "production" if is_secure == "True" else "demo"
    environment = {
        **os.environ,
        **GOOD,
        "AETERNA_ENVIRONMENT": mode,
        "PUBLIC_URL": url,
        "DJANGO_SETTINGS_MODULE": "aeterna_portal.settings",
        "LOCAL_PASSWORDS": "false",
    }
    command = [sys.executable, "-c", COOKIES]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == [
        f"{prefix}aeterna_session {is_secure} / None",
        f"{prefix}aeterna_csrf {is_secure} / None",
        "None False",
    ]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"EMAIL_URL": "mail.example:25"}, "EMAIL_URL must look like smtp://"),
        ({"EMAIL_URL": "http://u:hidden-word@mail.example"}, "EMAIL_URL must look like smtp://"),
        ({"EMAIL_URL": "smtp://mail.example?tls=maybe"}, "EMAIL_URL must look like smtp://"),
        ({"EMAIL_URL": "smtp://mail.example:99999"}, "EMAIL_URL names no port"),
        ({"EMAIL_URL": "smtp://u:hidden-word@mail.example"}, "its password in the clear"),
        ({"EMAIL_URL": "smtps://mail.example", "EMAIL_FROM": ""}, "EMAIL_FROM must name"),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_named_without_its_password(values, problem):
    with pytest.raises(BadEnvironment) as caught:
        read_environment({**GOOD, "EMAIL_FROM": "portal@example.com", **values})
    assert problem in str(caught.value)
    assert "hidden-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://u:p%40ss@mail.example", ("mail.example", 465, "u", "p@ss", True, False)),
        ("smtp://mail.example", ("mail.example", 25, "", "", False, False)),
        ("smtp://u:p@m:587?tls=starttls", ("m", 587, "u", "p", False, True)),
    ],
)
def test_a_mail_server_is_read_from_its_address(url, expected):
    server = read_mail_server(url)
    found = server.host, server.port, server.user, server.password
    assert (*found, server.is_tls, server.is_starttls) == expected
    read_environment({**GOOD, "EMAIL_URL": url, "EMAIL_FROM": "portal@example.com"})
    assert "p@ss" not in repr(server)


def test_lists_of_keys_and_hosts_are_read_and_keys_stay_hidden():
    lists = {"SECRET_KEY_FALLBACKS": "old-one, old-two", "WEBHOOK_ALLOWED_HOSTS": "hooks.internal"}
    environment = read_environment({**GOOD, **lists})
    assert [key.get_secret_value() for key in environment.secret_key_fallbacks] == [
        "old-one",
        "old-two",
    ]
    assert environment.webhook_allowed_hosts == ("hooks.internal",)
    assert "old-one" not in repr(environment)
