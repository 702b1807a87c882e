"""A round of a proposal: who is asked, until when, and what time does next."""

from datetime import timedelta

from apps.kernel import clock
from apps.orgs import queries as orgs

from ..approvers import Quorum, first_level, quorum, terms_of
from ..models import Proposal, ProposalStep
from ..schedule import Step, Wait, next_at, steps_of


def begin_round(proposal: Proposal) -> None:
    """Ask the people of the nearest level that can decide, and set when the round ends."""
    found = quorum(proposal)
    proposal.expires_at = clock.now() + timedelta(hours=found.terms.expiry_hours)
    top = len(orgs.level_scopes(str(proposal.scope_id))) - 1
    _enter(proposal, found, level=first_level(found, top=top))


def climb(proposal: Proposal) -> None:
    """Ask the people of the next level that adds any, with time of their own."""
    found = quorum(proposal)
    top = len(orgs.level_scopes(str(proposal.scope_id))) - 1
    _enter(proposal, found, level=first_level(found, top=top, above=proposal.level))


def steps_for(proposal: Proposal) -> list[Step]:
    """Return what time will still do to a proposal at its level, and did."""
    if proposal.due_at is None or proposal.level_since is None or proposal.expires_at is None:
        return []
    terms = terms_of(proposal)
    top = len(orgs.level_scopes(str(proposal.scope_id))) - 1
    wait = Wait(
        level=proposal.level,
        since=proposal.level_since,
        due_at=proposal.due_at,
        expires_at=proposal.expires_at,
        may_escalate=terms.escalates and proposal.level < top,
        reminder_percents=terms.reminder_percents,
    )
    return steps_of(wait)


def taken_keys(proposal: Proposal) -> set[str]:
    """Return the keys of the steps already taken, or missed, in this round."""
    rows = ProposalStep.objects.filter(proposal_id=proposal.id, round=proposal.round)
    return set(rows.values_list("key", flat=True))


def plan_next(proposal: Proposal) -> None:
    """Set when time does something to the proposal next."""
    proposal.next_step_at = next_at(steps_for(proposal), done=taken_keys(proposal))


def _enter(proposal: Proposal, found: Quorum, *, level: int) -> None:
    scope = orgs.level_scopes(str(proposal.scope_id))[level]
    hours = orgs.review_hours(terms=found.terms, scope=scope)
    proposal.level = level
    proposal.level_since = clock.now()
    proposal.due_at = proposal.level_since + timedelta(hours=hours)
    plan_next(proposal)
