"""What policies do when the organization changes, or an analysis is asked for."""

from collections.abc import Mapping
from uuid import UUID

from apps.events.queries import is_newer_pending
from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.kernel.background import run_soon
from apps.notifications.operations import send_notifications
from apps.orgs.queries import list_holders
from apps.orgs.types import SYNCHRONISED_EVENTS, Role

from . import queries
from .operations import publish_revision

ROLLED_BACK: Mapping[str, str] = {
    "policy.rolled_back": "was rolled back at once and waits for somebody to confirm it",
    "policy.rollback_confirmed": "stays rolled back: somebody confirmed it",
    "policy.rollback_ended": "is no longer rolled back: what it replaced is in force again",
}

BROKEN: Mapping[str, str] = {
    "break_glass.opened": "permits at every agent what policies do not",
    "break_glass.ended": "is over and waits for somebody to review it",
}


@on(*SYNCHRONISED_EVENTS)
def publish_organization(happened: Happened) -> None:
    """Publish a revision with the organization as it is now, once for a burst of changes."""
    if is_newer_pending(handler="policies.publish_organization", event_id=happened.id):
        return
    publish_revision(reason=happened.type)


@on("policy.analysis_requested")
def start_analysis(happened: Happened) -> None:
    """Hand the analysis of a working copy to the workers: it takes longer than the relay waits."""
    run_soon("policies.analyze", tenant_id=str(happened.tenant_id), policy_id=happened.resource_id)


@on("policy.reword_requested")
def start_rewording(happened: Happened) -> None:
    """Hand the question to the model to the workers."""
    rewording_id = happened.payload.get("rewording_id", "")
    run_soon("policies.reword", tenant_id=str(happened.tenant_id), rewording_id=rewording_id)


@on(*ROLLED_BACK)
def tell_of_rollback(happened: Happened) -> None:
    """Tell everybody who may confirm or end an emergency rollback what became of it, once."""
    policy = queries.get_policy(UUID(happened.resource_id))
    holders = list_holders(scope_id=str(happened.scope_id), role=Role.ARCHITECT)
    send_notifications(
        recipient_ids=[holder.user_id for holder in holders],
        kind=happened.type,
        subject=f"{policy.name} {ROLLED_BACK[happened.type]}",
        path=f"/policies/{policy.id}/",
        key=str(happened.id),
    )


@on(*BROKEN)
def tell_of_break_glass(happened: Happened) -> None:
    """Tell every administrator of the company that a break-glass was opened, or is over, once."""
    glass = queries.get_break_glass(UUID(happened.resource_id))
    holders = list_holders(scope_id=str(glass.scope_id), role=Role.ADMIN)
    send_notifications(
        recipient_ids=[holder.user_id for holder in holders],
        kind=happened.type,
        subject=f"A {glass} by {glass.author.name} {BROKEN[happened.type]}",
        path=f"/policies/break-glasses/{glass.id}/",
        key=str(happened.id),
    )
