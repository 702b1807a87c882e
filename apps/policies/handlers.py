"""What policies do when the organization changes: agents must know."""

from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.orgs.types import SYNCHRONISED_EVENTS

from .operations import publish_revision


@on(*SYNCHRONISED_EVENTS)
def publish_organization(happened: Happened) -> None:
    """Publish a revision with the organization as it is now; nothing changes if it is the same."""
    publish_revision(reason=happened.type)
