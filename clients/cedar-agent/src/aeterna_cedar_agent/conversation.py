"""One connection's life: hello, welcome, snapshots answered, heartbeats, until it ends."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from typing import Any

import aiohttp

from aeterna_cedar_agent import frames
from aeterna_cedar_agent.delta import Delta
from aeterna_cedar_agent.journal import Rules
from aeterna_cedar_agent.parts import Parts
from aeterna_cedar_agent.revision import Revision
from aeterna_cedar_agent.store import Identity
from aeterna_cedar_agent.trust import TrustError

LOG_SECONDS = 0.5
WELCOME_SECONDS = 15.0
SILENT_HEARTBEATS = 3
FORBIDDEN_CODE = 4403

_CLOSING = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)

logger = logging.getLogger(__name__)


class LinkEndedError(Exception):
    """The connection is over; `close_code` is the portal's, or None where it gave none."""

    def __init__(self, reason: str, *, close_code: int | None = None) -> None:
        super().__init__(reason)
        self.close_code = close_code


class Conversation:
    """Speaks the protocol over one open socket; `run` always ends by raising LinkEndedError."""

    def __init__(
        self,
        *,
        socket: aiohttp.ClientWebSocketResponse,
        parts: Parts,
    ) -> None:
        self._socket = socket
        self._engine = parts.engine
        self._applier = parts.applier
        self._status = parts.status
        self._journal = parts.journal
        self._trust = parts.trust
        self._leases = parts.leases
        self._is_logging = asyncio.Event()
        self._recorded: asyncio.Queue[frames.Recorded] = asyncio.Queue()
        self._inbox: asyncio.Queue[frames.Snapshot] = asyncio.Queue(maxsize=2)
        # What the portal told last, served or not: the next delta starts from it.
        loaded = parts.engine.current
        self._told: Revision | None = loaded.revision if loaded else None
        # The last revision that came, readable or not, and the one the last heartbeat named.
        self._seen: tuple[int, str | None] | None = None
        self._named: tuple[int, str | None] | None = None
        self._welcomed = asyncio.Event()
        self._was_refused_lease = False
        self._wants_lease = asyncio.Event()
        self._welcome: frames.Welcome | None = None
        self.welcomed_at: float | None = None

    async def run(self, *, hello: str) -> None:
        """Say hello and serve the connection until it ends; raises LinkEndedError."""
        await self._socket.send_str(hello)
        try:
            await _first_of(self._read(), self._apply(), self._beat(), self._log())
        finally:
            self._status.disconnected()

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message.type in _CLOSING:
                raise self._ended(message)
            if message.type is aiohttp.WSMsgType.ERROR:
                raise LinkEndedError(f"connection failed: {message.data}")
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._take_text(message.data)
            else:
                raise LinkEndedError(f"{message.type.name.lower()} frame instead of text")

    async def _receive(self) -> aiohttp.WSMessage:
        welcome = self._welcome
        limit = welcome.heartbeat_seconds * SILENT_HEARTBEATS if welcome else WELCOME_SECONDS
        try:
            async with asyncio.timeout(limit):
                return await self._socket.receive()
        except TimeoutError:
            raise LinkEndedError(f"portal silent for {limit:g} s") from None

    async def _take_text(self, text: str) -> None:
        try:
            frame = frames.read_frame(text)
        except frames.UnreadableSnapshotError as error:
            self._ignore(str(error))
            self._seen = (error.revision, error.digest)
            await self._refuse_unread(error)
        except frames.UnreadableDeltaError as error:
            self._ignore(str(error))
            await self._socket.send_str(frames.resync())
        except frames.UnknownFrameError as error:
            self._ignore(str(error))
        except frames.FrameError as error:
            # What was lost in it cannot be known: a new hello brings everything.
            self._status.failed(str(error))
            raise LinkEndedError(str(error)) from None
        else:
            await self._take(frame)

    async def _take(self, frame: frames.Inbound) -> None:
        if isinstance(frame, frames.PortalError):
            self._status.failed(f"portal: {frame.code}: {frame.detail}")
            logger.error("portal error", extra={"code": frame.code, "detail": frame.detail})
        elif isinstance(frame, frames.Welcome):
            self._enter(frame)
        elif self._welcome is None:
            self._ignore(f"{type(frame).__name__} frame before welcome")
        elif isinstance(frame, frames.Keys):
            self._accept(frame, tenant=self._welcome.tenant)
        elif isinstance(frame, frames.Snapshot):
            await self._queue(frame)
        elif isinstance(frame, Delta):
            await self._take_delta(frame)
        elif isinstance(frame, frames.Recorded):
            self._recorded.put_nowait(frame)
        else:
            await self._compare(frame)

    async def _take_delta(self, delta: Delta) -> None:
        told = self._told
        if told is None or not delta.fits(told):
            self._ignore(f"delta starts from revision {delta.base_number}, which is not held")
            await self._socket.send_str(frames.resync())
            return
        await self._queue(frames.Snapshot(revision=delta.apply(told), is_built=True))

    async def _queue(self, snapshot: frames.Snapshot) -> None:
        self._told = snapshot.revision
        self._seen = (snapshot.revision.number, snapshot.revision.digest)
        self._leases.heard(snapshot.revision.number)
        await self._inbox.put(snapshot)

    def _enter(self, welcome: frames.Welcome) -> None:
        if self._socket.protocol != frames.SUBPROTOCOL:
            raise LinkEndedError(f"portal did not select subprotocol {frames.SUBPROTOCOL}")
        held = self._status.tenant
        if held is not None and held != welcome.tenant:
            problem = f"state belongs to tenant {held}, the token to {welcome.tenant}"
            raise LinkEndedError(
                f"{problem}: use another state directory", close_code=FORBIDDEN_CODE
            )
        self._welcome = welcome
        self.welcomed_at = time.monotonic()
        self._status.agent, self._status.name = welcome.agent, welcome.name
        self._status.connected = True
        self._status.connections += 1
        self._welcomed.set()
        self._follow_rules(welcome.decision_log)
        logger.info("connected", extra={"agent": welcome.name, "tenant": welcome.tenant})

    def _accept(self, frame: frames.Keys, *, tenant: str) -> None:
        try:
            self._trust.accept(tenant=tenant, keys=frame.keys)
        except TrustError as error:
            raise LinkEndedError(f"portal's keys: {error}", close_code=FORBIDDEN_CODE) from None

    async def _compare(self, head: frames.UpToDate | frames.Head) -> None:
        self._status.heard_head(revision=head.revision, digest=head.digest)
        self._leases.heard(head.revision)
        if isinstance(head, frames.Head):
            self._follow_rules(head.decision_log)
            await self._take_lease(head.lease)
            await self._require_seen(head)
        if (head.revision, head.digest) == (self._engine.number, self._engine.digest):
            self._status.synced()
        elif isinstance(head, frames.UpToDate):
            problem = f"portal calls revision {head.revision} up to date, it is not held"
            raise LinkEndedError(problem)

    async def _require_seen(self, head: frames.Head) -> None:
        """Ask for the whole revision where two heartbeats name one that never came."""
        named = (head.revision, head.digest)
        held = (self._engine.number, self._engine.digest)
        is_lost = named == self._named and named not in (self._seen, held)
        self._named = named
        if is_lost:
            self._ignore(f"revision {head.revision} was named twice and never came")
            await self._socket.send_str(frames.resync())

    async def _take_lease(self, token: str | None) -> None:
        self._was_refused_lease = token is None
        if token is None or self._welcome is None:
            return
        try:
            self._leases.take(token, agent=self._welcome.agent)
        except TrustError as error:
            self._ignore(str(error))
        else:
            await asyncio.to_thread(self._leases.save)

    async def _apply(self) -> None:
        await self._welcomed.wait()
        while True:
            snapshot = await self._inbox.get()
            while not self._inbox.empty():
                # Only a newer revision overtakes: a lower one must still be answered by a nack.
                following = self._inbox.get_nowait()
                if following.revision.number <= snapshot.revision.number:
                    await self._answer(snapshot)
                snapshot = following
            await self._answer(snapshot)

    async def _answer(self, snapshot: frames.Snapshot) -> None:
        welcome = self._welcome
        if welcome is None:
            return
        identity = Identity(tenant=welcome.tenant, agent=welcome.agent, name=welcome.name)
        await self._socket.send_str(await self._applier.apply(snapshot, identity=identity))
        if self._was_refused_lease:
            # Before the first revision there was none to be had: ask now, not in a while.
            self._wants_lease.set()

    async def _refuse_unread(self, error: frames.UnreadableSnapshotError) -> None:
        self._status.applies["nack"] += 1
        await self._socket.send_str(
            frames.nack(
                revision=error.revision,
                digest=error.digest,
                stage="verify",
                policy=None,
                error=str(error),
            )
        )

    async def _beat(self) -> None:
        # The first one follows at once: it is what asks for a lease.
        await self._welcomed.wait()
        while self._welcome is not None:
            saved = await self._applier.retry_save()
            if saved is not None:
                await self._socket.send_str(saved)
            beat = frames.heartbeat(
                revision=self._engine.number,
                digest=self._engine.digest,
                nonce=self._leases.ask(),
            )
            self._wants_lease.clear()
            await self._socket.send_str(beat)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._welcome.heartbeat_seconds):
                    await self._wants_lease.wait()

    def _follow_rules(self, rules: Rules | None) -> None:
        # A portal that names no rules keeps no log: what is noted stays on disk.
        if rules is not None:
            self._journal.rules = rules
            self._is_logging.set()

    async def _log(self) -> None:
        await self._is_logging.wait()
        while True:
            batch = await asyncio.to_thread(self._journal.read)
            if batch is None:
                await asyncio.sleep(LOG_SECONDS)
                continue
            entries = self._journal.outgoing(batch)
            await self._socket.send_str(
                frames.decisions(log=batch.log, dropped=batch.dropped, entries=entries)
            )
            last = entries[-1]["sequence"]
            answer = await self._recorded.get()
            while (answer.log, answer.sequence) != (batch.log, last):
                answer = await self._recorded.get()
            await asyncio.to_thread(self._journal.acknowledge, batch)

    def _ended(self, message: aiohttp.WSMessage) -> LinkEndedError:
        # The socket forgets the portal's code where the portal is gone before it is answered.
        is_told = message.type is aiohttp.WSMsgType.CLOSE
        code = message.data if is_told else self._socket.close_code
        return LinkEndedError(f"portal closed the connection with code {code}", close_code=code)

    def _ignore(self, problem: str) -> None:
        self._status.failed(problem)
        logger.error("frame ignored", extra={"error": problem})


async def _first_of(*work: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(item) for item in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
