"""The analysis of a working copy, before anybody proposes it."""

import pytest

from apps.kernel.errors import NotFound
from apps.policies.entrypoints.tasks import analyze_working_copy
from apps.policies.models import Analysis
from apps.policies.operations import analyze_policy, edit_policy
from tests.factories.policy import make_active, make_policy
from tests.web.sign_in import browser

pytestmark = pytest.mark.gap("UX-C2")
READ = 'permit (principal, action == Action::"read_file", resource);\n'
NO_READ = READ.replace("permit", "forbid")


def _analyze(company, policy):
    analyze_working_copy(tenant_id=str(company.tenant_id), policy_id=str(policy.id))


def test_a_working_copy_is_analysed_when_somebody_asks(company):
    make_active(company, name="rail", cedar=NO_READ, mode="mandatory")
    policy = make_policy(company, name="reading", cedar=READ)
    client = browser(company, "architect")
    address = f"/policies/{policy.id}/analysis/"
    assert "was not analysed yet" in client.get(address).content.decode()
    assert client.post(f"/policies/{policy.id}/analyze/")["Location"] == address
    assert "Analysing…" in client.get(address).content.decode()
    _analyze(company, policy)
    page = client.get(address).content.decode()
    assert "forbids all that the permission 1 of this proposal permits" in page
    assert "Everything is decided as before." in page


def test_an_edit_makes_the_analysis_one_of_another_text(company):
    policy = make_policy(company, name="reading", cedar=READ)
    client = browser(company, "architect")
    address = f"/api/v1/policies/{policy.id}"
    assert client.get(f"{address}/analysis").json()["state"] == "none"
    with company.acting("viewer"):
        analyze_policy(policy_id=policy.id)
    assert client.get(f"{address}/analysis").json()["state"] == "pending"
    _analyze(company, policy)
    told = client.get(f"{address}/analysis").json()
    assert (told["state"], told["report"]["relation"]) == ("ready", "more")
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=NO_READ)
    assert client.get(f"{address}/analysis").json()["state"] == "none"


def test_a_task_about_a_policy_of_another_company_finds_nothing(company, other_company):
    policy = make_policy(company, name="reading", cedar=READ)
    with pytest.raises(NotFound):
        _analyze(other_company, policy)
    with company.acting("viewer"):
        assert not Analysis.objects.exists()
