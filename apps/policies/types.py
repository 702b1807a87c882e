"""Vocabulary of Cedar policies and their revisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.orgs.types import Severity

__all__ = ["Bundle", "MergeStrategy", "PolicyMode", "PolicyState", "Problem", "Severity"]


class PolicyMode(StrEnum):
    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


class MergeStrategy(StrEnum):
    OVERRIDE = "override"
    MERGE = "merge"
    INTERSECT = "intersect"


# What each setting of a policy means, as people read it.
SEVERITIES = {
    Severity.INFO: "Info: recorded only",
    Severity.WARN: "Warn: told to those concerned",
    Severity.BLOCK: "Block: stops what it forbids",
}
MODES = {
    PolicyMode.OPTIONAL: "Optional: may be overridden below",
    PolicyMode.MANDATORY: "Mandatory: cannot be removed below",
    PolicyMode.FORBIDDEN: "Forbidden: nothing below may contradict",
}
MERGES = {
    MergeStrategy.MERGE: "Merge: adds to what is inherited",
    MergeStrategy.OVERRIDE: "Override: replaces what is inherited",
    MergeStrategy.INTERSECT: "Intersect: only what both allow",
}


class PolicyState(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


POLICY_TRANSITIONS: Mapping[PolicyState, frozenset[PolicyState]] = {
    PolicyState.DRAFT: frozenset({PolicyState.ACTIVE}),
    PolicyState.ACTIVE: frozenset({PolicyState.ACTIVE, PolicyState.RETIRED}),
    PolicyState.RETIRED: frozenset({PolicyState.ACTIVE}),
}


class RollbackState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    ENDED = "ended"
    SUPERSEDED = "superseded"


class BreakGlassState(StrEnum):
    OPEN = "open"
    ENDED = "ended"
    REVIEWED = "reviewed"


class RewordingState(StrEnum):
    ASKED = "asked"
    ANSWERED = "answered"
    FAILED = "failed"


# For how long one administrator's rollback stands unless somebody else confirms it.
ROLLBACK_HOURS = 24
MAX_ROLLBACK_HOURS = 72

BREAK_GLASS_MINUTES = 60
MAX_BREAK_GLASS_MINUTES = 240

MAX_CEDAR_CHARACTERS = 50_000


class PartKind(StrEnum):
    POLICIES = "policies"
    SCHEMA = "schema"
    ENTITIES = "entities"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with Cedar text, where, and what may mend it; both counts start from 1."""

    line: int
    column: int
    message: str
    severity: str = "error"
    suggestion: str = ""


# Over this Redis channel goes the id of a company that has something new for its agents.
REVISIONS = "aeterna:revisions"


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that an agent needs to decide at one revision."""

    revision: int
    digest: str
    previous_digest: str | None
    policies: list[dict[str, Any]]
    schema: str
    entities: list[dict[str, Any]]
    kid: str
    manifest: str
