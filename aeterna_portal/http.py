"""HTTP over ASGI, each request whole on one thread: what serves it is synchronous throughout."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import IO, Any, TypeVar

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

R = TypeVar("R")
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
BATCH = 64 * 1024


class Counted:
    """Receives a body, and keeps `limit` bytes at most of one that does not tell its length."""

    def __init__(self, receive: Receive, *, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._size = 0

    async def __call__(self) -> Any:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        return {**message, "body": b"", "more_body": False} if self._is_over() else message

    def told(self, scope: Any) -> Any:
        """Return `scope` with the length of a body that is too long, for which it is refused."""
        if not self._is_over():
            return scope
        others = [pair for pair in scope["headers"] if pair[0] != b"content-length"]
        return {**scope, "headers": [*others, (b"content-length", str(self._size).encode())]}

    def _is_over(self) -> bool:
        return self._size > self._limit


class ThreadedHandler(ASGIHandler):
    """Django's handler without its changes between the event loop and threads.

    Django changes over at each middleware that is only synchronous, and starts a thread for every
    request, which costs more than most of our requests take. Here a pool of threads runs them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(settings.HTTP_THREADS, thread_name_prefix="http")

    def load_middleware(self, is_async: bool = False) -> None:
        """Load the chain as synchronous, whatever the protocol is."""
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request; what its client no longer waits for is still done, never half."""
        counted = Counted(receive, limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        try:
            body = await self.read_body(counted)
        except RequestAborted:
            return
        response = await self._in_thread(self._answer, counted.told(scope), body)
        if isinstance(response, StreamingHttpResponse):
            await self._stream(response, receive, send)
        else:
            await self.send_response(response, send)

    def _answer(self, scope: Any, body: IO[bytes]) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(scope, body)
        answer: Any = refusal if request is None else self.get_response(request)
        response: HttpResponseBase = answer
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        body.close()
        return response

    async def _stream(self, response: StreamingHttpResponse, receive: Receive, send: Send) -> None:
        leaving = asyncio.ensure_future(receive())

        async def spread(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
            # Whoever left reads no more: the rest need not be made.
            while not leaving.done() and (batch := await self._in_thread(_take, parts)):
                yield batch

        response.streaming_content = spread(iter(response))
        try:
            await self.send_response(response, send)
        finally:
            leaving.cancel()
            await self._in_thread(response.close)

    async def _in_thread(self, call: Callable[..., R], *arguments: Any) -> R:
        loop, context = asyncio.get_running_loop(), copy_context()
        return await loop.run_in_executor(self._threads, context.run, call, *arguments)


def _take(parts: Iterable[bytes]) -> bytes:
    """Return the next parts, joined until they are worth a message; nothing at the end."""
    taken, size = [], 0
    try:
        for part in parts:
            taken.append(part)
            size += len(part)
            if size >= BATCH:
                break
    finally:
        close_old_connections()
    return b"".join(taken)
