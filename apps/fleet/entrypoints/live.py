"""The WebSocket of Cedar agents: protocol version 1 of docs/agent-protocol.md."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError
from redis import RedisError

from apps.kernel.actor import Actor, Channel, service_actor
from apps.kernel.errors import Conflict, DomainError
from apps.kernel.telemetry import CONNECTED_AGENTS
from apps.kernel.tenancy import acting_as
from apps.kernel.tokens import digest_of, tenant_of
from apps.policies import queries as policies
from apps.policies.operations import publish_revision

from .. import operations, queries
from ..frames import (
    Ack,
    BadFrame,
    Decisions,
    Frame,
    Heartbeat,
    Hello,
    Nack,
    Resync,
    parse_frame,
)
from ..models import CedarAgent
from ..types import HEARTBEAT, MAX_FRAME_BYTES, SUBPROTOCOL, Applied, Beat, CloseCode
from .hub import Held, News, hub, in_a_thread
from .reports import Told, log_rules

logger = logging.getLogger(__name__)
HELLO_SECONDS = 10
# An agent that takes nothing for so long is cut; it comes back when it can.
DRAIN_SECONDS = 10
OUT_OF_REACH = (OperationalError, InterfaceError, RedisError, OSError)


class CedarAgentConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One connection of one agent; every message is handled in a scope of its own."""

    agent: CedarAgent | None = None
    # What is new comes over the hub: an agent can connect though Redis is away.
    channel_layer_alias = "none"
    connection = ""
    pusher: asyncio.Task[None] | None = None
    serving: asyncio.Task[Any] | None = None
    offered: News | None = None
    has_said_hello = False
    is_ending = False
    is_evicted = False
    # What the agent has or is about to: frames arrive in order, so the next may build on it.
    sent = Held(0, None)
    takes_deltas = False
    sent_kid = ""
    hello_timer: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection; however it ends, it is counted no longer."""
        self.serving, self.news_came = asyncio.current_task(), asyncio.Event()
        self.sending = asyncio.Lock()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self.is_evicted:
                raise
            await self._note_end()
        finally:
            if self.pusher is not None:
                self.pusher.cancel()
            if self.hello_timer is not None:
                hub().leave(self)
                self.hello_timer.cancel()
                CONNECTED_AGENTS.dec()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one message; end the connection when what that needs is out of reach."""
        async with self._reachable():
            await super().dispatch(message)

    @contextlib.asynccontextmanager
    async def _reachable(self) -> AsyncIterator[None]:
        """End the connection when what the block needs is out of reach."""
        try:
            yield
        except OUT_OF_REACH:
            logger.warning("an agent's frame could not be handled", exc_info=True)
            # Whoever is gone already cannot be told; their disconnect comes next.
            with contextlib.suppress(OSError):
                await self._refuse(CloseCode.TRY_LATER, "unavailable", "Try again later.")

    async def connect(self) -> None:
        self.connection = uuid4().hex
        await self.accept(SUBPROTOCOL if SUBPROTOCOL in self.scope["subprotocols"] else None)
        token = _bearer(self.scope["headers"])
        tenant_id = tenant_of(token, kind=operations.TOKEN_KIND)
        self.agent = await self._find(token, tenant_id) if tenant_id else None
        if self.agent is None:
            await self._refuse(CloseCode.UNAUTHENTICATED, "unauthenticated", "Unknown token.")
        elif self.agent.revoked_at is not None:
            await self._refuse(CloseCode.REVOKED, "revoked", "This agent is revoked.")
        else:
            CONNECTED_AGENTS.inc()
            self.hello_timer = asyncio.create_task(self._expect_hello())

    async def send(self, *arguments: Any, **named: Any) -> None:
        """Send to an agent, and nothing more once it turns out to be gone."""
        try:
            await super().send(*arguments, **named)
        except OSError:
            self.is_ending = True

    async def disconnect(self, _code: int) -> None:
        self.is_ending = True
        await self._note_end()

    async def _note_end(self) -> None:
        if self.hello_timer is None:
            return
        try:
            await self._work(operations.note_disconnect, connection=self.connection)
        except OUT_OF_REACH:
            logger.warning("an agent's end is not on record; its silence will tell", exc_info=True)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.agent is None or self.is_ending:
            return
        if len(text_data or "") > MAX_FRAME_BYTES or len(bytes_data or b"") > MAX_FRAME_BYTES:
            await self._refuse(CloseCode.TOO_LARGE, "too_large", "The frame is too large.")
            return
        async with self._refusing():
            await self._handle(parse_frame(text_data))

    @property
    def tenant_id(self) -> UUID:
        tenant_id: UUID = self._agent().tenant_id
        return tenant_id

    def offer(self, news: News) -> None:
        """Keep only the newest; whoever offers waits for nothing."""
        self.offered = news
        self.news_came.set()

    async def _push(self) -> None:
        while True:
            await self.news_came.wait()
            self.news_came.clear()
            if self.offered is None or self.is_ending:
                continue
            try:
                async with asyncio.timeout(DRAIN_SECONDS), self._reachable(), self._refusing():
                    await self._send_news(self.offered)
            except TimeoutError:
                logger.warning("an agent takes nothing and is cut", extra=self._facts())
                self.is_evicted = self.is_ending = True
                if self.serving is not None:
                    self.serving.cancel()
                return

    @contextlib.asynccontextmanager
    async def _refusing(self) -> AsyncIterator[None]:
        """End the connection, saying why, when the block finds that it cannot go on."""
        try:
            yield
        except BadFrame as error:
            await self._refuse(CloseCode.MALFORMED, "malformed", str(error))
        except operations.Ended as error:
            await self._refuse(CloseCode.REVOKED, error.code, error.detail)
        except operations.Replaced as error:
            await self._refuse(CloseCode.REPLACED, error.code, error.detail)
        except DomainError as error:
            await self._refuse(CloseCode.MALFORMED, error.code, error.detail)

    async def _handle(self, frame: Frame) -> None:
        if isinstance(frame, Hello):
            await self._on_hello(frame)
        elif not self.has_said_hello:
            raise BadFrame("the first frame must be hello")
        elif isinstance(frame, Ack):
            await self._on_ack(frame)
        elif isinstance(frame, Resync):
            self.sent = Held(0, None)
            await self._send_head()
        elif isinstance(frame, Decisions):
            await self._on_decisions(frame)
        elif isinstance(frame, Nack):
            await self._work(
                operations.refuse_revision,
                connection=self.connection,
                revision=frame.revision,
                stage=frame.stage,
                policy=frame.policy,
                error=frame.error,
            )
        else:
            await self._on_heartbeat(frame)

    async def _on_hello(self, hello: Hello) -> None:
        if self.has_said_hello:
            raise BadFrame("hello was already said")
        if self.hello_timer is not None:
            self.hello_timer.cancel()
        agent = self._agent()
        await self._work(
            operations.connect_agent,
            connection=self.connection,
            agent_version=hello.agent_version,
            cedar_version=hello.cedar_version,
            revision=hello.revision,
            digest=hello.digest,
        )
        self.has_said_hello = True
        await self._send(
            type="welcome",
            tenant=str(agent.tenant_id),
            agent=str(agent.id),
            name=agent.name,
            heartbeat_seconds=int(HEARTBEAT.total_seconds()),
            decision_log=await self._read(log_rules),
        )
        await self._read(_sign_head)
        self.sent, self.takes_deltas = Held(hello.revision, hello.digest), hello.deltas
        hub().join(self)
        await self._send_head(is_answer=True)
        # Only now: what was offered meanwhile must not come before the answer to hello.
        self.pusher = asyncio.create_task(self._push())

    async def _on_ack(self, ack: Ack) -> None:
        answer = Applied(self._agent().id, ack.applied_ms, self.connection)
        told = Told(ack.revision, ack.digest, answer)
        if not await hub().acknowledgements.ask(self.tenant_id, told):
            raise operations.Replaced("A newer connection took over.")

    async def _on_decisions(self, told: Decisions) -> None:
        sequence = await self._work(
            operations.record_decisions,
            connection=self.connection,
            log=told.log,
            dropped=told.dropped,
            entries=told.entries,
        )
        await self._send(type="recorded", log=told.log, sequence=sequence)

    async def _on_heartbeat(self, beat: Heartbeat) -> None:
        asked = Beat(self._agent().id, self.connection, beat.revision, beat.digest, beat.nonce)
        pulse = await hub().pulses.ask(self.tenant_id, asked)
        if pulse is None:
            await self._refuse(CloseCode.REPLACED, "replaced", "A newer connection took over.")
            return
        if pulse.lease is not None and pulse.kid != self.sent_kid:
            await self._tell_keys(await hub().news(self.tenant_id, number=pulse.head[0]))
        await self._send(
            type="heartbeat",
            revision=pulse.head[0],
            digest=pulse.head[1],
            decision_log=pulse.rules,
            **({} if pulse.lease is None else {"lease": pulse.lease}),
        )
        if pulse.head not in ((beat.revision, beat.digest), self.sent):
            await self._send_head()

    async def _send_head(self, *, is_answer: bool = False) -> None:
        """Send the newest revision unless the agent has it; then say so where that answers."""
        number = await self._work(_head_number, connection=self.connection)
        news = await hub().news(self.tenant_id, number=number)
        await self._tell_keys(news)
        if not await self._send_revision(news, may_go_back=is_answer) and is_answer:
            await self._send(type="up_to_date", revision=news.number, digest=news.digest)

    async def _send_news(self, news: News) -> None:
        """Send what the hub offers, if it is newer and the agent is still this connection's."""
        if news.connections.get(self._agent().id) != self.connection:
            await self._work(operations.require_connected, connection=self.connection)
        await self._tell_keys(news)
        await self._send_revision(news)

    async def _send_revision(self, news: News, *, may_go_back: bool = False) -> bool:
        """Send what is new, unless the agent has it or there is nothing: then return False.

        What is older is sent only where it may go back: the agent refuses it and says so.
        """
        # What is offered and what a heartbeat asks for come from two tasks.
        async with self.sending:
            held, head = self.sent, Held(news.number, news.digest)
            if held == head or not news.snapshot or (news.number < held.number and not may_go_back):
                return False
            if self.takes_deltas:
                frame = await hub().frame(self.tenant_id, news, base=held)
            else:
                frame = news.snapshot
            self.sent = head
            await self.send(text_data=frame)
            return True

    async def _tell_keys(self, news: News) -> None:
        """Name the company's keys before anything is sent that the newest of them signed."""
        if news.kid != self.sent_kid:
            self.sent_kid = news.kid
            await self.send(text_data=news.keys)

    async def _expect_hello(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(HELLO_SECONDS)
            await self._refuse(CloseCode.NO_HELLO, "no_hello", "No hello within 10 seconds.")

    async def _send(self, **frame: Any) -> None:
        await self.send(text_data=json.dumps(frame, ensure_ascii=False))

    async def _refuse(self, code: int, name: str, detail: str) -> None:
        if self.is_ending:
            return
        self.is_ending = True
        await self._send(type="error", code=name, detail=detail)
        await self.close(code=int(code))

    def _agent(self) -> CedarAgent:
        if self.agent is None:
            raise Conflict("There is no agent on this connection.")
        return self.agent

    def _facts(self) -> dict[str, str]:
        agent = self._agent()
        return {"agent": str(agent.id), "tenant": str(agent.tenant_id)}

    def _actor(self) -> Actor:
        agent = self._agent()
        return service_actor(tenant_id=agent.tenant_id, name="fleet", channel=Channel.WEBSOCKET)

    @in_a_thread
    def _find(self, token: str, tenant_id: UUID) -> CedarAgent | None:
        actor = service_actor(tenant_id=tenant_id, name="fleet", channel=Channel.WEBSOCKET)
        with acting_as(actor):
            return queries.find_by_token(digest_of(token))

    @in_a_thread
    def _work(self, function: Any, **arguments: Any) -> Any:
        with acting_as(self._actor()):
            return function(agent_id=self._agent().id, **arguments)

    @in_a_thread
    def _read(self, function: Any, *arguments: Any) -> Any:
        with acting_as(self._actor()):
            return function(*arguments)


def _sign_head() -> None:
    """Publish anew what is older than signing."""
    if not policies.is_head_signed():
        publish_revision(reason="Signed for the first time")


def _head_number(*, agent_id: UUID, connection: str) -> int:
    """Return the newest revision's number, for an agent that may still be told."""
    operations.require_connected(agent_id=agent_id, connection=connection)
    number: int = policies.get_head().number
    return number


def _bearer(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].decode("latin-1").strip()
    return ""
