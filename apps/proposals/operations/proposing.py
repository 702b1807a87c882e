"""Asking for a change of any kind."""

from typing import Any
from uuid import UUID

from django.db.models import Max

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize, decide
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.locks import take_turn
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor
from apps.orgs import queries as orgs
from apps.orgs.checks import clean_text, require_live
from apps.orgs.types import Severity, severity_rank
from apps.policies import queries as policies

from ..approvers import terms_of
from ..conflicts.standing import is_free_of_conflicts
from ..kinds import get_kind
from ..models import Proposal
from ..types import POLICY_KINDS, REASON_LENGTH, ProposalKind
from .deciding import apply_and_close
from .rounds import begin_round

ALREADY_PENDING = {
    "one_pending_proposal_per_subject": ("kind", "A proposal for this is pending already.")
}
NUMBER = "Going back to an earlier version names that version; nothing else does."


@operation("policy.propose")
def propose_policy(
    *,
    policy_id: UUID,
    justification: str,
    kind: str = ProposalKind.ACTIVATE_POLICY,
    number: int | None = None,
) -> Proposal:
    """Ask for a policy's working copy, or its version `number`, to come into force, or for neither.

    `number` goes with `rollback_policy` alone; the working copy has no part in that.
    """
    policy = policies.get_policy(policy_id, for_update=True)
    authorize("policy.propose", policy.as_resource())
    if kind not in POLICY_KINDS:
        raise Invalid(fields={"kind": [f"Choose one of {', '.join(POLICY_KINDS)}."]})
    if (number is not None) != (kind == ProposalKind.ROLLBACK_POLICY):
        raise Invalid(fields={"number": [NUMBER]})
    proposal = _new(kind=kind, scope=policy.scope, justification=justification)
    proposal.policy = policy
    proposal.payload = {} if number is None else {"number": number}
    _open(proposal)
    after = {"number": proposal.number, "kind": kind, "digest": proposal.digest}
    change = Change(after=after, reason=proposal.justification)
    emit("policy.proposed", resource=proposal.as_resource(), change=change)
    _apply_by_rule(proposal)
    return proposal


@operation("governance.propose")
def propose_change(
    *, scope_id: UUID, kind: str, payload: dict[str, Any], justification: str
) -> Proposal:
    """Ask for a change at a scope, such as a role for somebody or another governance rule."""
    scope = orgs.get_scope(scope_id)
    authorize("governance.propose", scope.as_resource())
    require_live(scope)
    chosen = get_kind(kind)
    if not chosen.is_revised_by_payload:
        raise Invalid(fields={"kind": ["A policy is proposed from the policy itself."]})
    proposal = _new(kind=kind, scope=scope, justification=justification)
    proposal.payload = chosen.clean(scope=scope, payload=payload)
    _open(proposal)
    after = {"number": proposal.number, "kind": kind, "payload": proposal.payload}
    change = Change(after=after, reason=proposal.justification)
    emit("governance.proposed", resource=proposal.as_resource(), change=change)
    _apply_by_rule(proposal)
    return proposal


def author_of() -> tuple[Any, UUID | None]:
    """Return the person who acts, and their agent if it is one that acts for them."""
    actor = current_actor()
    owner = orgs.get_acting_user()
    is_agent = actor.principal.kind == "Agent"
    return owner, UUID(actor.principal.id) if is_agent else None


def require_agent_limit(proposal: Proposal) -> None:
    """Raise Conflict if an agent proposes more than the rules let agents propose."""
    if proposal.through_agent_id is None:
        return
    own = list(Severity)[orgs.principal_facts(current_actor()).severity]
    limit = min(terms_of(proposal).agent_max_severity, own, key=severity_rank)
    if severity_rank(proposal.severity) > severity_rank(limit):
        raise Conflict(f"Agents may propose changes up to {limit} here; this one needs a person.")


def _new(*, kind: str, scope: Any, justification: str) -> Proposal:
    author, agent_id = author_of()
    return Proposal(
        kind=kind,
        scope=scope,
        author=author,
        through_agent_id=agent_id,
        justification=clean_text(justification, field="justification", limit=REASON_LENGTH),
        created_at=clock.now(),
    )


def _open(proposal: Proposal) -> None:
    kind = get_kind(proposal.kind)
    kind.take(proposal)
    proposal.digest = proposal.digest_of(kind.content(proposal))
    require_agent_limit(proposal)
    proposal.number = _next_number()
    begin_round(proposal)
    with conflicts(ALREADY_PENDING):
        proposal.save(force_insert=True)


def _next_number() -> int:
    take_turn("proposal.number")
    last: int | None = Proposal.objects.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _apply_by_rule(proposal: Proposal) -> None:
    """Apply at once what the rules let its author do without a second person."""
    role = terms_of(proposal).auto_approve_role
    if not role or proposal.through_agent_id or not orgs.holds_role(role, str(proposal.scope_id)):
        return
    if not decide(*get_kind(proposal.kind).authority(proposal)).allowed:
        return
    if not is_free_of_conflicts(proposal):
        return
    apply_and_close(proposal)
    after = {"state": proposal.state, "revision": proposal.revision}
    change = Change(after=after, reason=f"By the rules, as proposed with the role {role}.")
    emit("proposal.approved", resource=proposal.as_resource(), change=change)
