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

from ..types import REASON_LENGTH, ProposalKind, ProposalState, Verdict

Words = Annotated[Text, StringConstraints(min_length=1, max_length=REASON_LENGTH)]


class ProposalOut(Resource):
    """A change to a policy that waits for somebody else's decision, or got one."""

    id: UUID
    number: int
    kind: ProposalKind
    state: ProposalState
    policy: Ref
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
    version: int


class ProposalFilter(ListQuery):
    state: ProposalState | None = optional_query()
    author_id: UUID | None = optional_query()
    policy_id: UUID | None = optional_query()


class ProposeIn(Body):
    """Why a policy's working copy should come into force, or the policy be retired."""

    justification: Words
    kind: ProposalKind = unset()


class ApproveIn(Body):
    """Words to go with an approval."""

    reason: Annotated[Text, StringConstraints(max_length=REASON_LENGTH)] = unset()


class RejectIn(Body):
    """Why a proposal is rejected."""

    reason: Words


class ReviseIn(Body):
    """A new justification, if the old one no longer fits."""

    justification: Words = unset()


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
