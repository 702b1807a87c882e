"""What the tests of sign-in by a provider share."""

import time

from apps.identity.models import Session
from apps.kernel.tenancy import acting_as
from apps.orgs.queries import list_users

NOW = int(time.time())


def people(company):
    with acting_as(company.service("relay")):
        return sorted(list_users(include_deactivated=True).values_list("email", flat=True))


def refused(client, company, answer, before, *, says=""):
    assert answer.status_code == 403, answer.content
    assert says in answer.content.decode()
    assert "user_id" not in client.session
    assert not Session.objects.filter(tenant_id=company.tenant_id).exists()
    assert people(company) == before
    return True
