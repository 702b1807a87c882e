"""Reads of proposals: lists, one with all about it, and what still blocks it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import Resource, decide, decide_many
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import current_actor
from apps.orgs.governance import Terms
from apps.orgs.queries import permitted_at, principal_facts
from apps.orgs.types import ROLE_TITLES
from apps.policies import queries as policies

from .approvers import lowest_role, terms_of
from .kinds import get_kind
from .kinds.policy import content_under
from .models import Comment, Proposal, Replay, Review, Shadow
from .types import ProposalState, Verdict

OUTDATED = "The policy changed meanwhile: its author must revise the proposal."
REVISED = "The proposal was revised."
REVISABLE = (ProposalState.PENDING, ProposalState.REJECTED, ProposalState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of a proposal's timeline."""

    at: datetime
    kind: str
    who: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class MergeBox:
    """Whether the actor can decide now, and what still stands in the way."""

    can_approve: bool
    can_reject: bool
    can_withdraw: bool
    can_revise: bool
    approvals: int
    required: int
    blockers: Sequence[str]


def list_proposals(
    *, state: str = "", author_id: UUID | None = None, policy_id: UUID | None = None
) -> QuerySet[Proposal]:
    """Return the proposals the actor may view, newest first, with policy and author."""
    rows = Proposal.objects.filter(permitted_at("proposal.view", "scope_id"))
    if state:
        rows = rows.filter(state=state)
    if author_id:
        rows = rows.filter(author_id=author_id)
    if policy_id:
        rows = rows.filter(policy_id=policy_id)
    related = ("policy__scope", "scope", "author", "through_agent")
    return rows.select_related(*related).order_by("-number")  # type: ignore[no-any-return]


def get_proposal(proposal_id: UUID, *, for_update: bool = False) -> Proposal:
    """Return one proposal with policy and author, locked if asked; raise NotFound."""
    rows = Proposal.objects.select_related("policy__scope", "scope", "author")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    proposal = rows.filter(id=proposal_id).first()
    if proposal is None:
        raise NotFound("There is no such proposal.")
    return proposal  # type: ignore[no-any-return]


def list_waiting() -> list[Proposal]:
    """Return the pending proposals that the actor may decide on, oldest first."""
    # Every page counts these: asking about the few that are pending is cheaper than finding out
    # where in the whole organization the actor may look.
    rows = Proposal.objects.filter(state=ProposalState.PENDING)
    related = ("policy__scope", "scope", "author", "through_agent")
    waiting = list(rows.select_related(*related).order_by("number"))
    for action in ("proposal.view", "proposal.approve"):
        answers = decide_many(action, [proposal.as_resource() for proposal in waiting])
        waiting = [p for p, answer in zip(waiting, answers, strict=True) if answer.allowed]
    decidable = _decidable(waiting)
    return [proposal for proposal in waiting if proposal.id in decidable]


def _decidable(proposals: Sequence[Proposal]) -> set[UUID]:
    """Return which of the proposals the actor has the authority to decide, asked by action."""
    asked: dict[str, list[tuple[UUID, Resource]]] = defaultdict(list)
    for proposal in proposals:
        action, resource = get_kind(proposal.kind).authority(proposal)
        asked[action].append((proposal.id, resource))
    found = set()
    for action, pairs in asked.items():
        answers = decide_many(action, [resource for _, resource in pairs])
        found |= {key for (key, _), answer in zip(pairs, answers, strict=True) if answer.allowed}
    return found


def list_reviews(proposal_id: UUID) -> QuerySet[Review]:
    """Return the reviews of a proposal, oldest first, with reviewers."""
    rows = Review.objects.filter(proposal_id=proposal_id)
    return rows.select_related("reviewer").order_by("id")  # type: ignore[no-any-return]


def list_comments(proposal_id: UUID) -> QuerySet[Comment]:
    """Return the comments on a proposal, oldest first, with authors."""
    return Comment.objects.filter(proposal_id=proposal_id).select_related("author").order_by("id")  # type: ignore[no-any-return]


def list_replays(proposal_id: UUID) -> QuerySet[Replay]:
    """Return the replays against a proposal, newest first, with who asked for them."""
    rows = Replay.objects.filter(proposal_id=proposal_id)
    return rows.select_related("author").order_by("-id")  # type: ignore[no-any-return]


def get_replay(replay_id: UUID, *, for_update: bool = False) -> Replay:
    """Return one replay with its proposal, locked if asked; raise NotFound."""
    rows = Replay.objects.select_related("proposal__policy__scope", "proposal__scope", "author")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    replay = rows.filter(id=replay_id).first()
    if replay is None:
        raise NotFound("There is no such replay.")
    return replay  # type: ignore[no-any-return]


