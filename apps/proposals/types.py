"""Vocabulary of the review workflow."""

from collections.abc import Mapping
from enum import StrEnum


class ProposalKind(StrEnum):
    ACTIVATE_POLICY = "activate_policy"
    RETIRE_POLICY = "retire_policy"


class ProposalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


PROPOSAL_TRANSITIONS: Mapping[ProposalState, frozenset[ProposalState]] = {
    ProposalState.PENDING: frozenset(
        {ProposalState.APPROVED, ProposalState.REJECTED, ProposalState.WITHDRAWN}
    ),
    ProposalState.APPROVED: frozenset(),
    ProposalState.REJECTED: frozenset({ProposalState.PENDING}),
    ProposalState.WITHDRAWN: frozenset(),
}


class Verdict(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


REQUIRED_APPROVALS = 1
REASON_LENGTH = 4000
