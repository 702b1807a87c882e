"""What policies do when the organization changes, or an analysis is asked for."""

from apps.events.queries import is_newer_pending
from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.kernel.background import run_soon
from apps.orgs.types import SYNCHRONISED_EVENTS

from .operations import publish_revision


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
