"""Checking a project against the policies of a scope, as they are or as a draft would make them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel.authorization import authorize
from apps.kernel.errors import Invalid
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor
from apps.orgs import queries as orgs
from apps.orgs.checks import require_live

from .. import queries
from ..chain import effective_at
from ..checking import Report, check
from ..models import Policy
from ..rules.project import Project, load_project


@operation("policy.check")
def check_project(
    *,
    scope_id: UUID,
    manifests: Mapping[str, str],
    files: Sequence[str] | None = None,
    contents: Mapping[str, str] | None = None,
) -> Report:
    """Return how a project breaks the rules of every policy in force at a scope; keeps nothing."""
    scope = orgs.get_scope(scope_id)
    authorize("policy.check", scope.as_resource())
    project = load_project(manifests=manifests, files=files, contents=contents or {})
    report = _report(scope, project)
    emit("policy.checked", resource=scope.as_resource(), change=Change(payload=_told(report)))
    return report


@operation("policy.simulate")
def simulate_policy(
    *,
    policy_id: UUID,
    scope_id: UUID,
    manifests: Mapping[str, str],
    files: Sequence[str] | None = None,
    contents: Mapping[str, str] | None = None,
) -> Report:
    """Return what a check would say with a policy's working copy in force; keeps nothing."""
    policy, scope = queries.get_policy(policy_id), orgs.get_scope(scope_id)
    authorize("policy.simulate", policy.as_resource())
    authorize("policy.check", scope.as_resource())
    if policy.scope_id not in scope.path:
        said = f"{policy.name} is a policy of {policy.scope.name} and does not reach this place."
        raise Invalid(fields={"scope_id": [said]})
    project = load_project(manifests=manifests, files=files, contents=contents or {})
    report = _report(scope, project, draft=policy)
    emit("policy.simulated", resource=policy.as_resource(), change=Change(payload=_told(report)))
    return report


def _report(scope: Any, project: Project, *, draft: Policy | None = None) -> Report:
    policies = effective_at(require_live(scope), draft=draft)
    return check(policies, project, actor=current_actor(), scope=scope)


def _told(report: Report) -> dict[str, Any]:
    return {"verdict": report.verdict, "violations": report.counts, "rules": report.rules}
