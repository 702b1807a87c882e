"""Who would gain and lose by a text or a working copy, before anybody proposes it."""

import pytest

from apps.policies.entrypoints.tasks import analyze_working_copy
from apps.policies.models import Impact
from apps.policies.operations import analyze_policy
from tests.factories.policy import make_active, make_policy
from tests.web.sign_in import browser

pytestmark = pytest.mark.gap("UX-H4")
DEPLOY = 'permit (principal is User, action == Action::"deploy", resource);\n'
NARROW = DEPLOY.replace(";", "\nwhen { context has hour && context.hour >= 6 };")


def _preview(company, who="architect", **given):
    client = browser(company, who)
    return client.post("/api/v1/policies/impact", given, content_type="application/json")


def test_a_text_is_previewed_as_a_new_policy_and_nothing_is_kept(company):
    told = _preview(company, "tenant_admin", cedar=DEPLOY).json()
    assert (told["state"], told["total"]) == ("ready", len(company.users))
    assert told["summary"] == f"{len(company.users)} people would gain access."
    with company.acting("architect"):
        assert not Impact.objects.exists()


def test_a_text_is_previewed_in_place_of_what_is_in_force(company):
    policy = make_active(company, cedar=DEPLOY)
    told = _preview(company, "tenant_admin", cedar=NARROW, policy_id=str(policy.id)).json()
    assert {(line["effect"], line["when"]) for line in told["lines"]} == {
        ("loses", "when the hour is 5 or less or the hour is not given")
    }


def test_a_preview_needs_valid_text(company):
    refused = _preview(company, cedar="permit (principal")
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["cedar"])


def test_a_preview_is_denied_to_outsiders_and_blind_to_other_companies(company, other_company):
    assert _preview(company, "outsider", cedar=DEPLOY).status_code == 403
    theirs = make_policy(other_company)
    refused = _preview(company, cedar=DEPLOY, policy_id=str(theirs.id))
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["policy_id"])


def test_a_working_copy_has_its_impact_beside_its_analysis(company):
    policy = make_policy(company, cedar=DEPLOY)
    client = browser(company, "tenant_admin")
    address = f"/api/v1/policies/{policy.id}/impact"
    assert client.get(address).json()["state"] == "none"
    with company.acting("viewer"):
        analyze_policy(policy_id=policy.id)
    assert client.get(address).json()["state"] == "pending"
    analyze_working_copy(tenant_id=str(company.tenant_id), policy_id=str(policy.id))
    told = client.get(address, {"count": 3, "offset": 2}).json()
    assert (told["state"], told["offset"], len(told["lines"])) == ("ready", 2, 3)
    page = client.get(f"/policies/{policy.id}/analysis/").content.decode()
    assert "people would gain access." in page
    assert client.get(f"/policies/{policy.id}/impact/").context["total"] == told["total"]
    text = client.get(f"/policies/{policy.id}/impact/?format=csv").content.decode()
    assert len(text.splitlines()) == told["total"] + 1
