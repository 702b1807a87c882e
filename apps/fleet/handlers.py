"""What the fleet does when an agent is ended: have its connection look at once."""

from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.kernel.hints import hint
from apps.policies.types import REVISIONS


@on("cedar_agent.revoked", "cedar_agent.rotated")
def disconnect_agent(happened: Happened) -> None:
    """Have every connection of the company look whether it still counts."""
    hint(REVISIONS, str(happened.tenant_id))