def list_shadows(proposal_id: UUID) -> QuerySet[Shadow]:
    """Return the times a proposal was in shadow, newest first, with who began each."""
    rows = Shadow.objects.filter(proposal_id=proposal_id)
    return rows.select_related("author").order_by("-id")  # type: ignore[no-any-return]


def get_shadow(shadow_id: UUID, *, for_update: bool = False) -> Shadow:
    """Return one shadow with its proposal, locked if asked; raise NotFound."""
    rows = Shadow.objects.select_related("proposal__policy__scope", "proposal__scope", "author")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    shadow = rows.filter(id=shadow_id).first()
    if shadow is None:
        raise NotFound("There is no such shadow.")
    return shadow  # type: ignore[no-any-return]


def find_overtaking(shadow: Shadow) -> str:
    """Return in words why a proposal is no longer what was put in shadow; empty if it is."""
    if shadow.proposal.digest != shadow.digest:
        return REVISED
    if shadow.proposal.state != ProposalState.PENDING:
        return f"The proposal was {shadow.proposal.state}."
    return ""


def count_approvals(proposal: Proposal) -> int:
    """Return how many people approved exactly the present content."""
    rows = Review.objects.filter(proposal=proposal, digest=proposal.digest)
    return rows.filter(verdict=Verdict.APPROVED).count()  # type: ignore[no-any-return]


def timeline(proposal: Proposal) -> list[Happening]:
    """Return what happened to a proposal, oldest first."""
    entries = [
        Happening(
            at=proposal.created_at,
            kind="proposed",
            who=proposal.author.name,
            text=proposal.justification,
        )
    ]
    entries += [
        Happening(
            at=review.created_at, kind=review.verdict, who=review.reviewer.name, text=review.reason
        )
        for review in list_reviews(proposal.id)
    ]
    entries += [
        Happening(
            at=comment.created_at, kind="commented", who=comment.author.name, text=comment.text
        )
        for comment in list_comments(proposal.id)
    ]
    if proposal.state == ProposalState.WITHDRAWN and proposal.decided_at:
        entries.append(
            Happening(at=proposal.decided_at, kind="withdrawn", who=proposal.author.name)
        )
    return sorted(entries, key=lambda entry: entry.at)


def merge_box(proposal: Proposal) -> MergeBox:
    """Return what the actor may do with a proposal and what still blocks it."""
    is_pending = proposal.state == ProposalState.PENDING
    resource = proposal.as_resource()
    approvals, terms = count_approvals(proposal), terms_of(proposal)
    return MergeBox(
        can_approve=is_pending and _may_approve(proposal),
        can_reject=is_pending and decide("proposal.reject", resource).allowed,
        can_withdraw=is_pending and decide("proposal.withdraw", resource).allowed,
        can_revise=proposal.state in REVISABLE and decide("proposal.revise", resource).allowed,
        approvals=approvals,
        required=terms.required_approvals,
        blockers=_blockers(proposal, approvals, terms) if is_pending else (),
    )


def base_text(proposal: Proposal) -> str:
    """Return what was in force when the proposal was made; empty if nothing was."""
    version = policies.find_version(policy_id=proposal.policy.id, number=proposal.base_version)
    return policies.body_text(version)


def settings_of(proposal: Proposal) -> Any:
    """Return the policy, or the version of it, with exactly the settings that were proposed.

    None if they changed since: a proposal binds to their digest and keeps no copy of them.
    """
    for one in (proposal.policy, *policies.list_versions(proposal.policy.id)):
        if proposal.digest_of(content_under(proposal, one)) == proposal.digest:
            return one
    return None


def _may_approve(proposal: Proposal) -> bool:
    action, resource = get_kind(proposal.kind).authority(proposal)
    return (
        decide("proposal.approve", proposal.as_resource()).allowed
        and decide(action, resource).allowed
    )


def _blockers(proposal: Proposal, approvals: int, terms: Terms) -> list[str]:
    blockers = []
    missing = terms.required_approvals - approvals
    if missing > 0:
        role = ROLE_TITLES[lowest_role(proposal, terms)]
        noun = "approval" if missing == 1 else "approvals"
        blockers.append(f"Needs {missing} more {noun} by {role} or higher.")
    if principal_facts(current_actor()).owner_id == str(proposal.author_id):
        blockers.append("You proposed this: somebody else must decide.")
    outdated = get_kind(proposal.kind).find_outdated(proposal)
    if outdated:
        blockers.append(OUTDATED if proposal.policy_id else outdated)
    return blockers


def is_outdated(proposal: Proposal) -> bool:
    """Tell whether what the proposal was made from changed since."""
    return bool(get_kind(proposal.kind).find_outdated(proposal))
