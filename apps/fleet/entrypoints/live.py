"""The WebSocket of Cedar agents: protocol version 1 of docs/agent-protocol.md."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError
from redis import RedisError

from apps.kernel.actor import Actor, Channel, service_actor
from apps.kernel.errors import Conflict, DomainError
from apps.kernel.groups import group
from apps.kernel.telemetry import CONNECTED_AGENTS
from apps.kernel.tenancy import acting_as
from apps.kernel.tokens import digest_of, tenant_of
from apps.policies import queries as policies
from apps.policies.operations import publish_revision
from apps.policies.signing import key_chain

from .. import operations, queries
from ..frames import Ack, BadFrame, Decisions, Frame, Heartbeat, Hello, Nack, parse_frame
from ..leases import grant_lease
from ..models import CedarAgent
from ..publisher import TOPIC
from ..types import HEARTBEAT, MAX_FRAME_BYTES, SUBPROTOCOL, CloseCode

logger = logging.getLogger(__name__)
HELLO_SECONDS = 10
OUT_OF_REACH = (OperationalError, InterfaceError, RedisError, OSError)

# The default is one thread for all connections of the process: one wait would hold up everybody.
in_a_thread = partial(database_sync_to_async, thread_sensitive=False)


class CedarAgentConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One connection of one agent; every message is handled in a scope of its own."""

    agent: CedarAgent | None = None
    group = ""
    has_said_hello = False
    is_ending = False
    sent: tuple[int, str | None] = (0, None)
    sent_kid = ""
    hello_timer: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection; however it ends, it is counted no longer."""
        try:
            await super().__call__(scope, receive, send)
        except OUT_OF_REACH:
            logger.warning("an agent's connection could not begin", exc_info=True)
            # A refusal is a close code, never the HTTP status that this would become.
            with contextlib.suppress(OSError):
                if not hasattr(self, "base_send"):
                    await send({"type": "websocket.accept"})
                await send({"type": "websocket.close", "code": int(CloseCode.TRY_LATER)})
        finally:
            if self.hello_timer is not None:
                self.hello_timer.cancel()
                CONNECTED_AGENTS.dec()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one message; end the connection when what that needs is out of reach."""
        try:
            await super().dispatch(message)
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
            self.group = group(self.agent.tenant_id, TOPIC)
            await self.channel_layer.group_add(self.group, self.channel_name)

    async def disconnect(self, _code: int) -> None:
        self.is_ending = True
        if not self.group:
            return
        try:
            await self._work(operations.note_disconnect, connection=self.connection)
            await self.channel_layer.group_discard(self.group, self.channel_name)
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

    async def revision_published(self, _message: dict[str, Any]) -> None:
        if self.has_said_hello and not self.is_ending:
            async with self._refusing():
                await self._send_head()

    async def agent_revoked(self, message: dict[str, Any]) -> None:
        if self.agent and str(self.agent.id) == message["agent_id"]:
            await self._refuse(CloseCode.REVOKED, "revoked", "The token of this agent ended.")

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
            decision_log=await self._read(_log_rules),
        )
        await self._tell_keys(await self._read(_signed_head))
        self.sent = (hello.revision, hello.digest)
        await self._send_head(is_answer=True)

    async def _on_ack(self, ack: Ack) -> None:
        await self._work(
            operations.acknowledge_revision,
            connection=self.connection,
            revision=ack.revision,
            digest=ack.digest,
            applied_ms=ack.applied_ms,
        )

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
        is_ours = await self._work(
            operations.note_heartbeat,
            connection=self.connection,
            revision=beat.revision,
            digest=beat.digest,
        )
        if not is_ours:
            await self._refuse(CloseCode.REPLACED, "replaced", "A newer connection took over.")
            return
        pulse = await self._work(_pulse, nonce=beat.nonce)
        await self._tell_keys(pulse.keys)
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
        head, bundle = await self._work(_news, connection=self.connection, has=self.sent)
        if bundle is None:
            if is_answer:
                await self._send(type="up_to_date", revision=head.number, digest=head.digest)
            return
        if bundle.kid != self.sent_kid:
            await self._tell_keys(await self._read(key_chain))
        self.sent = (bundle.revision, bundle.digest)
        await self._send(
            type="snapshot",
            revision=bundle.revision,
            digest=bundle.digest,
            previous_digest=bundle.previous_digest,
            schema=bundle.schema,
            policies=bundle.policies,
            entities=bundle.entities,
            manifest=bundle.manifest,
        )

    async def _tell_keys(self, keys: Sequence[dict[str, Any]]) -> None:
        """Name the company's keys before anything is sent that the newest of them signed."""
        if keys and keys[-1]["kid"] != self.sent_kid:
            self.sent_kid = keys[-1]["kid"]
            await self._send(type="keys", keys=keys)

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


def _log_rules() -> dict[str, Any]:
    rules = queries.decision_log_rules()
    return {"sample_percent": rules.sample_percent, "masked": rules.masked}


class _Pulse(NamedTuple):
    head: tuple[int, str | None]
    rules: dict[str, Any]
    keys: Sequence[dict[str, Any]]
    lease: str | None


def _pulse(*, agent_id: UUID, nonce: str | None) -> _Pulse:
    head = policies.get_head()
    lease = grant_lease(queries.get_agent(agent_id), nonce=nonce) if nonce else None
    return _Pulse((head.number, head.digest), _log_rules(), key_chain(), lease)


def _signed_head() -> Sequence[dict[str, Any]]:
    """Return the company's keys, after what is older than signing was published anew."""
    if not policies.is_head_signed():
        publish_revision(reason="Signed for the first time")
    return key_chain()


def _news(*, agent_id: UUID, connection: str, has: tuple[int, str | None]) -> tuple[Any, Any]:
    """Return the head, and its bundle for a live agent that does not have it yet."""
    operations.require_connected(agent_id=agent_id, connection=connection)
    head = policies.get_head()
    is_new = head.number != 0 and (head.number, head.digest) != has
    return head, policies.load_bundle(head.number) if is_new else None


def _bearer(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].decode("latin-1").strip()
    return ""
