"""What the fleet does about events: connections look at once, administrators are told."""

from collections.abc import Mapping
from uuid import UUID

from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.kernel.hints import hint
from apps.notifications.operations import send_notifications
from apps.orgs.queries import list_holders
from apps.orgs.types import Role
from apps.policies.types import REVISIONS

from . import queries
from .types import AgentHealth

SAID: Mapping[str, str] = {
    AgentHealth.REFUSED: "refuses the newest revision",
    AgentHealth.OFFLINE: "has been silent for too long",
    AgentHealth.BEHIND: "does not serve the newest revision",
}


@on("cedar_agent.revoked", "cedar_agent.rotated")
def disconnect_agent(happened: Happened) -> None:
    """Have every connection of the company look whether it still counts."""
    hint(REVISIONS, str(happened.tenant_id))


@on("agent.out_of_date")
def tell_of_lapse(happened: Happened) -> None:
    """Tell the company's administrators that an agent is out of date, once an episode."""
    agent = queries.get_agent(UUID(happened.resource_id))
    holders = list_holders(scope_id=str(happened.tenant_id), role=Role.ADMIN)
    send_notifications(
        recipient_ids=[holder.user_id for holder in holders],
        kind=happened.type,
        subject=f"{agent.name} {SAID[happened.payload['state']]}",
        path=f"/fleet/agents/{agent.id}/",
        key=str(happened.id),
    )
