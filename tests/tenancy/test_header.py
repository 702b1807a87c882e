"""The header that names a company, sent to every address by people of another one."""

from datetime import timedelta

import pytest

from apps.identity.middleware import OPEN_DOORS
from apps.identity.operations import create_token
from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from tests.tenancy.test_operations import fingerprint, witness
from tests.tenancy.test_urls import KNOWN_TABLES, ROUTES, address, ask, client_of

pytestmark = [
    pytest.mark.gap("MT-C1"),
    pytest.mark.django_db(databases=["default", "platform"]),
]


@pytest.fixture(autouse=True)
def _known_tables(victim):
    KNOWN_TABLES.update(t for t, row in victim.rows.items() if row and "id" in row)


def _bearer(company, who):
    with acting_as(company.actor(who)):
        _, text = create_token(name="attack", expires_at=clock.now() + timedelta(days=1))
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}


@pytest.mark.parametrize("way", ["a token", "a session"])
def test_naming_a_company_opens_none_of_its_addresses(way, victim, attacker):
    before = fingerprint(witness(victim.company))
    client = client_of(attacker.company, "tenant_admin" if way == "a session" else None)
    client.defaults["HTTP_AETERNA_COMPANY"] = victim.company.slug
    if way == "a token":
        client.defaults |= _bearer(attacker.company, "tenant_admin")
    for route in ROUTES:
        url = address(route, victim.rows)
        for method in ("get", "post"):
            status, text = ask(client, method, url)
            if not url.startswith(OPEN_DOORS):
                assert status in (403, 404), (url, method, status)
            assert victim.marker not in text, (url, method)
            assert victim.company.slug not in text, (url, method)
    assert fingerprint(witness(victim.company)) == before
