"""Platform administrators for tests: in their own company, in a browser or with a token."""

from dataclasses import replace
from typing import Any

from django.test import Client

from apps.identity.models import PlatformEntry
from apps.identity.operations import enter_tenant
from apps.kernel.actor import Actor
from apps.kernel.tenancy import acting_as
from tests.factories.company import TestCompany
from tests.web.sign_in import browser

REASON = "Ticket 4711: their relay stands still"


def set_platform(company: TestCompany, role: str = "admin", *, is_platform: bool = True) -> None:
    """Make the person in `role` a platform administrator, or one no more."""
    user = company.users[role]
    with company.acting("tenant_admin"):
        user.is_platform_admin = is_platform
        user.save(update_fields=["is_platform_admin"])


def visitor(home: TestCompany, elsewhere: TestCompany, role: str = "admin") -> Actor:
    """Return the platform administrator of `home` as they act in another company."""
    return replace(home.actor(role), tenant_id=elsewhere.tenant_id, is_platform=True)


def entered(home: TestCompany, elsewhere: TestCompany) -> PlatformEntry:
    """Let the administrator of `home` enter `elsewhere` by the operation."""
    set_platform(home)
    with acting_as(visitor(home, elsewhere)):
        return enter_tenant(reason=REASON)


def browser_in(home: TestCompany, elsewhere: TestCompany, *, role: str = "admin") -> Client:
    """Return a browser whose person has entered `elsewhere` by the page."""
    set_platform(home, role)
    client = browser(home, role)
    answer: Any = client.post(f"/settings/companies/{elsewhere.slug}/enter/", {"reason": REASON})
    assert (answer.status_code, answer["Location"]) == (302, "/"), answer.content
    return client


def entries(company: TestCompany) -> list[PlatformEntry]:
    """Return every entry into a company, oldest first."""
    with acting_as(company.service("relay")):
        return list(PlatformEntry.objects.order_by("entered_at", "id"))
