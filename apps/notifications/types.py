"""What people are told about, in the groups they choose by, and what becomes of a letter."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Group(StrEnum):
    DECISIONS = "decisions"
    MINE = "mine"
    GOVERNANCE = "governance"
    EMERGENCY = "emergency"


class Choice(StrEnum):
    PORTAL = "portal"
    INSTANT = "instant"
    DIGEST = "digest"


class LetterState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


GROUP_TITLES: Mapping[Group, str] = {
    Group.DECISIONS: "Waiting for my decision",
    Group.MINE: "My proposals",
    Group.GOVERNANCE: "Governance and upkeep",
    Group.EMERGENCY: "Emergencies",
}
GROUP_HELP: Mapping[Group, str] = {
    Group.DECISIONS: "A proposal is made, revised, reminded of, overdue or passed on to you.",
    Group.MINE: "What you proposed was decided or expired; what you put in shadow has ended.",
    Group.GOVERNANCE: "A webhook was switched off, an agent is out of date, and the like.",
    Group.EMERGENCY: "A policy was rolled back, or a break-glass opened. Always told at once.",
}
CHOICE_TITLES: Mapping[Choice, str] = {
    Choice.PORTAL: "In the portal only",
    Choice.INSTANT: "E-mail at once",
    Choice.DIGEST: "In a daily digest",
}
GROUP_OF: Mapping[str, Group] = {
    **dict.fromkeys(
        (
            "policy.proposed",
            "governance.proposed",
            "proposal.revised",
            "proposal.reminded",
            "proposal.nudged",
            "proposal.escalated",
        ),
        Group.DECISIONS,
    ),
    **dict.fromkeys(
        ("proposal.approved", "proposal.rejected", "proposal.expired", "shadow.ended"), Group.MINE
    ),
    **dict.fromkeys(
        (
            "policy.rolled_back",
            "policy.rollback_confirmed",
            "policy.rollback_ended",
            "break_glass.opened",
            "break_glass.ended",
        ),
        Group.EMERGENCY,
    ),
}
"""Which group a kind of notification belongs to; every other kind is governance."""

DEFAULTS: Mapping[Group, Choice] = {
    Group.DECISIONS: Choice.INSTANT,
    Group.MINE: Choice.DIGEST,
    Group.GOVERNANCE: Choice.DIGEST,
}
"""What holds until a person chooses; what is not here cannot be chosen and is sent at once."""

DIGEST_HOUR = 8
TIME_ZONE = "UTC"
MAX_ATTEMPTS = 12
FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(hours=2)
LEASE = timedelta(minutes=5)
"""How long a letter at hand is left to who took it; longer than sending one can take."""


def group_of(kind: str) -> Group:
    """Return the group that a kind of notification belongs to."""
    return GROUP_OF.get(kind, Group.GOVERNANCE)
