"""What time does to a proposal that nobody decides: remind, escalate, expire; each step once."""

from collections.abc import Sequence
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation
from apps.orgs import queries as orgs

from .. import queries
from ..models import Proposal, ProposalStep
from ..schedule import Step, due_now
from ..types import ProposalState, StepKind
from .deciding import close, require_state
from .rounds import climb, plan_next, steps_for, taken_keys

NUDGED = {"proposal_step_once": ("proposal_id", "They were reminded within this hour already.")}
ONCE = {"proposal_step_once": ("proposal_id", "That step was taken already.")}


@operation("proposal.remind")
def remind_of_proposal(*, proposal_id: UUID) -> Proposal:
    """Remind those who are asked, once however many reminders were missed; Conflict if not due."""
    proposal, steps = _due(proposal_id, "proposal.remind", StepKind.REMIND)
    _save(proposal)
    payload = {"missed": len(steps) - 1, "is_overdue": _is_overdue(proposal)}
    emit("proposal.reminded", resource=proposal.as_resource(), change=Change(payload=payload))
    return proposal


@operation("proposal.nudge")
def nudge_approvers(*, proposal_id: UUID) -> Proposal:
    """Remind those who are asked now because somebody wants it; Conflict more than once an hour."""
    proposal = queries.get_proposal(proposal_id, for_update=True)
    authorize("proposal.nudge", proposal.as_resource())
    require_state(proposal, ProposalState.EXPIRED)
    moment = clock.now()
    with conflicts(NUDGED):
        ProposalStep.objects.create(
            proposal=proposal,
            round=proposal.round,
            key=f"nudge:{moment:%Y-%m-%dT%H}",
            taken_at=moment,
        )
    emit("proposal.nudged", resource=proposal.as_resource(), change=Change())
    return proposal


@operation("proposal.escalate")
def escalate_proposal(*, proposal_id: UUID) -> Proposal:
    """Ask the next level's approvers too, with time of their own; Conflict if not due."""
    proposal, _ = _due(proposal_id, "proposal.escalate", StepKind.ESCALATE)
    before = proposal.level
    climb(proposal)
    _save(proposal)
    scopes = orgs.level_scopes(str(proposal.scope_id))
    change = Change(
        before={"level": before, "asked_at": scopes[before].name},
        after={"level": proposal.level, "asked_at": scopes[proposal.level].name},
        payload={"level_before": before},
    )
    emit("proposal.escalated", resource=proposal.as_resource(), change=change)
    return proposal


@operation("proposal.expire")
def expire_proposal(*, proposal_id: UUID) -> Proposal:
    """End a proposal that nobody decided in time; its author may revise it. Conflict if not due."""
    proposal, _ = _due(proposal_id, "proposal.expire", StepKind.EXPIRE)
    close(proposal, ProposalState.EXPIRED)
    change = Change(before={"state": "pending"}, after={"state": "expired"})
    emit("proposal.expired", resource=proposal.as_resource(), change=change)
    return proposal


def next_kind(proposal: Proposal) -> StepKind | None:
    """Return which step is to be taken now, or None if none is due."""
    due = _due_steps(proposal)
    return due[-1].kind if due else None


def _due(proposal_id: UUID, action: str, kind: StepKind) -> tuple[Proposal, Sequence[Step]]:
    proposal = queries.get_proposal(proposal_id, for_update=True)
    authorize(action, proposal.as_resource())
    require_state(proposal, ProposalState.EXPIRED)
    steps = _due_steps(proposal)
    if not steps or steps[-1].kind != kind:
        raise Conflict("It is not time for that.")
    _note(proposal, steps)
    return proposal, steps


def _due_steps(proposal: Proposal) -> list[Step]:
    return due_now(steps_for(proposal), done=taken_keys(proposal), now=clock.now())


def _note(proposal: Proposal, steps: Sequence[Step]) -> None:
    moment = clock.now()
    with conflicts(ONCE):
        ProposalStep.objects.bulk_create(
            ProposalStep(
                proposal=proposal,
                round=proposal.round,
                key=step.key,
                is_missed=step is not steps[-1],
                taken_at=moment,
            )
            for step in steps
        )


def _save(proposal: Proposal) -> None:
    plan_next(proposal)
    proposal.save(update_fields=["level", "level_since", "due_at", "next_step_at"])


def _is_overdue(proposal: Proposal) -> bool:
    return proposal.due_at is not None and clock.now() >= proposal.due_at
