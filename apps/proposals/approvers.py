"""Who may approve a proposal, who of them is asked at its level, and whether that is enough."""

from dataclasses import dataclass
from typing import Any

from apps.orgs import queries as orgs
from apps.orgs.governance import Terms
from apps.orgs.types import ROLE_ORDER, Role, Severity

from .kinds import Kind, get_kind
from .models import Proposal


@dataclass(frozen=True, slots=True)
class Approver:
    """A person who may approve; `level` says how far above the proposal's scope they stand."""

    user: Any
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """How many approvals a proposal needs, who may give them, and who is asked now."""

    terms: Terms
    approvers: tuple[Approver, ...]
    asked: tuple[Approver, ...]

    @property
    def is_satisfiable(self) -> bool:
        """Tell whether enough people may approve."""
        return len(self.approvers) >= self.terms.required_approvals

    @property
    def shortage(self) -> str:
        """Return in words that too few people may approve; empty if enough may."""
        if self.is_satisfiable:
            return ""
        needed, there = self.terms.required_approvals, len(self.approvers)
        approvals = "approval" if needed == 1 else "approvals"
        people = {0: "nobody", 1: "1 person"}.get(there, f"{there} people")
        return f"{needed} {approvals} needed, {people} may give them"


def terms_of(proposal: Proposal) -> Terms:
    """Return the terms in force for a proposal."""
    kind = get_kind(proposal.kind)
    found = effective_rule(
        kind, scope_id=str(proposal.scope_id), severity=Severity(proposal.severity)
    )
    return kind.terms_under(found.terms)


def effective_rule(kind: Kind, *, scope_id: str, severity: Severity) -> orgs.Effective:
    """Return the rule that holds for a kind of change of a severity at a scope."""
    return orgs.effective_rule(
        scope_id=scope_id, kind=kind.ruled_as or kind.name, severity=severity
    )


def lowest_role(proposal: Proposal, terms: Terms) -> Role:
    """Return the lowest role whose holders' approvals count."""
    of_kind = get_kind(proposal.kind).lowest_role
    return max(of_kind, Role(terms.approver_role or of_kind), key=ROLE_ORDER.index)


def quorum(proposal: Proposal) -> Quorum:
    """Return who may approve a proposal by roles and permissions, its author left out."""
    terms = terms_of(proposal)
    role = lowest_role(proposal, terms)
    holders = orgs.list_holders(scope_id=str(proposal.scope_id), role=role)
    levels = {h.user_id: h.level for h in holders if h.user_id != proposal.author_id}
    action, resource = get_kind(proposal.kind).authority(proposal)
    allowed = orgs.who_may(action, resource, among=levels)
    answers = orgs.who_may(
        "proposal.approve", proposal.as_resource(), among=[answer.user.id for answer in allowed]
    )
    people = [Approver(user=a.user, level=levels[a.user.id]) for a in answers]
    approvers = tuple(sorted(people, key=lambda one: one.level))
    asked = tuple(one for one in approvers if one.level <= proposal.level)
    return Quorum(terms=terms, approvers=approvers, asked=asked)


def first_level(found: Quorum, *, top: int, above: int = -1) -> int:
    """Return the lowest level over `above` up to which enough people may approve, else the top."""
    needed = found.terms.required_approvals
    for level in range(above + 1, top):
        reached = sum(1 for one in found.approvers if one.level <= level)
        before = sum(1 for one in found.approvers if one.level <= above)
        if reached >= needed and reached > before:
            return level
    return top
