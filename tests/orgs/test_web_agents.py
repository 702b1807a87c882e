"""Pages about agents offer to register one only to those who may."""

import pytest

from tests.factories.company import TestCompany
from tests.web.sign_in import browser

OFFER = 'href="/organization/agents/new/"'


@pytest.mark.parametrize(("role", "is_offered"), [("viewer", False), ("developer", True)])
def test_registering_an_agent_is_offered_to_those_who_may(
    company: TestCompany, role: str, is_offered: bool
) -> None:
    client = browser(company, role)
    pages = ["agents/", f"scopes/{company.tenant_id}/agents/"]

    found = [OFFER in client.get(f"/organization/{page}").content.decode() for page in pages]
    palette = client.get("/palette/?q=register an agent").content.decode()

    assert found == [is_offered, is_offered]
    assert (OFFER in palette) is is_offered
