"""Which governance rule holds for a change, and who stands where to approve it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.tenancy import current_actor, current_scope

from ..governance import PRESETS, REVIEW_HOURS, Preset, Rule, Terms, closest, terms_from
from ..models import GovernanceRule, RoleGrant, Scope
from ..types import ROLE_ORDER, Role, ScopeKind, Severity
from .facts import principal_facts, scope_chain
from .scopes import get_company


@dataclass(frozen=True, slots=True)
class Effective:
    """The rule in force for a change; `scope_id` is where it was made, None for the preset."""

    rule: Rule
    scope_id: str | None
    preset: Preset

    @property
    def terms(self) -> Terms:
        return self.rule.terms


@dataclass(frozen=True, slots=True)
class Holder:
    """A person with a role on the way up from a place; `level` 0 is the place itself."""

    user_id: UUID
    level: int


def list_rules(*, scope_id: UUID | None = None) -> QuerySet[GovernanceRule]:
    """Return the company's own rules, optionally of one scope, from the company downwards."""
    rows = GovernanceRule.objects.select_related("scope")
    if scope_id:
        rows = rows.filter(scope_id=scope_id)
    return rows.order_by("scope__path__len", "scope__name", "kind", "severity_floor", "id")  # type: ignore[no-any-return]


def effective_rule(*, scope_id: str, kind: str, severity: str = Severity.INFO) -> Effective:
    """Return the rule for such a change at a scope: the nearest upwards, else the preset's."""
    preset, made = _made()
    for place in reversed(scope_chain(scope_id)):
        rule = closest(made.get(place, ()), kind=kind, severity=severity)
        if rule is not None:
            return Effective(rule=rule, scope_id=place, preset=preset)
    rule = closest(PRESETS[preset], kind=kind, severity=severity) or Rule()
    return Effective(rule=rule, scope_id=None, preset=preset)


def list_holders(*, scope_id: str, role: Role) -> list[Holder]:
    """Return the active people who hold `role` or a higher one at a scope or above, nearest first.

    A person counts once, at the nearest place.
    """
    chain = list(reversed(scope_chain(scope_id)))
    rows = RoleGrant.objects.filter(
        revoked_at__isnull=True,
        scope_id__in=chain,
        role__in=ROLE_ORDER[ROLE_ORDER.index(role) :],
        user__deactivated_at__isnull=True,
    ).values_list("user_id", "scope_id")
    nearest: dict[UUID, int] = {}
    for user_id, place in rows:
        level = chain.index(str(place))
        nearest[user_id] = min(level, nearest.get(user_id, level))
    found = [Holder(user_id=user_id, level=level) for user_id, level in nearest.items()]
    return sorted(found, key=lambda holder: (holder.level, str(holder.user_id)))


def holds_role(role: str, scope_id: str) -> bool:
    """Tell whether the actor, or whom an agent acts for, holds `role` or a higher one there."""
    held = principal_facts(current_actor()).holds.get(Role(role), frozenset())
    return bool(held.intersection(scope_chain(scope_id)))


def level_scopes(scope_id: str) -> Sequence[Scope]:
    """Return the scopes from `scope_id` up to the company: the levels of an escalation."""
    chain = scope_chain(scope_id)
    known = {str(scope.id): scope for scope in Scope.objects.filter(id__in=chain)}
    return [known[place] for place in reversed(chain)]


def review_hours(*, terms: Terms, scope: Scope) -> int:
    """Return how many elapsed hours the people of a level have for their decision."""
    return terms.review_hours or REVIEW_HOURS[ScopeKind(scope.kind)]


def _made() -> tuple[Preset, dict[str, tuple[Rule, ...]]]:
    facts = current_scope().facts
    if "governance" not in facts:
        made: dict[str, tuple[Rule, ...]] = {}
        rows: Any = GovernanceRule.objects.order_by("id")
        for row in rows:
            place = str(row.scope_id)
            made[place] = (*made.get(place, ()), _as_rule(row))
        facts["governance"] = Preset(get_company().governance_preset), made
    return facts["governance"]  # type: ignore[no-any-return]


def _as_rule(row: GovernanceRule) -> Rule:
    return Rule(kind=row.kind, severity_floor=row.severity_floor, terms=terms_from(row.terms))
