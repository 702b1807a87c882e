"""The WebSocket of stock OPAL clients: two connections each, for policies and for entities."""

import asyncio
import contextlib
import logging
import random
from typing import Any
from uuid import UUID, uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from apps.kernel.actor import Channel, service_actor
from apps.kernel.errors import DomainError
from apps.kernel.telemetry import CONNECTED_AGENTS
from apps.kernel.tenancy import acting_as
from apps.kernel.tokens import digest_of, tenant_of
from apps.orgs.queries import get_root

from .. import operations, queries
from ..frames import BadFrame
from ..models import CedarAgent
from ..opal import rpc
from ..opal.content import entities_entry, entities_news, policy_news, topics_of
from ..types import HEARTBEAT, MAX_FRAME_BYTES, AgentProtocol, CloseCode, OpalPart
from .hub import News, hub, in_a_thread
from .live import DRAIN_SECONDS, OUT_OF_REACH
from .opal import bearer_in

logger = logging.getLogger(__name__)
# A stock client that is refused, or closed, at once comes back at once, without end: over a hundred
# times a second. Who may not stay is therefore held without a word, and closed late.
HOLD_SECONDS = 60.0
AWAY_SECONDS = 5.0
HELD_AT_MOST = 500
CLIENT = "opal-client"


class OpalConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One connection of one OPAL client; every message is handled in a scope of its own."""

    agent: CedarAgent | None = None
    channel_layer_alias = "none"
    held = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection; what runs beside it ends with it."""
        self.token, self.connection = "", ""
        self.topics: dict[str, OpalPart] = {}
        self.followed: dict[str, OpalPart] = {}
        self.offered: News | None = None
        self.told, self.is_ending, self.is_cut = 0, False, False
        self.news_came, self.tasks = asyncio.Event(), set[asyncio.Task[None]]()
        self.serving = asyncio.current_task()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self.is_cut:
                raise
            await self._note_end()
        finally:
            if self.agent is not None:
                hub().leave(self)
            if self.connection:
                CONNECTED_AGENTS.dec()
            for task in self.tasks:
                task.cancel()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one message; end the connection when what that needs is out of reach."""
        async with self._enduring():
            await super().dispatch(message)

    @property
    def tenant_id(self) -> UUID:
        tenant_id: UUID = self._client().tenant_id
        return tenant_id

    async def connect(self) -> None:
        await self.accept()
        header = dict(self.scope["headers"]).get(b"authorization", b"")
        self.token = bearer_in(header.decode("latin-1"))
        tenant_id = tenant_of(self.token, kind=operations.TOKEN_KIND)
        agent = await self._find(self.token, tenant_id) if tenant_id else None
        if agent is None or agent.revoked_at is not None:
            await self._hold(CloseCode.UNAUTHENTICATED, HOLD_SECONDS)
            return
        self.agent = agent
        self.topics = await self._work(_topics)

    async def disconnect(self, _code: int) -> None:
        self.is_ending = True
        await self._note_end()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.agent is None or self.is_ending:
            return
        if bytes_data is not None or len(text_data or "") > MAX_FRAME_BYTES:
            await self._hold(CloseCode.TOO_LARGE, HOLD_SECONDS)
            return
        message = rpc.parse_message(text_data)
        if isinstance(message, rpc.Asked):
            result = await self._answer(message)
            await self.send(text_data=rpc.answer(message.call_id, result))
        elif message.call_id == self._beat_id() and not await self._work(
            operations.note_alive, connection=self.connection
        ):
            await self._hold(CloseCode.REPLACED, HOLD_SECONDS)

    def offer(self, news: News) -> None:
        """Keep only the newest; whoever offers waits for nothing."""
        self.offered = news
        self.news_came.set()

    async def _answer(self, asked: rpc.Asked) -> Any:
        """Return the answer to a request; what a client publishes of itself is not kept."""
        if asked.method == "subscribe":
            await self._follow(asked.topics)
        elif asked.method == "unsubscribe":
            for topic in asked.topics:
                self.followed.pop(topic, None)
        known = {"_ping_": "pong", "_get_channel_id_": self._channel_id()}
        return known.get(asked.method, asked.method in ("subscribe", "unsubscribe", "publish"))

    async def _follow(self, topics: tuple[str, ...]) -> None:
        """Announce on these topics from now on, where the company has them."""
        known = {topic: self.topics[topic] for topic in topics if topic in self.topics}
        new = set(known.values()) - set(self.followed.values())
        for part in sorted(new):
            self.told = await self._work(operations.begin_part, part=part)
        if OpalPart.POLICIES in new:
            self.connection = uuid4().hex
            CONNECTED_AGENTS.inc()
            await self._work(
                operations.connect_agent,
                connection=self.connection,
                agent_version=CLIENT,
                cedar_version="",
                revision=0,
                digest=None,
            )
        if known and not self.followed:
            hub().join(self)
            self._begin(self._push())
            self._begin(self._beat())
        self.followed |= known

    async def _push(self) -> None:
        while True:
            await self.news_came.wait()
            self.news_came.clear()
            if self.offered is not None and not self.is_ending:
                await self._drained(self._announce(self.offered))

    async def _announce(self, news: News) -> None:
        """Announce what is newer than what the client fetched or was told of."""
        if news.number <= self.told or not await self._work(
            operations.note_alive, connection=self.connection
        ):
            return
        self.told = news.number
        for topic, part in tuple(self.followed.items()):
            data = self._news(news, topic, part)
            await self.send(text_data=rpc.notify(topic, data, subscriber=self._channel_id()))

    def _news(self, news: News, topic: str, part: OpalPart) -> dict[str, Any]:
        if part == OpalPart.POLICIES:
            previous = None if news.bundle is None else news.bundle.previous_digest
            return policy_news(news.digest, previous)
        entry = entities_entry(
            portal=settings.PUBLIC_URL, revision=news.number, topic=topic, token=self.token
        )
        return entities_news(entry, revision=news.number)

    async def _beat(self) -> None:
        """Ask whether the client lives, which it would never say by itself."""
        while True:
            await asyncio.sleep(HEARTBEAT.total_seconds())
            if not self.is_ending:
                await self._drained(self.send(text_data=rpc.ping(self._beat_id())))

    async def _drained(self, sending: Any) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS), self._enduring():
                await sending
        except TimeoutError:
            logger.warning("an OPAL client takes nothing and is cut", extra=self._facts())
            self.is_cut = self.is_ending = True
            if self.serving is not None:
                self.serving.cancel()

    @contextlib.asynccontextmanager
    async def _enduring(self) -> Any:
        """End the connection, late, when the block finds that it cannot go on."""
        try:
            yield
        except OUT_OF_REACH:
            logger.warning("an OPAL client's message could not be handled", exc_info=True)
            await self._hold(CloseCode.TRY_LATER, AWAY_SECONDS * random.uniform(1, 2))
        except (BadFrame, DomainError):
            await self._hold(CloseCode.MALFORMED, HOLD_SECONDS)

    async def _hold(self, code: int, seconds: float) -> None:
        """Say nothing from now on and close late; at once only where too many are held."""
        if self.is_ending:
            return
        self.is_ending = True
        if OpalConsumer.held >= HELD_AT_MOST:
            await self.close(code=int(code))
        else:
            self._begin(self._close_later(code, seconds))

    async def _close_later(self, code: int, seconds: float) -> None:
        OpalConsumer.held += 1
        try:
            await asyncio.sleep(seconds)
            await self.close(code=int(code))
        finally:
            OpalConsumer.held -= 1

    async def _note_end(self) -> None:
        if not self.connection:
            return
        try:
            await self._work(operations.note_disconnect, connection=self.connection)
        except OUT_OF_REACH:
            logger.warning("an OPAL client's end is not on record", exc_info=True)

    def _begin(self, work: Any) -> None:
        self.tasks.add(asyncio.create_task(work))

    def _channel_id(self) -> str:
        return self.connection or self._beat_id()

    def _beat_id(self) -> str:
        return f"beat-{id(self):x}"

    def _client(self) -> CedarAgent:
        if self.agent is None:
            raise BadFrame("there is no client on this connection")
        return self.agent

    def _facts(self) -> dict[str, str]:
        agent = self._client()
        return {"agent": str(agent.id), "tenant": str(agent.tenant_id)}

    @in_a_thread
    def _find(self, token: str, tenant_id: UUID) -> CedarAgent | None:
        with acting_as(_fleet(tenant_id)):
            return queries.find_by_token(digest_of(token), protocol=AgentProtocol.OPAL)

    @in_a_thread
    def _work(self, function: Any, **arguments: Any) -> Any:
        with acting_as(_fleet(self.tenant_id)):
            return function(agent_id=self._client().id, **arguments)


def _fleet(tenant_id: UUID) -> Any:
    return service_actor(tenant_id=tenant_id, name="fleet", channel=Channel.WEBSOCKET)


def _topics(*, agent_id: UUID) -> dict[str, OpalPart]:
    root = get_root()
    return topics_of(root.id, root.slug)
