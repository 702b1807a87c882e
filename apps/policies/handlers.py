"""What policies do when the organization changes: agents must know."""

from apps.events.queries import is_newer_pending
from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.orgs.types import SYNCHRONISED_EVENTS

from .operations import publish_revision


@on(*SYNCHRONISED_EVENTS)
def publish_organization(happened: Happened) -> None:
    """Publish a revision with the organization as it is now, once for a burst of changes."""
    if is_newer_pending(handler="policies.publish_organization", event_id=happened.id):
        return
    publish_revision(reason=happened.type)
