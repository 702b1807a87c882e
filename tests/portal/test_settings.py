"""Settings: the company's rules, tokens and browsers."""

import pytest
from django.conf import settings
from django.test import Client

from apps.identity.models import ApiToken
from apps.orgs.models import Company
from tests.factories.company import make_agent
from tests.web.sign_in import browser, session_of

COMPANY = "/settings/company/"


def resolution(company) -> str:
    with company.acting("admin"):
        return Company.objects.get().role_resolution


WANTED = {"role_resolution": "least_permissive", "justification": "Less is safer."}


@pytest.mark.gap("MT-M2")
def test_which_role_counts_changes_by_an_approved_proposal(company):
    asked = browser(company, "developer").post(COMPANY, WANTED)
    assert asked.status_code == 302
    assert resolution(company) == "most_permissive"
    page = browser(company, "admin").get(asked["Location"]).content.decode()
    assert "Which role counts" in page
    assert "least permissive" in page
    approved = browser(company, "admin").post(f"{asked['Location']}approve/", {})
    assert approved.status_code == 302
    assert resolution(company) == "least_permissive"


def test_others_read_the_rule_and_may_not_propose_another(company):
    client = browser(company, "viewer")
    assert b"may propose to change this." in client.get(COMPANY).content
    assert client.post(COMPANY, WANTED).status_code == 403
    assert resolution(company) == "most_permissive"


def test_an_unknown_rule_is_named(company):
    data = {"role_resolution": "whatever", "justification": ""}
    answer = browser(company, "admin").post(COMPANY, data)
    assert answer.status_code == 422
    assert sorted(answer.context["form"].errors) == ["justification", "role_resolution"]


def test_a_token_is_shown_once_works_and_is_revoked(company):
    client = browser(company, "developer")
    answer = client.post("/settings/tokens/new/", {"name": "ci", "expires_at": "30"})
    text = answer.context["text"]
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert text in answer.content.decode()
    listed = client.get("/settings/tokens/").content.decode()
    assert text not in listed
    assert f"…{text[-4:]}" in listed
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {text}"}
    assert Client().get("/organization/", **bearer).status_code == 200
    with company.acting("developer"):
        token = ApiToken.objects.get(name="ci")
    assert client.post(f"/settings/tokens/{token.id}/revoke/").status_code == 302
    assert Client().get("/organization/", **bearer).status_code == 302


def test_a_replaced_token_ends_the_old_text(company):
    client = browser(company, "developer")
    old = client.post("/settings/tokens/new/", {"name": "ci", "expires_at": "30"}).context["text"]
    with company.acting("developer"):
        token = ApiToken.objects.get(name="ci")
    new = client.post(f"/settings/tokens/{token.id}/rotate/").context["text"]
    assert new != old
    codes = [
        Client().get("/organization/", HTTP_AUTHORIZATION=f"Bearer {text}").status_code
        for text in (old, new)
    ]
    assert codes == [302, 200]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"expires_at": "4000"}, "expires_at"),
        ({"scopes": ["fly.*"]}, "scopes"),
        ({"agent_id": "nonsense"}, "agent_id"),
    ],
)
def test_a_bad_token_names_the_field_and_is_not_made(company, change, field):
    data = {"name": "ci", "expires_at": "30", **change}
    answer = browser(company, "developer").post("/settings/tokens/new/", data)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    with company.acting("developer"):
        assert ApiToken.objects.count() == 0


def test_a_token_for_somebody_elses_agent_is_refused(company):
    agent = make_agent(company, owner="architect")
    data = {"name": "ci", "expires_at": "1", "agent_id": str(agent.id)}
    answer = browser(company, "developer").post("/settings/tokens/new/", data)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["agent_id"]


def test_somebody_elses_token_is_out_of_reach(company, other_company):
    for owner, expected in ((company, 403), (other_company, 404)):
        browser(owner, "developer").post("/settings/tokens/new/", {"name": "ci", "expires_at": "1"})
        with owner.acting("developer"):
            token = ApiToken.objects.get()
        answer = browser(company, "admin").post(f"/settings/tokens/{token.id}/revoke/")
        assert answer.status_code == expected
        with owner.acting("developer"):
            assert ApiToken.objects.get().revoked_at is None


def test_another_browser_is_signed_out(company):
    here, there = browser(company, "viewer"), session_of(company, "viewer")
    content = here.get("/settings/sessions/").content.decode()
    assert content.count("This browser") == 1
    other = Client()
    other.cookies[settings.SESSION_COOKIE_NAME] = there.session_key
    assert other.get("/").status_code == 200
    from apps.identity.sessions import hashed

    path = f"/settings/sessions/{hashed(there.session_key)}/end/"
    assert browser(company, "admin").post(path).status_code in (403, 404)
    assert other.get("/").status_code == 200
    assert here.post(path).status_code == 302
    assert other.get("/").status_code == 302
