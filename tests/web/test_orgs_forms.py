"""The organization's forms: what they change, what they refuse, and what they say then."""

import pytest
from django.urls import reverse

from apps.events.models import Event
from apps.orgs.models import Agent, Membership, RoleGrant, Scope, ScopeShare, User
from tests.factories.company import make_agent
from tests.web.sign_in import browser


def url(name: str, *args: object) -> str:
    return reverse(f"orgs:{name}", args=args)


def test_a_team_is_created_and_told(company):
    path = url("team.create", company.scopes["platform"].id)
    answer = browser(company, "architect").post(path, {"name": "Data", "slug": "data"}, follow=True)
    assert answer.status_code == 200
    assert b"Data is created." in answer.content
    with company.acting("viewer"):
        assert Scope.objects.get(slug="data").parent_id == company.scopes["platform"].id


@pytest.mark.parametrize(
    ("data", "status", "field", "text"),
    [
        ({"name": "", "slug": "x"}, 422, "name", "This field is required."),
        ({"name": "X", "slug": "No Slug"}, 422, "slug", "Use 1 to 63 of a-z"),
        ({"name": "X", "slug": "api"}, 409, "slug", "already taken"),
        ({"name": "X" * 121, "slug": "x"}, 422, "name", "at most 120"),
        ({"name": "X", "slug": "x", "description": "y" * 1001}, 422, "description", "1000"),
    ],
)
def test_a_bad_team_names_the_field_and_changes_nothing(company, data, status, field, text):
    path = url("team.create", company.scopes["platform"].id)
    answer = browser(company, "architect").post(path, data)
    assert answer.status_code == status
    assert list(answer.context["form"].errors) == [field]
    assert text in str(answer.context["form"].errors[field])
    assert data["slug"].encode() in answer.content
    with company.acting("viewer"):
        assert Scope.objects.count() == 6
        assert Event.objects.filter(type="team.created").count() == 2


def test_a_stale_edit_is_refused_and_keeps_what_was_typed(company):
    scope = company.scopes["api"]
    data = {"name": "Mine", "description": "", "expected_version": scope.version}
    client = browser(company, "architect")
    assert client.post(url("scope.update", scope.id), {**data, "name": "Theirs"}).status_code == 302
    answer = client.post(url("scope.update", scope.id), data)
    assert answer.status_code == 412
    assert b"Somebody changed this" in answer.content
    assert b'value="Mine"' in answer.content
    with company.acting("viewer"):
        assert Scope.objects.get(id=scope.id).name == "Theirs"


def test_archiving_needs_a_reason_and_restoring_brings_it_back(company):
    scope, client = company.scopes["api"], browser(company, "admin")
    answer = client.post(url("scope.archive", scope.id), {"reason": " "})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["reason"]
    done = client.post(url("scope.archive", scope.id), {"reason": "merged"}, follow=True)
    assert b"This place is archived" in done.content
    assert b"Restore" in done.content
    back = client.post(url("scope.restore", scope.id), follow=True)
    assert b"This place is archived" not in back.content
    again = client.post(url("scope.restore", scope.id), follow=True)
    assert b"was not archived by itself" in again.content


def test_a_person_is_granted_a_role_by_e_mail_and_loses_it(company):
    scope, client = company.scopes["api"], browser(company, "admin")
    data = {"user_id": "OUTSIDER@acme.example", "role": "viewer"}
    assert client.post(url("role.grant", scope.id), data).status_code == 302
    with company.acting("admin"):
        grant = RoleGrant.objects.get(user=company.users["outsider"], revoked_at__isnull=True)
    twice = client.post(url("role.grant", scope.id), data)
    assert twice.status_code == 409
    assert list(twice.context["form"].errors) == ["role"]
    assert client.post(url("role.revoke", grant.id)).status_code == 302
    assert client.post(url("role.revoke", grant.id)).status_code == 404


