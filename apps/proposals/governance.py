"""The rules that hold at a place, for each kind of change, and whether they can be met."""

from dataclasses import dataclass
from typing import Any

from apps.orgs import queries as orgs
from apps.orgs.governance import Terms
from apps.orgs.types import ROLE_ORDER, Role, Severity

from .approvers import effective_rule
from .kinds import Kind, list_kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a kind of change of a severity needs at a place; `approvers` counts people by role."""

    kind: Kind
    severity: Severity
    found: orgs.Effective
    lowest_role: Role
    approvers: int

    @property
    def terms(self) -> Terms:
        return self.kind.terms_under(self.found.terms)

    @property
    def is_short(self) -> bool:
        """Tell whether too few people could approve somebody else's proposal."""
        return self.approvers < self.terms.required_approvals

    def as_json(self) -> dict[str, Any]:
        """Return it as REST tells it."""
        return {
            "kind": self.kind.name,
            "severity": self.severity,
            "terms": self.terms.as_json(),
            "made_at": self.found.scope_id,
            "preset": self.found.preset,
            "lowest_role": self.lowest_role,
            "approvers": self.approvers,
        }


def governance_of(scope: Any) -> list[Standing]:
    """Return what each kind of change of each severity needs at a scope."""
    return [_standing(scope, kind, severity) for kind in list_kinds() for severity in Severity]


def _standing(scope: Any, kind: Kind, severity: Severity) -> Standing:
    found = effective_rule(kind, scope_id=str(scope.id), severity=severity)
    asked = Role(found.terms.approver_role or kind.lowest_role)
    lowest = max(kind.lowest_role, asked, key=ROLE_ORDER.index)
    return Standing(
        kind=kind,
        severity=severity,
        found=found,
        lowest_role=lowest,
        approvers=len(orgs.list_holders(scope_id=str(scope.id), role=lowest)),
    )
