"""Governance rules as data: what a change needs before it is applied, and the presets."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from .types import Role, ScopeKind, Severity, severity_rank

ANY_KIND = ""
GRANT_ROLE, REVOKE_ROLE, GOVERNANCE_SETTING = "grant_role", "revoke_role", "governance_setting"
REVIEW_HOURS: Mapping[ScopeKind, int] = {
    ScopeKind.PROJECT: 24,
    ScopeKind.TEAM: 24,
    ScopeKind.ORGANIZATION: 48,
    ScopeKind.COMPANY: 72,
}
"""How long a level has for its decision unless a rule says otherwise, in elapsed hours."""


class Preset(StrEnum):
    PERMISSIVE = "permissive"
    STANDARD = "standard"
    STRICT = "strict"


class Setting(StrEnum):
    """What a proposal about governance can change."""

    PRESET = "preset"
    RULE = "rule"
    RULE_REMOVED = "rule_removed"
    ROLE_RESOLUTION = "role_resolution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a change needs; a role stands for itself and every higher one, empty for no rule.

    `review_hours` 0 means the default of the level; `reminder_percents` are parts of that period.
    """

    required_approvals: int = 1
    approver_role: str = ""
    auto_approve_role: str = ""
    allows_direct: bool = True
    review_hours: int = 0
    reminder_percents: tuple[int, ...] = (50, 90)
    escalates: bool = True
    expiry_hours: int = 14 * 24
    agent_max_severity: str = Severity.BLOCK
    agents_may_approve: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the terms as JSON holds them."""
        return {**asdict(self), "reminder_percents": list(self.reminder_percents)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Terms for one kind of change (or any), from a severity upwards."""

    kind: str = ANY_KIND
    severity_floor: str = Severity.INFO
    terms: Terms = Terms()

    def fits(self, *, kind: str, severity: str) -> bool:
        """Tell whether the rule is about such a change."""
        is_heavy = severity_rank(severity) >= severity_rank(self.severity_floor)
        return is_heavy and self.kind in (kind, ANY_KIND)

    def closeness(self) -> tuple[bool, int]:
        """Return what decides between two rules of one place: the kind, then the severity."""
        return self.kind != ANY_KIND, severity_rank(self.severity_floor)


PRESETS: Mapping[Preset, tuple[Rule, ...]] = {
    Preset.PERMISSIVE: (
        Rule(terms=Terms(auto_approve_role=Role.ARCHITECT)),
        Rule(severity_floor=Severity.BLOCK),
        Rule(kind=GOVERNANCE_SETTING, terms=Terms(approver_role=Role.ADMIN, allows_direct=False)),
    ),
    Preset.STANDARD: (
        Rule(),
        Rule(kind=GOVERNANCE_SETTING, terms=Terms(approver_role=Role.ADMIN, allows_direct=False)),
    ),
    Preset.STRICT: (
        Rule(
            terms=Terms(
                required_approvals=2,
                allows_direct=False,
                agent_max_severity=Severity.WARN,
                agents_may_approve=False,
            )
        ),
        Rule(
            kind=GRANT_ROLE,
            terms=Terms(approver_role=Role.ADMIN, allows_direct=False, agents_may_approve=False),
        ),
        # Taking a role away never waits: whoever may do it can do it at once.
        Rule(kind=REVOKE_ROLE, terms=Terms(approver_role=Role.ADMIN, agents_may_approve=False)),
        Rule(
            kind=GOVERNANCE_SETTING,
            terms=Terms(approver_role=Role.ADMIN, allows_direct=False, agents_may_approve=False),
        ),
    ),
}


def terms_from(values: Mapping[str, Any]) -> Terms:
    """Return the terms that `values`, already checked, stand for; what is left out is default."""
    known = {field.name for field in fields(Terms)} & set(values)
    chosen = {name: values[name] for name in known}
    if "reminder_percents" in chosen:
        chosen["reminder_percents"] = tuple(chosen["reminder_percents"])
    return Terms(**chosen)


def closest(rules: tuple[Rule, ...], *, kind: str, severity: str) -> Rule | None:
    """Return the rule of one place that is nearest to such a change, or None."""
    fitting = [rule for rule in rules if rule.fits(kind=kind, severity=severity)]
    return max(fitting, key=Rule.closeness, default=None)
