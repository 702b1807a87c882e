"""A real WebSocket portal in a thread of the test process, speaking protocol version 1."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Self

from aiohttp import WSMsgType, web

from .signing import AGENT, FIRST, TENANT, Signer, keys_frame, lease

WAIT_SECONDS = 30.0


class Portal:
    """Records what agents send and lets a test publish, misbehave, cut and come back."""

    def __init__(self, *, token: str, heartbeat_seconds: int = 30) -> None:
        self.token = token
        self.heartbeat_seconds = heartbeat_seconds
        self.tenant = TENANT
        self.close_with: int | None = None
        self.refuse_status: int | None = None
        self.subprotocols: tuple[str, ...] = ("aeterna.agent.v1",)
        self.is_mute = False
        self.decision_log: dict[str, Any] | None = None
        self.is_recording = True
        self.keys: tuple[Signer, ...] = (FIRST,)
        self.lease: dict[str, Any] | None = {}
        self.head: dict[str, Any] | None = None
        self.frames: list[dict[str, Any]] = []
        self.attempts: list[float] = []
        self.tokens: list[str] = []
        self.port = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self._told: dict[int, tuple[int, str | None]] = {}
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="portal", daemon=True)
        self._runner: web.AppRunner | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before where there was one."""
        self._do(self._start())

    def stop(self) -> None:
        """Drop every connection without a close frame and stop listening."""
        self._do(self._stop())

    def cut(self) -> None:
        """Drop every connection without a close frame, and go on listening."""
        self._do(self._cut())

    def publish(self, snapshot: dict[str, Any]) -> None:
        """Make this the head and push it to every connected agent."""
        self.head = snapshot
        self.send(snapshot)

    def send(self, frame: dict[str, Any] | str | bytes) -> None:
        """Send one frame, or raw text or bytes, to every connected agent."""
        content = json.dumps(frame) if isinstance(frame, dict) else frame
        self._do(self._send(content))

    def close(self, code: int) -> None:
        """Close every connection with this code."""
        self._do(self._close(code))

    def wait_for_frame(self, kind: str, **members: Any) -> dict[str, Any]:
        """Return the first recorded frame of this type with these members."""
        wanted = {"type": kind, **members}
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [row for row in self.frames if wanted.items() <= row.items()]
            return bool(found)

        self._wait(is_there, f"frame {wanted}")
        return found[0]

    def wait_for_attempts(self, count: int) -> None:
        """Wait until this many connections were tried."""
        self._wait(lambda: len(self.attempts) >= count, f"{count} attempts")

    def wait_for_frames(self, kind: str, count: int) -> list[dict[str, Any]]:
        """Wait until this many frames of a type have come, and return them."""
        self._wait(lambda: len(self.of_type(kind)) >= count, f"{count} {kind} frames")
        return self.of_type(kind)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Every recorded frame of a type, in order."""
        return [row for row in self.frames if row["type"] == kind]

    def _wait(self, is_there: Callable[[], bool], what: str) -> None:
        with self._changed:
            if not self._changed.wait_for(is_there, timeout=WAIT_SECONDS):
                raise AssertionError(f"never came: {what}; frames: {self.frames}")

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_SECONDS)

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/ws/agents/v1", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._cut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _cut(self) -> None:
        for socket in list(self._sockets):
            transport = socket._req.transport if socket._req else None
            if transport is not None:
                transport.abort()

    async def _send(self, content: str | bytes) -> None:
        for socket in list(self._sockets):
            send = socket.send_bytes if isinstance(content, bytes) else socket.send_str
            # An agent may hang up in the middle of what it will not take.
            with contextlib.suppress(ConnectionError):
                await send(content)

    async def _close(self, code: int) -> None:
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self._record(attempt=request.headers.get("Authorization", ""))
        if self.refuse_status is not None:
            return web.Response(status=self.refuse_status)
        socket = web.WebSocketResponse(
            protocols=self.subprotocols, max_msg_size=64 * 1024, timeout=0.2
        )
        await socket.prepare(request)
        if self.close_with is not None:
            await socket.close(code=self.close_with)
            return socket
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            await socket.close(code=4401)
            return socket
        self._sockets.add(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._answer(socket, json.loads(message.data))
        finally:
            self._sockets.discard(socket)
        return socket

    async def _answer(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if not self.is_mute:
            for answer in self._answers(frame, told=self._told.get(id(socket))):
                if answer["type"] == "snapshot":
                    self._told[id(socket)] = (answer["revision"], answer["digest"])
                await socket.send_json(answer)
        self._record(frame=frame)

    def _answers(
        self, frame: dict[str, Any], *, told: tuple[int, str | None] | None
    ) -> list[dict[str, Any]]:
        head = self.head or {"revision": 0, "digest": None}
        held = (frame.get("revision"), frame.get("digest"))
        is_same = (head["revision"], head["digest"]) in (held, told)
        news = [head] if self.head and not is_same else []
        known = {"revision": head["revision"], "digest": head["digest"]}
        if frame["type"] == "hello":
            return [
                self._welcome(),
                keys_frame(*self.keys),
                *(news or [{"type": "up_to_date", **known}]),
            ]
        if frame["type"] == "heartbeat":
            granted = self._lease(frame["nonce"], revision=head["revision"])
            return [{"type": "heartbeat", **known, **self._log_rules(), **granted}, *news]
        if frame["type"] == "decisions" and self.is_recording:
            last = frame["entries"][-1]["sequence"]
            return [{"type": "recorded", "log": frame["log"], "sequence": last}]
        return []

    def _welcome(self) -> dict[str, Any]:
        return {
            "type": "welcome",
            "tenant": self.tenant,
            "agent": AGENT,
            "name": "build-farm",
            "heartbeat_seconds": self.heartbeat_seconds,
            **self._log_rules(),
        }

    def _lease(self, nonce: str, *, revision: int) -> dict[str, Any]:
        if self.lease is None:
            return {}
        claims = {"revision": revision, **self.lease}
        return {"lease": lease(nonce, by=self.keys[-1], **claims)}

    def _log_rules(self) -> dict[str, Any]:
        return {"decision_log": self.decision_log} if self.decision_log else {}

    def _record(self, *, frame: dict[str, Any] | None = None, attempt: str | None = None) -> None:
        with self._changed:
            if frame is not None:
                self.frames.append(frame)
            if attempt is not None:
                self.attempts.append(time.monotonic())
                self.tokens.append(attempt)
            self._changed.notify_all()
