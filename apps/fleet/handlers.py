"""What the fleet does when a revision is published or an agent is ended: tell the connections."""

from apps.events.subscriptions import on
from apps.events.types import Happened

from .publisher import publish_revision, publish_revoked


@on("revision.published")
def announce_revision(happened: Happened) -> None:
    """Tell every connected agent of the tenant that there is a newer revision."""
    publish_revision(tenant_id=happened.tenant_id, revision=int(happened.payload["revision"]))


@on("cedar_agent.revoked", "cedar_agent.rotated")
def disconnect_agent(happened: Happened) -> None:
    """Close the connection of an agent whose token ended."""
    publish_revoked(tenant_id=happened.tenant_id, agent_id=happened.resource_id)
