"""One POST to a host that was checked: bounded in time and size, without redirects or proxies."""

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore

from .addresses import Refused, resolve
from .types import MAX_ANSWER_BYTES, SECONDS

FIRST_GOOD, FIRST_BAD = 200, 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went: the status if there was an answer, else why there was none."""

    status: int | None
    error: str
    ms: int

    @property
    def is_delivered(self) -> bool:
        return not self.error


def post(url: str, *, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> Outcome:
    """Send `body` and return how it went, after at most `seconds` and without raising.

    A redirect is a failure: it could lead where a webhook may not go.
    """
    started = time.monotonic()
    status, error = _attempt(url, body, headers, deadline=started + seconds)
    return Outcome(status=status, error=error, ms=round((time.monotonic() - started) * 1000))


def _attempt(
    url: str, body: bytes, headers: Mapping[str, str], *, deadline: float
) -> tuple[int | None, str]:
    backend = CheckedNetwork(deadline)
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_trust(), network_backend=backend) as pool,
            pool.stream("POST", url, headers=lines, content=body) as response,
        ):
            _read(response.iter_stream())
            status = response.status
    except Refused as error:
        return None, str(error)
    except (httpcore.TimeoutException, TimeoutError):
        return None, "no complete answer in time"
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
        return None, f"could not connect or talk to the host: {type(error).__name__}"
    if FIRST_GOOD <= status < FIRST_BAD:
        return status, ""
    return status, f"answered {status}"


def _read(chunks: Iterable[bytes]) -> None:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class CheckedNetwork(httpcore.NetworkBackend):
    """Connects to the very address that was checked; certificates still name the host."""

    def __init__(self, deadline: float) -> None:
        self._plain = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        address = resolve(host, port)
        stream = self._plain.connect_tcp(
            address, port, _left(self._deadline), local_address, socket_options
        )
        return TimedStream(stream, self._deadline)


class TimedStream(httpcore.NetworkStream):
    """A connection that ends at a deadline, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for this attempt is over")
    return left
