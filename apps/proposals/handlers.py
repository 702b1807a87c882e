"""What follows what happens to a proposal: people are told, and what waits is analysed."""

from collections.abc import Mapping
from uuid import UUID

from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.kernel.background import run_soon
from apps.notifications.operations import send_notifications

from . import queries
from .approvers import quorum
from .models import Proposal, Shadow
from .replay.tally import Tally
from .types import ProposalState

TO_APPROVERS: Mapping[str, str] = {
    "policy.proposed": "waits for your decision",
    "governance.proposed": "waits for your decision",
    "proposal.revised": "was revised and waits for your decision",
    "proposal.reminded": "still waits for your decision",
    "proposal.nudged": "still waits for your decision",
    "proposal.escalated": "was decided by nobody below and now waits for you too",
}
TO_AUTHOR: Mapping[str, str] = {
    "proposal.approved": "was approved",
    "proposal.rejected": "was rejected",
    "proposal.expired": "expired: nobody decided in time",
}


@on(*TO_APPROVERS)
def tell_approvers(happened: Happened) -> None:
    """Tell those who are asked now, once for this event; nobody if it is decided meanwhile."""
    proposal = queries.get_proposal(UUID(happened.resource_id))
    if proposal.state != ProposalState.PENDING:
        return
    people = [one.user.id for one in quorum(proposal).asked]
    _tell(happened, proposal, people, TO_APPROVERS[happened.type], links=_links(proposal))


@on(*TO_AUTHOR)
def tell_author(happened: Happened) -> None:
    """Tell the author what became of it, once for this event."""
    proposal = queries.get_proposal(UUID(happened.resource_id))
    if happened.type == "proposal.approved" and proposal.state == ProposalState.PENDING:
        return
    _tell(happened, proposal, [proposal.author_id], TO_AUTHOR[happened.type])


@on(
    "policy.proposed",
    "proposal.revised",
    "policy.activated",
    "policy.retired",
    "policy.test_added",
    "policy.test_removed",
    "revision.published",
)
def analyze_what_waits(happened: Happened) -> None:
    """Hand the analysis of what waits to the workers; what was analysed already stays so."""
    run_soon("proposals.analyze_waiting", tenant_id=str(happened.tenant_id))


@on("proposal.replay_requested")
def start_replay(happened: Happened) -> None:
    """Hand the replay of recorded decisions to the workers: it is long work."""
    replay_id = happened.payload.get("replay_id", "")
    run_soon("proposals.replay", tenant_id=str(happened.tenant_id), replay_id=replay_id)


@on("shadow.ended")
def tell_who_shadowed(happened: Happened) -> None:
    """Tell who put it in shadow what was found, unless a decision or a revision ended it."""
    shadow = queries.get_shadow(UUID(happened.payload["shadow_id"]))
    if queries.find_overtaking(shadow):
        return
    send_notifications(
        recipient_ids=[shadow.author_id],
        kind=happened.type,
        subject=f"{shadow.proposal} was in shadow for {_found(shadow)}",
        path=f"/proposals/shadows/{shadow.id}/",
        key=str(happened.id),
    )


def _found(shadow: Shadow) -> str:
    hours = "1 hour" if shadow.hours == 1 else f"{shadow.hours} hours"
    if shadow.ended_at is None or shadow.ended_at < shadow.until:
        hours = f"less than {hours}: {shadow.ending[:1].lower()}{shadow.ending[1:].rstrip('.')}"
    different = Tally.resumed(shadow.report).different
    noun = "decision" if different == 1 else "decisions"
    return f"{hours}: {different or 'no'} {noun} would be different"


def _links(proposal: Proposal) -> Mapping[str, str]:
    """Return the pages that ask to confirm a decision; opening them decides nothing."""
    return {
        word: f"/proposals/{proposal.id}/decide/{what}/"
        for word, what in (("Approve", "approve"), ("Reject", "reject"))
    }


def _tell(
    happened: Happened,
    proposal: Proposal,
    people: list[UUID],
    words: str,
    *,
    links: Mapping[str, str] | None = None,
) -> None:
    send_notifications(
        recipient_ids=people,
        kind=happened.type,
        subject=f"{proposal} {words}",
        path=f"/proposals/{proposal.id}/",
        key=str(happened.id),
        links=links,
    )
