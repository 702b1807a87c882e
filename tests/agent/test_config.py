"""Settings come from flags, then the environment, and every problem is listed at once."""

import argparse
import json
import logging
from collections import deque
from pathlib import Path

import pytest
from aeterna_cedar_agent import logs
from aeterna_cedar_agent.config import (
    Config,
    ConfigError,
    Listen,
    add_flags,
    portal_endpoint,
    read_config,
)
from aeterna_cedar_agent.credentials import Token, TokenError
from aeterna_cedar_agent.logs import JsonLines


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_secrets", deque(maxlen=8))


def read(*arguments: str, **environment: str) -> Config:
    parser = argparse.ArgumentParser()
    add_flags(parser)
    return read_config(parser.parse_args(arguments), environment=environment)


def problems(*arguments: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(*arguments, **environment)
    return caught.value.problems


GIVEN = ("--portal", "https://portal.example", "--token-file", "/run/token")


def test_two_settings_are_enough() -> None:
    config = read(*GIVEN)
    assert config.portal.endpoint == "wss://portal.example/ws/agents/v1"
    assert config.listen == Listen(host="127.0.0.1", port=8180)
    assert (config.backoff_base_seconds, config.backoff_cap_seconds) == (0.5, 30)
    assert (config.auth_retry_seconds, config.max_body_bytes) == (30, 1024 * 1024)
    assert config.api_token is None


def test_the_environment_is_enough_too() -> None:
    config = read(AETERNA_API_URL="http://127.0.0.1:8000/", AETERNA_AGENT_TOKEN="secret")
    assert config.portal.endpoint == "ws://127.0.0.1:8000/ws/agents/v1"
    assert config.portal.token.read() == "secret"
    assert "secret" not in repr(config)


def test_a_flag_wins_over_the_environment() -> None:
    config = read(*GIVEN, "--listen", "127.0.0.1:1", AETERNA_AGENT_LISTEN="127.0.0.1:2")
    assert config.listen.port == 1


def test_every_problem_is_listed_at_once() -> None:
    assert problems(
        "--listen", "8180", "--backoff-base-seconds", "60", "--auth-retry-seconds", "nan",
        "--max-body-bytes", "x", "--log-level", "loud", "--portal", "https://portal.example",
    ) == [
        "--listen: '8180' is not host:port",
        "--backoff-base-seconds is more than --backoff-cap-seconds",
        "--token-file (or AETERNA_AGENT_TOKEN) is missing",
        "--auth-retry-seconds: nan is not from 0.01 to 1e9",
        "--max-body-bytes: 'x' is not a number",
        "--log-level: 'loud' is none of debug, info, warning, error",
    ]  # fmt: skip


def test_without_a_portal_callers_write() -> None:
    assert read().portal is None


@pytest.mark.parametrize(
    ("flag", "value"), [("--token-file", "/run/token"), ("--portal-key", "k" * 43)]
)
def test_what_only_a_portal_needs_makes_its_address_missing(flag: str, value: str) -> None:
    assert problems(flag, value) == ["--portal (or AETERNA_API_URL) is missing"]
    assert problems(AETERNA_AGENT_TOKEN="t") == ["--portal (or AETERNA_API_URL) is missing"]


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:8180", "[::]:8180", "agent.example:8180", "10.0.0.5:1"]
)
def test_listening_off_loopback_needs_an_api_token(listen: str) -> None:
    assert problems(*GIVEN, "--listen", listen) == [
        f"--listen: {listen} is not loopback: it needs --api-token-file"
    ]
    config = read(*GIVEN, "--listen", listen, "--api-token-file", "/run/api-token")
    assert str(config.listen) == listen


def test_a_socket_may_be_the_only_way_in() -> None:
    config = read("--listen", "none", "--socket", "~/agent.sock")
    assert (config.listen, config.socket) == (None, Path("~/agent.sock").expanduser())
    assert read(AETERNA_AGENT_SOCKET="/run/a.sock").listen == Listen(host="127.0.0.1", port=8180)
    assert problems("--listen", "none") == ["--listen: none leaves no way in without --socket"]


@pytest.mark.parametrize("listen", ["", "x", "host:", ":1", "127.0.0.1:99999", "u@h:1", "a:b:c"])
def test_a_listen_address_that_is_none_is_refused(listen: str) -> None:
    given = ("--listen", listen) if listen else ()
    found = problems(*GIVEN, *given, AETERNA_AGENT_LISTEN=listen or "x")
    assert found == [f"--listen: {(listen or 'x')!r} is not host:port"]


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("http://h:1", "ws://h:1/ws/agents/v1"),
        ("wss://h/base/", "wss://h/base/ws/agents/v1"),
        ("ws://h/ws/agents/v1", "ws://h/ws/agents/v1"),
        ("https://[::1]:5", "wss://[::1]:5/ws/agents/v1"),
    ],
)
def test_the_endpoint_is_found_under_any_portal_address(address: str, endpoint: str) -> None:
    assert portal_endpoint(address) == endpoint


@pytest.mark.parametrize(
    "address",
    ["h:1", "ftp://h", "https://", "https://u:p@h", "https://h?x=1", "https://h#x", "//h"],
)
def test_a_portal_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not an http|must not carry credentials)"):
        portal_endpoint(address)


def test_a_token_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token = Token(file=file)
    file.write_text("first\n")
    assert token.read() == "first"
    file.write_text("second\n")
    assert token.read() == "second"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file or directory"),
        (b" \n", "is empty"),
        (b"two words", "holds characters that no token has"),
        (b"line\r\nInjected: header", "holds characters that no token has"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_an_unusable_token_file_is_named_and_never_quoted(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TokenError) as caught:
        Token(file=file).read()
    assert str(file) in str(caught.value)
    assert problem in str(caught.value)
    assert "Injected" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "matches"),
    [("api-key", True), ("Bearer api-key", True), ("bearer api-key", False), ("Bearer x", False),
     ("Bearer api-key ", False), ("", False), (None, False), ("ü", False), ("\udcff", False)],
)  # fmt: skip
def test_an_api_token_matches_bare_or_as_bearer(
    tmp_path: Path, header: str | None, matches: bool
) -> None:
    file = tmp_path / "api-token"
    file.write_text("api-key\n")
    assert Token(file=file).matches(header) is matches


def test_an_api_token_may_be_the_whole_header(tmp_path: Path) -> None:
    file = tmp_path / "api-token"
    file.write_text("Bearer api-key\n")
    token = Token(file=file, is_header=True)
    found = [token.matches(header) for header in ("Bearer api-key", "api-key", "Bearer  api-key")]
    assert found == [True, False, False]
    line = JsonLines().format(logging.makeLogRecord({"msg": "key api-key", "levelname": "INFO"}))
    assert json.loads(line)["event"] == "key [hidden]"


def test_a_lost_api_token_file_matches_nothing(tmp_path: Path) -> None:
    token = Token(file=tmp_path / "gone")
    assert [token.matches(header) for header in (None, "", "Bearer ")] == [False, False, False]


def test_a_token_that_was_read_is_struck_out_of_every_log_line() -> None:
    secret = Token(value='se"cret\\42').read()
    record = logging.makeLogRecord(
        {"msg": f"header {secret}", "levelno": 20, "levelname": "INFO", "detail": [secret]}
    )
    line = JsonLines().format(record)
    assert json.loads(line)["event"] == "header [hidden]"
    assert "cret" not in line


def test_a_log_line_with_a_traceback_is_one_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.makeLogRecord({"msg": "failed", "levelname": "ERROR", "exc_info": info})
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "ValueError: first\nsecond" in json.loads(line)["traceback"]
