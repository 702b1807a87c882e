"""Who acts: a principal in a tenant, for whom, through which door."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from .ids import request_id


class PrincipalKind(StrEnum):
    USER = "User"
    AGENT = "Agent"
    SERVICE = "Service"


class Channel(StrEnum):
    WEB = "web"
    REST = "rest"
    WEBSOCKET = "websocket"
    TASK = "task"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, an agent or a service of the portal; `name` is for reading only."""

    kind: PrincipalKind
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """A principal acting in one tenant; `scopes` limits a token, None means no limit."""

    tenant_id: UUID
    principal: Principal
    channel: Channel
    on_behalf_of: tuple[Principal, ...] = ()
    scopes: frozenset[str] | None = None
    request_id: str = field(default_factory=request_id)
    is_platform: bool = False


def service_actor(
    *,
    tenant_id: UUID,
    name: str,
    channel: Channel = Channel.TASK,
    on_behalf_of: tuple[Principal, ...] = (),
) -> Actor:
    """Return the actor of one of the portal's own services, such as the relay or sign-in."""
    principal = Principal(kind=PrincipalKind.SERVICE, id=name, name=name)
    return Actor(
        tenant_id=tenant_id, principal=principal, channel=channel, on_behalf_of=on_behalf_of
    )
