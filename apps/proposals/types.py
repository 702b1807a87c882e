"""Vocabulary of the review workflow."""

from collections.abc import Mapping
from enum import StrEnum


class ProposalKind(StrEnum):
    """The kinds of change this app knows; others are registered by their apps."""

    ACTIVATE_POLICY = "activate_policy"
    RETIRE_POLICY = "retire_policy"
    ROLLBACK_POLICY = "rollback_policy"
    GRANT_ROLE = "grant_role"
    REVOKE_ROLE = "revoke_role"
    GOVERNANCE_SETTING = "governance_setting"


KIND_TITLES: Mapping[str, str] = {
    ProposalKind.ACTIVATE_POLICY: "Put the working copy into force",
    ProposalKind.RETIRE_POLICY: "Take the policy out of force",
    ProposalKind.ROLLBACK_POLICY: "Go back to an earlier version",
    ProposalKind.GRANT_ROLE: "Give a role",
    ProposalKind.REVOKE_ROLE: "Take a role away",
    ProposalKind.GOVERNANCE_SETTING: "Change how changes are governed",
}
POLICY_KINDS = (
    ProposalKind.ACTIVATE_POLICY,
    ProposalKind.RETIRE_POLICY,
    ProposalKind.ROLLBACK_POLICY,
)


class ProposalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


PROPOSAL_TRANSITIONS: Mapping[ProposalState, frozenset[ProposalState]] = {
    ProposalState.PENDING: frozenset(
        {
            ProposalState.APPROVED,
            ProposalState.REJECTED,
            ProposalState.WITHDRAWN,
            ProposalState.EXPIRED,
        }
    ),
    ProposalState.APPROVED: frozenset(),
    ProposalState.REJECTED: frozenset({ProposalState.PENDING}),
    ProposalState.WITHDRAWN: frozenset(),
    ProposalState.EXPIRED: frozenset({ProposalState.PENDING}),
}


class Verdict(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class StepKind(StrEnum):
    """What time does to a proposal that nobody decides."""

    REMIND = "remind"
    ESCALATE = "escalate"
    EXPIRE = "expire"


REASON_LENGTH = 4000
TIMEKEEPER = "timekeeper"
"""The service that reminds, escalates and expires."""


class ReplayState(StrEnum):
    """How far a replay is; from the last three nothing leads anywhere."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


REPLAYING = (ReplayState.QUEUED, ReplayState.RUNNING)


class ShadowState(StrEnum):
    """How a shadow stands; `ended` is by itself, `stopped` by a person."""

    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"


class ReplayOutcome(StrEnum):
    """What became of a recorded decision; from `cut` on it could not be decided again."""

    NEWLY_ALLOWED = "newly_allowed"
    NEWLY_DENIED = "newly_denied"
    SAME = "same"
    CUT = "cut"
    MASKED = "masked"
    GONE = "gone"
    UNREADABLE = "unreadable"
    REFUSED = "refused"


FLIPS = (ReplayOutcome.NEWLY_ALLOWED, ReplayOutcome.NEWLY_DENIED)
# Why a recorded decision could not be decided again.
NOT_REPLAYED: Mapping[str, str] = {
    ReplayOutcome.CUT: "its context and entities were too large to be logged",
    ReplayOutcome.MASKED: "a value in its context or entities was masked by the agent",
    ReplayOutcome.GONE: "whoever asked is no longer in the organization",
    ReplayOutcome.UNREADABLE: "a name in it was too long to be logged whole",
    ReplayOutcome.REFUSED: "it does not fit today's schema and organization",
}
DEFAULT_REPLAY_DAYS, MOST_REPLAY_DAYS = 30, 365
DEFAULT_SHADOW_HOURS, MOST_SHADOW_HOURS = 24, 720
