"""Vocabulary of proven analysis: questions, verdicts, findings and their witnesses."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Uid = Mapping[str, str]


class Kind(StrEnum):
    """A statement about policies in one environment; see `EXISTENTIAL` for what proves it."""

    NEVER_MATCHES = "never_matches"
    ALWAYS_MATCHES = "always_matches"
    NEVER_ERRORS = "never_errors"
    OVERLAP = "permit_forbid_overlap"
    SHADOWED = "permit_shadowed_by_permit"
    OVERRIDDEN = "permit_overridden_by_forbid"
    FORBID_SHADOWED = "forbid_shadowed_by_forbid"
    REDUNDANT = "redundant"
    NEWLY_ALLOWED = "newly_allowed"
    NEWLY_DENIED = "newly_denied"


# Statements that a witness proves; every other one is a rule that a witness refutes.
EXISTENTIAL = frozenset({Kind.OVERLAP, Kind.NEWLY_ALLOWED, Kind.NEWLY_DENIED})


class Verdict(StrEnum):
    PROVEN = "proven"
    REFUTED = "refuted"
    UNPROVEN = "unproven"


class Relation(StrEnum):
    """How a new set of policies decides, beside the old one."""

    EQUIVALENT = "equivalent"
    MORE = "more"
    LESS = "less"
    INCOMPARABLE = "incomparable"
    UNPROVEN = "unproven"


class Effect(StrEnum):
    PERMIT = "permit"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True, order=True)
class Environment:
    """One kind of request: principal type, action and resource type."""

    principal: str
    action_type: str
    action_id: str
    resource: str

    @property
    def action(self) -> dict[str, str]:
        return {"type": self.action_type, "id": self.action_id}

    def __str__(self) -> str:
        return f'{self.principal} → {self.action_type}::"{self.action_id}" → {self.resource}'


@dataclass(frozen=True, slots=True)
class Witness:
    """A request and the entities around it, on which Cedar itself did what the finding says."""

    principal: Uid
    action: Uid
    resource: Uid
    context: Mapping[str, Any]
    entities: tuple[Mapping[str, Any], ...]
    # The entity in each slot of a template, by policy id.
    slots: Mapping[str, Mapping[str, Uid]]

    @property
    def request(self) -> dict[str, Any]:
        """Return the request as cedarpy takes it."""
        return {
            "principal": dict(self.principal),
            "action": dict(self.action),
            "resource": dict(self.resource),
            "context": dict(self.context),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one statement; a witness comes with every answer that needs one."""

    kind: Kind
    policies: tuple[str, ...]
    environment: Environment
    verdict: Verdict
    witness: Witness | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a new set of policies decides beside the old one, in one environment."""

    environment: Environment
    relation: Relation
    newly_allowed: Finding
    newly_denied: Finding


class Unencodable(Exception):
    """The policy or schema holds what the solver cannot be told exactly."""


class InvalidPolicies(ValueError):
    """The policies do not pass strict validation against the schema."""


class InvalidSchema(ValueError):
    """The schema does not parse."""