@pytest.mark.parametrize("email", ["viewer@globex.example", "nobody@acme.example", ""])
def test_a_role_goes_to_nobody_unknown(company, other_company, email):
    path = url("role.grant", company.scopes["api"].id)
    answer = browser(company, "admin").post(path, {"user_id": email, "role": "viewer"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["user_id"]


def test_a_role_above_ones_own_is_refused_with_the_policy_that_decided(company):
    path = url("role.grant", company.scopes["api"].id)
    data = {"user_id": "outsider@acme.example", "role": "tenant_admin"}
    answer = browser(company, "admin").post(path, data)
    assert answer.status_code == 403
    assert b"not-above-ones-own-role" in answer.content
    with company.acting("admin"):
        assert not RoleGrant.objects.filter(user=company.users["outsider"]).exists()


def test_members_and_shares_come_and_go(company):
    scope, client = company.scopes["api"].id, browser(company, "tech_lead")
    person = {"user_id": "outsider@acme.example"}
    assert client.post(url("member.add", scope), person).status_code == 302
    assert client.post(url("member.add", scope), person).status_code == 409
    assert client.post(url("scope.share", scope), person).status_code == 302
    assert browser(company, "outsider").get(url("scope", scope)).status_code == 200
    with company.acting("admin"):
        membership = Membership.objects.get(user=company.users["outsider"])
    assert client.post(url("member.remove", membership.id)).status_code == 302
    ended = client.post(url("scope.unshare", scope, company.users["outsider"].id))
    assert ended.status_code == 302
    with company.acting("admin"):
        assert (Membership.objects.count(), ScopeShare.objects.count()) == (0, 0)


def test_a_person_is_registered_edited_deactivated_and_reactivated(company):
    client = browser(company, "admin")
    new = {"email": "Ada@Acme.example", "name": "Ada", "title": "Engineer"}
    assert client.post(url("user.register"), new).status_code == 302
    taken = client.post(url("user.register"), new)
    assert taken.status_code == 409
    assert list(taken.context["form"].errors) == ["email"]
    with company.acting("admin"):
        ada = User.objects.get(email="ada@acme.example")
    edit = {"name": "Ada L", "title": "", "expected_version": ada.version}
    assert client.post(url("user.update", ada.id), edit).status_code == 302
    gone = client.post(url("user.deactivate", ada.id), {"reason": "left"}, follow=True)
    assert b"Deactivated" in gone.content
    back = client.post(url("user.reactivate", ada.id), follow=True)
    assert b"They are back" in back.content


def test_an_agent_is_registered_delegates_and_is_revoked(company):
    client = browser(company, "developer")
    data = {
        "name": "bot",
        "scope_id": str(company.scopes["api"].id),
        "capabilities": ["policy.propose", "agent.delegate"],
        "max_severity": "info",
        "expires_at": "7",
        "max_depth": "2",
    }
    assert client.post(url("agent.register"), data).status_code == 302
    with company.acting("developer"):
        agent = Agent.objects.get(name="bot")
    below = {**data, "name": "sub", "capabilities": ["policy.propose"], "expires_at": "1"}
    assert client.post(url("agent.delegate", agent.id), below).status_code == 302
    page = client.get(url("agent", agent.id))
    assert b"It delegated to 1 agent" in page.content
    assert client.post(url("agent.revoke", agent.id), {"reason": "done"}).status_code == 302
    with company.acting("developer"):
        assert Agent.objects.filter(revoked_at__isnull=True).count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capabilities": []}, "capabilities"),
        ({"capabilities": ["fly"]}, "capabilities"),
        ({"expires_at": "9999"}, "expires_at"),
        ({"max_depth": "9"}, "max_depth"),
        ({"max_severity": "fatal"}, "max_severity"),
        ({"scope_id": "nonsense"}, "scope_id"),
        ({"name": ""}, "name"),
    ],
)
def test_a_bad_agent_names_the_field_and_is_not_made(company, change, field):
    data = {
        "name": "bot",
        "scope_id": str(company.scopes["api"].id),
        "capabilities": ["policy.propose"],
        "max_severity": "info",
        "expires_at": "7",
        "max_depth": "1",
    }
    answer = browser(company, "developer").post(url("agent.register"), {**data, **change})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    with company.acting("developer"):
        assert Agent.objects.count() == 0


def test_an_agent_never_gets_more_than_its_delegator(company):
    agent = make_agent(company, max_depth=2)
    data = {
        "name": "sub",
        "scope_id": str(company.scopes["api"].id),
        "capabilities": ["policy.propose"],
        "max_severity": "block",
        "expires_at": "30",
    }
    answer = browser(company, "developer").post(url("agent.delegate", agent.id), data)
    assert answer.status_code == 422
    assert sorted(answer.context["form"].errors) == ["expires_at", "max_severity"]


@pytest.mark.parametrize(
    "name",
    ["team.create", "scope.update", "scope.archive", "role.grant", "member.add", "scope.share"],
)
def test_a_viewer_is_denied_with_a_page_and_on_record(company, name):
    scope = company.scopes["platform"].id
    client = browser(company, "viewer")
    for answer in (client.get(url(name, scope)), client.post(url(name, scope), {"name": "x"})):
        assert answer.status_code == 403
        assert name.encode() in answer.content
    with company.acting("admin"):
        assert Event.objects.filter(outcome="denied", action=name).count() == 2
        assert Scope.objects.count() == 6


def test_what_changes_something_takes_no_get(company):
    client = browser(company, "admin")
    assert client.get(url("scope.restore", company.scopes["api"].id)).status_code == 405
    assert client.get(url("user.reactivate", company.users["viewer"].id)).status_code == 405


def test_a_form_from_elsewhere_is_refused(company):
    client = browser(company, "admin")
    client.handler.enforce_csrf_checks = True
    answer = client.post(url("org.init"), {"name": "X", "slug": "x"})
    assert answer.status_code == 403
    with company.acting("admin"):
        assert not Scope.objects.filter(slug="x").exists()
