"""The WebSocket of browsers: it says which topics changed, never what.

A page that hears a topic asks for its rows again, and is answered what its person may see then.
"""

import asyncio
import contextlib
from collections import Counter
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from apps.identity.authentication import find_session_actor
from apps.identity.sessions import SessionStore
from apps.identity.types import ENTERED
from apps.kernel import ids
from apps.kernel.actor import Actor, Channel
from apps.kernel.tenancy import acting_as

from ..publisher import browser_group
from ..queries import may_somewhere
from ..topics import NEEDED

RECHECK_SECONDS = 30.0
GATHER_SECONDS = 0.1
UNAUTHENTICATED = 4401
ELSEWHERE = 4403
MALFORMED = 4400


class BrowserConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """One open page of a signed-in person; who they are and may see is asked again and again."""

    recheck_seconds = RECHECK_SECONDS

    async def connect(self) -> None:
        """Accept a page of the portal itself, and end it at once when nobody is signed in."""
        self.topics: frozenset[str] = frozenset()
        self.waiting: Counter[str] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()
        self.actor: Actor | None = None
        if not is_own_page(self.scope["headers"]):
            await self.close()
            return
        await self.accept()
        if await self.check():
            self._start(self._keep_checking())

    async def disconnect(self, _code: int) -> None:
        """Leave every group and stop what runs."""
        for task in self.tasks:
            task.cancel()
        await self._follow(frozenset())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Refuse whatever a browser says: it has nothing to say here."""
        await self.close(code=MALFORMED)

    async def topic_changed(self, message: dict[str, Any]) -> None:
        """Gather what changed for a moment, so that a burst becomes one message for each topic."""
        if message["topic"] not in self.topics:
            return
        is_first = not self.waiting
        self.waiting[message["topic"]] += 1
        if is_first:
            self._start(self._tell())

    async def check(self) -> bool:
        """Tell whether the session still stands, following what its person may see now.

        It must also stand in the company in which the page was opened: a platform administrator
        may have entered another meanwhile, or left it, and gets a new page there.
        """
        now, topics = await self._read()
        if now is None:
            return await self._end(UNAUTHENTICATED)
        if self.actor is not None and self.actor.tenant_id != now.tenant_id:
            return await self._end(ELSEWHERE)
        self.actor = now
        await self._follow(topics)
        return True

    async def _end(self, code: int) -> bool:
        await self._follow(frozenset())
        self.actor = None
        await self.close(code=code)
        return False

    async def _tell(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        changed, self.waiting = self.waiting, Counter()
        for topic, count in sorted(changed.items()):
            await self.send_json({"topic": topic, "count": count})

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(self.recheck_seconds)
            if not await self.check():
                return

    async def _follow(self, topics: frozenset[str]) -> None:
        if self.actor is not None:
            self.tenant_id = self.actor.tenant_id
        for topic in sorted(topics - self.topics):
            await self.channel_layer.group_add(
                browser_group(self.tenant_id, topic), self.channel_name
            )
        for topic in sorted(self.topics - topics):
            await self.channel_layer.group_discard(
                browser_group(self.tenant_id, topic), self.channel_name
            )
        self.topics = topics

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _read(self) -> tuple[Actor | None, frozenset[str]]:
        actor = find_actor(self.scope["headers"])
        if actor is None:
            return None, frozenset()
        with acting_as(actor):
            return actor, frozenset(t for t, action in NEEDED.items() if may_somewhere(action))


def find_actor(headers: list[tuple[bytes, bytes]]) -> Actor | None:
    """Return who the session cookie among `headers` belongs to now, or None."""
    key = session_key(headers)
    if not key:
        return None
    session = SessionStore(key)
    signed_in = find_session_actor(
        session.get("tenant_id"),
        session.get("user_id"),
        channel=Channel.WEBSOCKET,
        request_id=ids.request_id(),
        entered=session.get(ENTERED),
    )
    return signed_in.actor if signed_in else None


def session_key(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the value of the session cookie; empty when there is none."""
    cookies: SimpleCookie = SimpleCookie()
    with contextlib.suppress(CookieError):
        cookies.load("; ".join(_all(headers, b"cookie")))
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else ""


def is_own_page(headers: list[tuple[bytes, bytes]]) -> bool:
    """Tell whether the Origin is the portal's public address, or the host that was asked."""
    origin, host = _first(headers, b"origin"), _first(headers, b"host")
    if not origin:
        return False
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    domain, _ = split_domain_port(host)
    is_known = bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
    return is_known and urlsplit(origin).netloc == host


def _all(headers: list[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


def _first(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    return next(iter(_all(headers, name)), "")
