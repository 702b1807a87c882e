"""What goes to an agent and what comes back, whatever carries it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

DEFAULT_ADDRESS = "http://127.0.0.1:8180"
DEFAULT_SECONDS = 2.0
DECISIONS = ("Allow", "Deny")
ASK = "/v1/is_authorized"
ASK_MANY = "/v1/is_authorized/batch"
STATUS = "/v1/status"

Entities = Sequence[Mapping[str, Any]]
Question = Mapping[str, Any]


class AgentError(Exception):
    """The agent gave no decision; whatever was asked about is not allowed."""


class UnreachableError(AgentError):
    """No answer within the time allowed, or none at all."""


class QuestionRefusedError(AgentError):
    """The agent refused the request; `code` is the HTTP status, `description` the agent's words."""

    def __init__(self, *, code: int, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


class AnswerError(AgentError):
    """What came back is not an agent's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision: true only where it is Allow.

    `reasons` are ids of the policies that decided. `staleness` is fresh, stale, expired or
    unloaded; revision and digest are None where nothing is loaded.
    """

    is_allowed: bool
    reasons: tuple[str, ...]
    errors: tuple[str, ...]
    staleness: str
    revision: int | None
    digest: str | None

    def __bool__(self) -> bool:
        return self.is_allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an agent is: the path of a Unix socket, or the origin of an HTTP address."""

    text: str
    socket: str | None
    origin: str


def read_address(text: str) -> Address:
    """Read `unix:/path` or an http or https address without a path; raises ValueError."""
    path = text.removeprefix("unix:")
    if path != text:
        if not path.startswith("/"):
            raise ValueError(f"{text!r} names no absolute path")
        return Address(text=text, socket=path, origin="http://agent")
    parts = urlsplit(text)
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("http", "https") or not parts.hostname or more or parts.port == 0:
        raise ValueError(f"{text!r} is neither unix:/path nor an http or https origin")
    return Address(text=text, socket=None, origin=f"{parts.scheme}://{parts.netloc}")


def headers(token: str | None) -> dict[str, str]:
    """Return the headers of a request; the token is sent as it is."""
    known = {"Content-Type": "application/json"}
    return known if token is None else {**known, "Authorization": token}


def question(
    principal: str,
    action: str,
    resource: str,
    *,
    context: Mapping[str, Any] | None,
    additional_entities: Entities | None,
) -> dict[str, Any]:
    """Return one question as the agent reads it."""
    asked: dict[str, Any] = {"principal": principal, "action": action, "resource": resource}
    if context is not None:
        asked["context"] = context
    if additional_entities is not None:
        asked["additional_entities"] = list(additional_entities)
    return asked


def read_answer(status: int, content: bytes, *, address: str) -> dict[str, Any]:
    """Return a decoded answer; raises QuestionRefusedError or AnswerError."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if status != HTTPStatus.OK:
        told = value.get("description") if isinstance(value, dict) else None
        raise QuestionRefusedError(code=status, description=str(told or "no reason was given"))
    if not isinstance(value, dict):
        raise AnswerError(f"{address}: what answers there is no agent")
    return value


def read_decision(value: Mapping[str, Any], *, served: Mapping[str, Any]) -> Decision:
    """Read one decision; `served` has the revision it came from. Raises AnswerError."""
    try:
        decision, told = value["decision"], value["diagnostics"]
        if decision not in DECISIONS:
            raise AnswerError(f"{decision!r} is neither Allow nor Deny")
        return Decision(
            is_allowed=decision == "Allow",
            reasons=tuple(told["reason"]),
            errors=tuple(told["errors"]),
            staleness=str(value.get("staleness", "")),
            revision=served.get("revision"),
            digest=served.get("digest"),
        )
    except (KeyError, TypeError) as error:
        raise AnswerError(f"an answer without {error}") from error


def read_decisions(value: Mapping[str, Any], *, asked: int) -> list[Decision]:
    """Read the decisions of a batch, as many as were asked for, or raise AnswerError."""
    rows = value.get("results")
    if not isinstance(rows, list) or len(rows) != asked:
        raise AnswerError(f"not {asked} decisions")
    return [read_decision(row, served=value) for row in rows]
