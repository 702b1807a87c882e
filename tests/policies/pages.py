"""What the tests of the policy pages share."""

from typing import Any

from apps.events.models import Event
from apps.policies.models import Policy
from tests.factories.company import TestCompany
from tests.factories.policy import PERMIT

FIELDS = {
    "name": "tidy",
    "description": "",
    "severity": "warn",
    "mode": "optional",
    "merge_strategy": "merge",
    "cedar": PERMIT,
}


def text_of(response: Any) -> str:
    return str(response.content.decode())


def denials_of(company: TestCompany) -> list[str]:
    with company.acting("tenant_admin"):
        rows = Event.objects.filter(outcome="denied").order_by("id")
        return list(rows.values_list("action", flat=True))


def policies_of(company: TestCompany) -> list[tuple[str, int, str]]:
    with company.acting("tenant_admin"):
        return [(p.name, p.version, p.cedar) for p in Policy.objects.order_by("id")]
