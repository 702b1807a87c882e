"""Telling connected agents what is new: read once, written once, and waiting for none of them.

Between processes travels only the hint that a company has something new; each process also looks
at the heads of its companies every second, so a lost hint costs a second.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

import redis.asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from redis import RedisError

from apps.kernel.actor import Channel, service_actor
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import acting_as
from apps.policies import queries as policies
from apps.policies.signing import key_chain
from apps.policies.types import REVISIONS, Bundle

from .. import queries
from ..deltas import delta_between, encoded, snapshot_of
from .batches import Batches
from .reports import acknowledge, answer_beats

logger = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
# Agents that hold one of more different revisions are sent the whole.
MOST_DELTAS = 32

# The default is one thread for all connections of the process: one wait would hold up everybody.
in_a_thread = partial(database_sync_to_async, thread_sensitive=False)


class Held(NamedTuple):
    """What an agent has, by number and digest; digest None is nothing."""

    number: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class News:
    """A company's newest revision as frames ready to send, and who may still be sent it."""

    number: int
    digest: str | None
    kid: str
    keys: str
    bundle: Bundle | None
    snapshot: str
    connections: Mapping[UUID, str]
    # By the number of what an agent has: the frame that is shorter than the whole.
    deltas: dict[Held, str] = field(default_factory=dict)


class Listener(Protocol):
    """A connection that keeps only the newest it was offered, and sends it in its own time."""

    tenant_id: UUID

    def offer(self, news: News) -> None: ...


class Hub:
    """The connections of one event loop by company; it looks as long as there is any."""

    def __init__(self) -> None:
        self._listeners: dict[UUID, set[Listener]] = defaultdict(set)
        self._known: dict[UUID, News] = {}
        # The revision before the known one: most agents hold it.
        self._before: dict[UUID, Bundle] = {}
        self._reading: dict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._hinted: set[UUID] = set()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.acknowledgements = Batches(in_a_thread(acknowledge))
        self.pulses = Batches(in_a_thread(answer_beats))

    def join(self, listener: Listener) -> None:
        """Offer the connection whatever becomes new from now on."""
        self._listeners[listener.tenant_id].add(listener)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._listen())]

    def leave(self, listener: Listener) -> None:
        """Forget a connection; safe to call twice."""
        listeners = self._listeners.get(listener.tenant_id, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(listener.tenant_id, None)
            self._known.pop(listener.tenant_id, None)
            self._before.pop(listener.tenant_id, None)
            self._reading.pop(listener.tenant_id, None)
        if not self._listeners:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    async def news(self, tenant_id: UUID, *, number: int) -> News:
        """Return the newest revision, which is at least `number`; read only if not known."""
        # One reads for all who come at the same time, as after a restart.
        async with self._reading[tenant_id]:
            known = self._known.get(tenant_id)
            if known is None or known.number < number:
                known = self._keep(tenant_id, await _read(tenant_id))
            return known

    def _keep(self, tenant_id: UUID, news: News) -> News:
        known = self._known.get(tenant_id)
        if known is not None and known.bundle is not None and known.number < news.number:
            self._before[tenant_id] = known.bundle
        self._known[tenant_id] = news
        return news

    async def frame(self, tenant_id: UUID, news: News, *, base: Held) -> str:
        """Return the frame that brings who holds `base` to `news`: the whole where that is less.

        A delta is worked out once for all who hold the same.
        """
        if base.digest is None or base.number > news.number:
            return news.snapshot
        async with self._reading[tenant_id]:
            if base not in news.deltas and len(news.deltas) < MOST_DELTAS:
                before = self._before.get(tenant_id)
                news.deltas[base] = await _delta(tenant_id, news, base=base, before=before)
        return news.deltas.get(base) or news.snapshot

    async def _look(self) -> None:
        while True:
            hinted, self._hinted = self._hinted, set()
            try:
                await self._tell(hinted or await self._moved())
            except Exception:
                # Whatever it is, the next look is a second away; ending would tell nobody.
                logger.exception("what is new cannot be read; looking again")
                self._hinted |= hinted
                self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
            self._wake.clear()

    async def _moved(self) -> set[UUID]:
        heads = await _heads(tuple(self._listeners))
        return {
            tenant_id
            for tenant_id, number in heads.items()
            if (known := self._known.get(tenant_id)) is None or known.number != number
        }

    async def _tell(self, tenants: Iterable[UUID]) -> None:
        for tenant_id in tenants:
            if tenant_id not in self._listeners:
                continue
            news = self._keep(tenant_id, await _read(tenant_id))
            for listener in tuple(self._listeners.get(tenant_id, ())):
                listener.offer(news)

    async def _listen(self) -> None:
        while True:
            try:
                await self._take_hints()
            except (RedisError, OSError):
                await asyncio.sleep(LOOK_SECONDS)

    async def _take_hints(self) -> None:
        client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1)
        async with client, client.pubsub(ignore_subscribe_messages=True) as hints:
            await hints.subscribe(REVISIONS)
            # What was told before this was missed: look once.
            self._wake.set()
            async for message in hints.listen():
                with contextlib.suppress(ValueError):
                    self._hinted.add(UUID(message["data"].decode()))
                    self._wake.set()


_HUBS: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running loop."""
    return _HUBS.setdefault(asyncio.get_running_loop(), Hub())


@in_a_thread
def _heads(tenant_ids: tuple[UUID, ...]) -> Mapping[UUID, int]:
    return policies.heads_of(tenant_ids)


@in_a_thread
def _read(tenant_id: UUID) -> News:
    actor = service_actor(tenant_id=tenant_id, name="fleet", channel=Channel.WEBSOCKET)
    with acting_as(actor):
        connections = queries.live_connections()
        head, keys = policies.get_head(), key_chain()
        bundle = policies.load_bundle(head.number) if head.number else None
    return News(
        number=head.number,
        digest=head.digest,
        kid=keys[-1]["kid"] if keys else "",
        keys=encoded({"type": "keys", "keys": keys}),
        bundle=bundle,
        snapshot="" if bundle is None else encoded(snapshot_of(bundle)),
        connections=connections,
    )


@in_a_thread
def _delta(tenant_id: UUID, news: News, *, base: Held, before: Bundle | None) -> str:
    """Return the delta from `base`, or nothing where it is unknown or no shorter."""
    if before is None or before.revision != base.number:
        before = _kept(tenant_id, base.number)
    if before is None or news.bundle is None or before.digest != base.digest:
        return ""
    text = encoded(delta_between(before, news.bundle))
    return text if len(text) < len(news.snapshot) else ""


def _kept(tenant_id: UUID, number: int) -> Bundle | None:
    actor = service_actor(tenant_id=tenant_id, name="fleet", channel=Channel.WEBSOCKET)
    with acting_as(actor), contextlib.suppress(NotFound):
        return policies.load_bundle(number)
    return None
