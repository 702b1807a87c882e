"""The portal's own service that signs people in and out."""

from dataclasses import replace
from uuid import UUID

from apps.kernel import ids
from apps.kernel.actor import Actor, Channel, service_actor

NAME = "sign-in"


def sign_in_service(
    tenant_id: UUID, *, request_id: str = "", channel: Channel = Channel.WEB
) -> Actor:
    """Return the actor that looks people up and starts or ends their sessions in one tenant."""
    actor = service_actor(tenant_id=tenant_id, name=NAME, channel=channel)
    return replace(actor, request_id=request_id or ids.request_id())
