"""Vocabulary of a comparison: how serious a finding is, what it says, and the whole report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ..analysis import Witness


class Level(StrEnum):
    CONFLICT = "conflict"
    UNPROVEN = "unproven"
    LIMIT = "limit"
    WARNING = "warning"


# What stops an approval until it is resolved or accepted.
BLOCKING = frozenset({Level.CONFLICT, Level.UNPROVEN})


class Matter(StrEnum):
    """What a finding is about."""

    OVERRIDDEN = "overridden"
    OVERLAP = "overlap"
    SHADOWED = "shadowed"
    REDUNDANT = "redundant"
    NEVER_APPLIES = "never_applies"
    ALWAYS_APPLIES = "always_applies"
    CAN_FAIL = "can_fail"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Place:
    """One statement of a policy: the policy's id, which statement from 0, and its effect."""

    policy: str
    at: int
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One finding: `first` is what it happens to (the permit), `second` what does it."""

    level: Level
    matter: Matter
    first: Place
    second: Place | None = None
    environments: tuple[str, ...] = ()
    witness: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How one kind of request is decided afterwards, beside before; witnesses show it."""

    principal: str
    action: str
    resource: str
    relation: str
    allowed: Mapping[str, Any] | None = None
    denied: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that was found; `differences` leaves out what is decided as before."""

    relation: str
    environments: int
    differences: Sequence[Difference]
    findings: Sequence[Told]

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)


def witness_json(witness: Witness | None) -> dict[str, Any] | None:
    """Return a witness as JSON values: the request and the entities around it."""
    if witness is None:
        return None
    return {**witness.request, "entities": [dict(entity) for entity in witness.entities]}
