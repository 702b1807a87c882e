"""Governance rules for tests, made as an approved proposal would make them."""

from typing import Any

from apps.orgs.operations import configure_governance
from tests.factories.company import TestCompany


def set_rule(
    company: TestCompany, *, scope: str = "company", kind: str = "activate_policy", **terms: Any
) -> None:
    """Put a rule in force at a scope."""
    value = {"kind": kind, "terms": terms}
    with company.acting("tenant_admin"):
        configure_governance(scope_id=company.scopes[scope].id, setting="rule", value=value)


def set_preset(company: TestCompany, preset: str) -> None:
    """Put a preset in force."""
    with company.acting("tenant_admin"):
        configure_governance(scope_id=company.tenant_id, setting="preset", value={"preset": preset})
