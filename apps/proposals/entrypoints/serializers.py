"""Proposals as REST tells and takes them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import (
    Body,
    ListQuery,
    PersonRef,
    Ref,
    Resource,
    Text,
    optional_query,
    unset,
)
from apps.orgs.governance import Preset
from apps.orgs.types import Role, Severity
from apps.policies.entrypoints.analysis import TellingOut

from ..conflicts.standing import Stand
from ..types import REASON_LENGTH, ProposalKind, ProposalState, Verdict

Words = Annotated[Text, StringConstraints(min_length=1, max_length=REASON_LENGTH)]


class ProposalOut(Resource):
    """A change that waits for somebody else's decision, or got one."""

    id: UUID
    number: int
    kind: str
    state: ProposalState
    scope: Ref
    title: str
    severity: Severity
    policy: Ref | None = Field(description="What a policy's proposal is about.")
    payload: dict[str, Any] = Field(description="What another kind of proposal asks for.")
    author: PersonRef
    through_agent_id: UUID | None
    justification: str
    cedar: str = Field(description="The text that would be in force; empty for a retirement.")
    rules: list[dict[str, Any]] = Field(description="The rules that would be in force.")
    base_version: int | None
    digest: str = Field(description="What an approval is bound to.")
    revision: int | None = Field(description="The revision that brought it into force.")
    created_at: datetime
    decided_at: datetime | None
    level: int = Field(description="How many levels above its scope are asked, too.")
    due_at: datetime | None = Field(description="When it goes to the next level.")
    expires_at: datetime | None
    version: int


class ProposalFilter(ListQuery):
    state: ProposalState | None = optional_query()
    author_id: UUID | None = optional_query()
    policy_id: UUID | None = optional_query()


class ProposeIn(Body):
    """Why a policy's working copy should come into force, or the policy be retired."""

    justification: Words
    kind: ProposalKind = unset()
    number: int = unset(description="The version to go back to, with `rollback_policy`.")


class ChangeIn(Body):
    """A change at a scope; what `payload` holds depends on the kind.

    `grant_role`: `user_id`, `role`. `revoke_role`: `grant_id`. `governance_setting`: `setting`
    (preset, rule, rule_removed, role_resolution) and its `value`.
    """

    kind: Annotated[Text, StringConstraints(max_length=32)]
    payload: dict[str, Any]
    justification: Words


class QuorumOut(Resource):
    """How many approvals a proposal needs, who may give them, and who is asked now."""

    required: int
    approvals: int
    approvers: list[PersonRef]
    asked: list[PersonRef]
    shortage: str = Field(description="Too few people may approve, in words; empty if not.")
    due_at: datetime | None
    expires_at: datetime | None


class TermsOut(Resource):
    """What a change needs; a role stands for itself and every higher one."""

    required_approvals: int
    approver_role: str
    auto_approve_role: str
    allows_direct: bool
    review_hours: int = Field(description="0 means the default of the level.")
    reminder_percents: list[int]
    escalates: bool
    expiry_hours: int
    agent_max_severity: Severity
    agents_may_approve: bool


class EffectiveOut(Resource):
    """The rule that holds for a kind of change at a scope, and where it comes from."""

    kind: str
    severity: Severity
    terms: TermsOut
    made_at: UUID | None = Field(description="The scope of the rule; null for the preset.")
    preset: Preset
    lowest_role: Role
    approvers: int = Field(description="How many people hold a role that may approve.")


class GovernanceOut(Resource):
    """The rules that hold at a scope."""

    items: list[EffectiveOut]


class ApproveIn(Body):
    """Words to go with an approval."""

    reason: Annotated[Text, StringConstraints(max_length=REASON_LENGTH)] = unset()


class RejectIn(Body):
    """Why a proposal is rejected."""

    reason: Words


class AcceptIn(Body):
    """Why the conflicts that the analysis found are accepted."""

    reason: Words


class AcceptanceOut(Resource):
    """That somebody accepted exactly the conflicts that were found of this content."""

    id: UUID
    accepted_by: PersonRef
    reason: str
    digest: str
    conflicts: str = Field(description="The digest of the conflicts that were accepted.")
    created_at: datetime


class AnalysisOut(Resource):
    """What was proven of a proposal beside what is in force."""

    state: Stand
    is_blocking: bool = Field(description="Whether it cannot be approved as it stands.")
    analyzed_at: datetime | None
    acceptance: AcceptanceOut | None
    told: TellingOut | None
    report: dict[str, Any] | None = Field(description="All findings, with witnesses as Cedar JSON.")


class ReviseIn(Body):
    """A new justification and payload, if the old ones no longer fit."""

    justification: Words = unset()
    payload: dict[str, Any] = unset()


class CommentOut(Resource):
    """Something said about a proposal."""

    id: UUID
    author: PersonRef
    text: str
    created_at: datetime


class CommentIn(Body):
    """Something to say about a proposal."""

    text: Words


class ReviewOut(Resource):
    """One person's verdict on exactly the content that `digest` names."""

    id: UUID
    reviewer: PersonRef
    verdict: Verdict
    reason: str
    digest: str
    created_at: datetime
