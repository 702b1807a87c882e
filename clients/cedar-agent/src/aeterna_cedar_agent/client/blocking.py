"""The client for code without an event loop; one may be shared between threads."""

import http.client
import json
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from aeterna_cedar_agent.client.messages import (
    ASK,
    ASK_MANY,
    DEFAULT_ADDRESS,
    DEFAULT_SECONDS,
    STATUS,
    Address,
    Decision,
    Entities,
    Question,
    UnreachableError,
    headers,
    question,
    read_address,
    read_answer,
    read_decision,
    read_decisions,
)

_GONE = (http.client.HTTPException, OSError)


class Client:
    """Asks one agent; each thread keeps a connection of its own.

    The address is `http://host:port` or `unix:/path`. The token is sent as it is in the
    Authorization header. Every call raises an AgentError where it gets no answer in time.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        token: str | None = None,
        timeout_seconds: float = DEFAULT_SECONDS,
    ) -> None:
        """Take an address; raises ValueError where it is none. Nothing is asked yet."""
        self._address = read_address(address)
        self._headers = headers(token)
        self._timeout = timeout_seconds
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def is_allowed(
        self,
        principal: str,
        action: str,
        resource: str,
        *,
        context: Mapping[str, Any] | None = None,
        additional_entities: Entities | None = None,
    ) -> bool:
        """Tell whether the agent decided Allow; False is a Deny, and no answer raises."""
        found = self.ask(
            principal, action, resource, context=context, additional_entities=additional_entities
        )
        return found.is_allowed

    def ask(
        self,
        principal: str,
        action: str,
        resource: str,
        *,
        context: Mapping[str, Any] | None = None,
        additional_entities: Entities | None = None,
    ) -> Decision:
        """Return one decision with its reasons."""
        asked = question(
            principal, action, resource, context=context, additional_entities=additional_entities
        )
        value = self._request("POST", ASK, asked)
        return read_decision(value, served=value)

    def ask_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Return the decisions on up to 1,000 questions, in order and from one revision."""
        value = self._request("POST", ASK_MANY, {"requests": list(questions)})
        return read_decisions(value, asked=len(questions))

    def status(self) -> dict[str, Any]:
        """Return what the agent says of itself."""
        return self._request("GET", STATUS, None)

    def close(self) -> None:
        """Close this thread's connection; a later call opens another."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()

    def _request(self, method: str, path: str, body: object) -> dict[str, Any]:
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        is_kept = getattr(self._local, "connection", None) is not None
        try:
            status, answer = self._exchange(method, path, content)
        except _GONE as error:
            # An agent that restarted has closed what was kept; a question may be asked again.
            if not is_kept or isinstance(error, TimeoutError):
                raise self._unreachable(error) from error
            status, answer = self._again(method, path, content)
        return read_answer(status, answer, address=self._address.text)

    def _again(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        try:
            return self._exchange(method, path, content)
        except _GONE as error:
            raise self._unreachable(error) from error

    def _exchange(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._address, seconds=self._timeout)
        try:
            connection.request(method, path, body=content, headers=self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except BaseException:
            # What is left of an answer must never be read as that to the next question.
            self.close()
            raise

    def _unreachable(self, error: Exception) -> UnreachableError:
        return UnreachableError(f"{self._address.text}: {str(error) or type(error).__name__}")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, *, timeout: float) -> None:
        super().__init__("agent", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def connect(address: Address, *, seconds: float) -> http.client.HTTPConnection:
    """Return a connection that is opened by its first request; no proxy is asked."""
    if address.socket is not None:
        return _UnixConnection(address.socket, timeout=seconds)
    parts = urlsplit(address.origin)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=seconds)
