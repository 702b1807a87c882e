"""How far the analysis of a proposal is, and what it found that stands in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.kernel.errors import Conflict
from apps.kernel.locks import take_turn
from apps.policies.comparison import BLOCKING, Change
from apps.policies.digest import canonical, sha256
from apps.policies.standing import find_analysis, find_analysis_until, needs_proof, read_change

from ..kinds.policy import layer_proposed
from ..models import ConflictAcceptance, Proposal
from ..types import ProposalState


class Stand(StrEnum):
    """`none` is for what is no change of a policy, and for what nobody analysed in its time."""

    NONE = "none"
    PENDING = "pending"
    CLEAR = "clear"
    CONFLICTING = "conflicting"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an analysis stands; `open` holds the findings that block, accepted or not."""

    state: Stand
    analysis: Any = None
    open: Sequence[Mapping[str, Any]] = ()
    acceptance: ConflictAcceptance | None = None
    is_blocking: bool = False

    @property
    def report(self) -> Mapping[str, Any] | None:
        return self.analysis.report if self.analysis else None


def change_of(proposal: Proposal) -> Change | None:
    """Return what a proposal would change in what is in force; None if it is about no policy."""
    if proposal.policy is None:
        return None
    return read_change(proposal.policy.id, layer_proposed(proposal))


def standing_of(proposal: Proposal) -> Standing:
    """Return how the analysis of a proposal stands beside what is in force now.

    Of a decided one: as it stood when it was decided.
    """
    change = change_of(proposal)
    if change is None:
        return Standing(state=Stand.NONE)
    if proposal.state != ProposalState.PENDING:
        return _decided(proposal, change)
    analysis = find_analysis(change)
    if analysis is None:
        return Standing(state=Stand.PENDING, is_blocking=needs_proof(change))
    return _standing(proposal, analysis)


def require_analysed(proposal: Proposal) -> None:
    """Raise Conflict unless a proposal is free of conflicts, or they were accepted.

    Holds the turn of everything that comes into force until the transaction ends: what is proven
    here stays true until then.
    """
    take_turn("policies.in_force")
    standing = standing_of(proposal)
    if not standing.is_blocking:
        return
    if standing.state == Stand.PENDING:
        raise Conflict(
            "It is still being analysed beside what is in force. That takes a few seconds; "
            "approve it when the result is shown."
        )
    raise Conflict(
        f"{_count(standing.open)} must be resolved by a revision, or accepted with a reason, "
        "before it can be approved."
    )


def is_free_of_conflicts(proposal: Proposal) -> bool:
    """Return whether nothing stands in the way; holds the turn as `require_analysed` does."""
    take_turn("policies.in_force")
    return not standing_of(proposal).is_blocking


def digest_of(findings: Sequence[Mapping[str, Any]]) -> str:
    """Return the digest by which conflicts are accepted: the same ones have the same."""
    told = sorted(canonical([f["level"], f["matter"], f["first"], f["second"]]) for f in findings)
    return sha256(canonical(told))


def _decided(proposal: Proposal, change: Change) -> Standing:
    analysis = find_analysis_until(change, proposal.decided_at)
    if analysis is None:
        return Standing(state=Stand.NONE)
    return _standing(proposal, analysis)


def _standing(proposal: Proposal, analysis: Any) -> Standing:
    found = [f for f in analysis.report["findings"] if f["level"] in BLOCKING]
    if not found:
        return Standing(state=Stand.CLEAR, analysis=analysis)
    acceptance = _find_acceptance(proposal, found)
    return Standing(
        state=Stand.ACCEPTED if acceptance else Stand.CONFLICTING,
        analysis=analysis,
        open=found,
        acceptance=acceptance,
        is_blocking=acceptance is None,
    )


def _find_acceptance(
    proposal: Proposal, findings: Sequence[Mapping[str, Any]]
) -> ConflictAcceptance | None:
    rows = ConflictAcceptance.objects.filter(
        proposal=proposal, digest=proposal.digest, conflicts=digest_of(findings)
    )
    return rows.select_related("accepted_by").first()  # type: ignore[no-any-return]


def _count(findings: Sequence[Mapping[str, Any]]) -> str:
    conflicts = sum(1 for found in findings if found["level"] == "conflict")
    unproven = len(findings) - conflicts
    parts = []
    if conflicts:
        parts.append(f"{conflicts} conflict{'s' if conflicts > 1 else ''} with what is in force")
    if unproven:
        parts.append(f"{unproven} question{'s' if unproven > 1 else ''} not yet proven")
    text = " and ".join(parts)
    return text[0].upper() + text[1:]
