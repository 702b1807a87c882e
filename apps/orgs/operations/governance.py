"""Changing how changes are governed: only ever as what an approved proposal does."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.errors import Invalid, NotFound
from apps.kernel.operation import operation

from .. import queries
from ..checks import require_live
from ..governance import GOVERNANCE_SETTING, Setting
from ..governance_checks import clean_setting
from ..models import GovernanceRule, Scope
from ..types import Role
from .company import configure_company


@operation("governance.configure")
def configure_governance(*, scope_id: UUID, setting: str, value: dict[str, Any]) -> Scope:
    """Put a preset, a rule or the role precedence in force at a scope and below it."""
    scope = queries.get_scope(scope_id, for_update=True)
    authorize("governance.configure", scope.as_resource())
    require_live(scope)
    chosen, cleaned = clean_setting(setting, value)
    require_place(scope, chosen)
    appliers: Mapping[Setting, Callable[[Scope, dict[str, Any]], None]] = {
        Setting.PRESET: _set_preset,
        Setting.RULE: _set_rule,
        Setting.RULE_REMOVED: _remove_rule,
        Setting.ROLE_RESOLUTION: lambda _, given: _set_resolution(given),
    }
    appliers[chosen](scope, cleaned)
    change = Change(after={"setting": chosen.value, **cleaned})
    emit("governance.configured", resource=scope.as_resource(), change=change)
    return scope


def require_place(scope: Scope, setting: Setting) -> None:
    """Raise Invalid unless `setting` can be set at `scope`: two hold for the whole company."""
    if setting in (Setting.PRESET, Setting.ROLE_RESOLUTION) and scope.parent_id is not None:
        raise Invalid(fields={"scope_id": ["This is set for the whole company, at its own scope."]})


def require_changeable(scope: Scope, cleaned: dict[str, Any]) -> None:
    """Raise Invalid if nobody could ever change governance again under such a rule."""
    if cleaned["kind"] not in ("", GOVERNANCE_SETTING):
        return
    terms = cleaned["terms"]
    role = Role(terms["approver_role"] or Role.ADMIN)
    lowest = max(role, Role.ADMIN, key=list(Role).index)
    others = len(queries.list_holders(scope_id=str(scope.id), role=lowest)) - 1
    if others < terms["required_approvals"]:
        needed = terms["required_approvals"]
        raise Invalid(
            fields={
                "required_approvals": [
                    f"Nobody could change the rules again: {needed} needed, and besides whoever "
                    f"proposes {max(0, others)} may approve."
                ]
            }
        )


def _set_preset(_scope: Scope, cleaned: dict[str, Any]) -> None:
    company = queries.get_company(for_update=True)
    company.governance_preset = cleaned["preset"]
    company.version += 1
    company.save(update_fields=["governance_preset", "version"])


def _set_rule(scope: Scope, cleaned: dict[str, Any]) -> None:
    require_changeable(scope, cleaned)
    place = {name: cleaned[name] for name in ("kind", "severity_floor")}
    values = {"terms": cleaned["terms"], "updated_at": clock.now()}
    GovernanceRule.objects.update_or_create(scope=scope, **place, defaults=values)


def _remove_rule(scope: Scope, cleaned: dict[str, Any]) -> None:
    removed, _ = GovernanceRule.objects.filter(scope=scope, **cleaned).delete()
    if not removed:
        raise NotFound("There is no such rule at this scope.")


def _set_resolution(cleaned: dict[str, Any]) -> None:
    configure_company(role_resolution=cleaned["role_resolution"])
