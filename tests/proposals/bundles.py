"""What the tests of bundles share."""

from typing import Any

from apps.events.models import Event
from apps.policies.bundles import PolicyBundle
from apps.policies.models import Policy, PolicyTest
from apps.policies.operations import (
    export_policies,
)
from apps.proposals.imports import Plan
from apps.proposals.models import Proposal
from apps.proposals.operations import (
    import_policies,
    preview_import,
)


def export(company: Any, scope: str = "company", *, by: str = "admin", **given: Any) -> Any:
    with company.acting(by):
        return export_policies(scope_id=company.scopes[scope].id, **given)


def take(
    company: Any, bundle: PolicyBundle, scope: str = "company", *, by: str = "admin", **given: Any
) -> Plan:
    values = {"justification": "As in the other company.", **given}
    with company.acting(by):
        scope_id = company.scopes[scope].id
        return import_policies(scope_id=scope_id, bundle=bundle.content, **values)


def look(company: Any, bundle: PolicyBundle, scope: str = "company", **given: Any) -> Plan:
    with company.acting("admin"):
        scope_id = company.scopes[scope].id
        return preview_import(scope_id=scope_id, bundle=bundle.content, **given)


def state(company: Any) -> tuple[Any, ...]:
    """Return all that an import could change, and what was done."""
    with company.acting("tenant_admin"):
        return (
            list(Policy.objects.order_by("id").values()),
            list(Proposal.objects.order_by("id").values("id", "state", "digest")),
            list(PolicyTest.objects.order_by("id").values()),
            Event.objects.filter(outcome="done").count(),
        )
