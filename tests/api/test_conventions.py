"""Refusals, lists, entity tags and headers are the same everywhere."""

import json
from uuid import uuid4

import pytest

from apps.events.models import Event
from apps.orgs.models import Scope
from tests.api.rest import Caller, caller, done, refused

pytestmark = pytest.mark.django_db


def scope_names(company):
    with company.acting("tenant_admin"):
        return sorted(Scope.objects.values_list("name", flat=True))


def test_nobody_is_told_to_sign_in(company):
    answer = Caller().get("scopes")
    refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="aeterna"'
    refused(Caller(token="aet_p_wrong").get("scopes"), 401)


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "scopes/",
        "scopes/not-an-id",
        "scopes/da751d849e804e7c8a79d823867b0201x",
        "revisions/-1",
        "policies/x/versions/1",
    ],
)
def test_an_address_that_leads_nowhere_is_a_problem_too(admin, path):
    for method in ("GET", "POST", "DELETE", "PATCH", "PUT"):
        document = refused(admin.send(method, path), 404)
        assert document["detail"] == "There is nothing at this address."


def test_a_method_that_is_not_there_names_those_that_are(admin):
    answer = admin.send("PUT", "scopes", {})
    refused(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD"
    answer = admin.send("DELETE", f"policies/{uuid4()}")
    refused(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD, PATCH"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/*;q=0.5", 200),
        ("*/*", 200),
        ("", 200),
        ("text/html, */*;q=0.1", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("text/csv", 406),
    ],
)
def test_only_what_is_accepted_is_answered(admin, accept, status):
    answer = admin.get("me", headers={"Accept": accept})
    assert answer.status_code == status
    if status == 406:
        assert "application/json" in refused(answer, 406)["detail"]


@pytest.mark.parametrize(
    "body", ["{", "nope", b"\xff\xfe", '{"name": "\\ud800"}', "[" * 5000, '{"a": 1,}']
)
def test_a_body_that_is_not_json_changes_nothing(company, admin, body):
    before = scope_names(company)
    refused(admin.post("scopes/organizations", body), 400, "body")
    assert scope_names(company) == before


@pytest.mark.parametrize("body", ["[]", "null", "3", '"text"'])
def test_a_body_that_is_not_an_object_changes_nothing(admin, body):
    refused(admin.post("scopes/organizations", body), 422, "body")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_type_is_not_read(company, admin, kind):
    before = scope_names(company)
    body = json.dumps({"name": "Data", "slug": "data"})
    refused(admin.post("scopes/organizations", body, content_type=kind), 415)
    assert scope_names(company) == before


def test_a_body_that_is_too_large_is_not_read(admin, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    answer = admin.post("users", {"name": "x" * 3000})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_unknown_members_are_named(company, admin):
    before = scope_names(company)
    body = {"name": "Data", "slug": "data", "kind": "company", "tenant_id": str(uuid4())}
    document = refused(admin.post("scopes/organizations", body), 422, "kind", "tenant_id")
    assert document["fields"]["kind"] == ["There is no such member."]
    assert scope_names(company) == before


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("nmae=x", "nmae"),
        ("kind=galaxy", "kind"),
        ("kind=team&kind=project", "kind"),
        ("parent_id=7", "parent_id"),
        ("parent_id=597f1d98-44fa-45d4-aaf2-2356b0dc8c32", "parent_id"),
        ("include_archived=yes", "include_archived"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=+5", "limit"),
        ("limit=999999999999999999999999", "limit"),
        ("limit=", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=" + "x" * 2001, "cursor"),
        ("kind=%00", "kind"),
    ],
)
def test_a_parameter_that_means_nothing_is_named(admin, query, field):
    refused(admin.send("GET", f"/api/v1/scopes?{query}"), 422, field)


def test_a_parameter_of_an_address_that_takes_none_is_named(admin):
    refused(admin.send("GET", "/api/v1/me?a=1"), 422, "a")
    refused(admin.send("POST", "/api/v1/scopes/organizations?dry_run=1", {}), 422, "dry_run")


def test_a_list_is_walked_to_its_end_and_back(company, admin):
    whole = done(admin.get("users", limit=200))
    assert (whole["next"], whole["previous"]) == (None, None)
    assert len(whole["results"]) == len(company.users)
    seen, page = [], done(admin.get("users", limit=4))
    while True:
        seen += page["results"]
        if page["next"] is None:
            break
        page = done(admin.get(page["next"].removeprefix("http://testserver")))
    assert seen == whole["results"]
    back = done(admin.get(page["previous"].removeprefix("http://testserver")))
    assert back["results"] == whole["results"][4:8]


def test_a_cursor_of_another_list_is_refused(admin):
    page = done(admin.get("scopes", limit=1))
    cursor = page["next"].split("cursor=")[1]
    refused(admin.send("GET", f"/api/v1/events?cursor={cursor}"), 422, "cursor")


def test_an_entity_tag_saves_an_answer_until_something_changes(company, admin):
    place = f"scopes/{company.scopes['api'].id}"
    first = admin.get(place)
    tag = first.headers["ETag"]
    assert tag.startswith('"1-')
    same = admin.get(place, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert admin.get(place, headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304
    changed = admin.patch(place, {"name": "Interfaces"})
    assert changed.headers["ETag"].startswith('"2-')
    again = admin.get(place, headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["ETag"]) == (200, changed.headers["ETag"])


def test_the_second_of_two_editors_is_told_to_read_again(company, admin):
    place = f"scopes/{company.scopes['api'].id}"
    tag = admin.get(place).headers["ETag"]
    done(admin.patch(place, {"name": "First"}, headers={"If-Match": tag}))
    refused(admin.patch(place, {"name": "Second"}, headers={"If-Match": tag}), 412)
    assert done(admin.get(place))["name"] == "First"
    done(admin.patch(place, {"name": "Third"}, headers={"If-Match": "*"}))


@pytest.mark.parametrize("tag", ['"nonsense"', '"1"', 'W/"1-0123456789abcdef"', '"99-x"', '""'])
def test_a_tag_that_was_never_handed_out_is_stale(company, admin, tag):
    place = f"users/{company.users['viewer'].id}"
    refused(admin.patch(place, {"name": "X"}, headers={"If-Match": tag}), 412)
    assert done(admin.get(place))["name"] == "Viewer"


def test_a_precondition_that_cannot_be_kept_is_refused(company, admin):
    place = f"scopes/{company.scopes['api'].id}"
    tag = admin.get(place).headers["ETag"]
    refused(admin.post(f"{place}/archive", headers={"If-Match": tag}), 400, "If-Match")
    for tags in (f"{tag}, {tag}", "", "1", '"' + "x" * 300 + '"', '"ü"'):
        answer = admin.patch(place, {"name": "X"}, headers={"If-Match": tags})
        refused(answer, 400, "If-Match")
    assert done(admin.get(place))["archived_at"] is None


def test_an_empty_patch_is_refused(company, admin):
    place = f"scopes/{company.scopes['api'].id}"
    refused(admin.patch(place, {}), 422, "body")
    refused(admin.patch(place, {"name": None}), 422, "name")
    assert done(admin.get(place))["version"] == 1


def test_a_refusal_names_the_policies_that_decided_and_is_on_record(company, call):
    person = call("viewer", scopes=["org.view"])
    body = {"name": "Data", "slug": "data"}
    document = refused(person.post("scopes/organizations", body), 403)
    assert document["policies"] == ["token-within-its-scopes"]
    with company.acting("tenant_admin"):
        event = Event.objects.get(outcome="denied")
    assert (event.action, event.request_id) == ("org.init", document["request_id"])


def test_an_id_in_the_body_that_leads_nowhere_is_named(company, admin, other_company):
    theirs = str(other_company.users["viewer"].id)
    for user_id in (str(uuid4()), theirs):
        body = {"user_id": user_id, "scope_id": str(company.tenant_id)}
        refused(admin.post("memberships", body), 422, "user_id")
    body = {"user_id": str(company.users["viewer"].id), "scope_id": str(uuid4())}
    refused(admin.post("memberships", body), 422, "scope_id")
    body = {"name": "T", "slug": "t", "parent_id": str(other_company.tenant_id)}
    refused(admin.post("scopes/teams", body), 422, "parent_id")


def test_an_id_in_the_address_that_leads_nowhere_is_not_found(other_company, admin):
    place = f"scopes/{other_company.scopes['api'].id}"
    refused(admin.get(place), 404)
    refused(admin.patch(place, {"name": "Mine"}), 404)
    refused(admin.post(f"{place}/shares", {"user_id": str(uuid4())}), 404)
    with other_company.acting("tenant_admin"):
        assert Scope.objects.get(id=other_company.scopes["api"].id).name == "API"


def test_an_error_nobody_expected_tells_nothing_and_changes_nothing(company, admin, monkeypatch):
    from apps.orgs.operations import scopes

    def broken(*_args, **_kwargs):
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(scopes, "_emit_created", broken)
    before = scope_names(company)
    answer = admin.post("scopes/organizations", {"name": "Data", "slug": "data"})
    assert "secret" not in json.dumps(refused(answer, 500))
    assert scope_names(company) == before


def test_answers_are_kept_out_of_shared_caches(admin):
    answer = admin.get("me")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Accept", "Aeterna-Company", "Authorization", "Cookie"} <= set(
        answer.headers["Vary"].split(", ")
    )


def test_a_request_id_of_the_caller_is_kept(admin):
    answer = admin.get("nothing", headers={"X-Request-Id": "my-request-0001"})
    assert refused(answer, 404)["request_id"] == "my-request-0001"


def test_a_browsers_session_needs_to_prove_where_a_write_came_from(company):
    from tests.web.sign_in import browser

    client = browser(company, "tenant_admin")
    client.handler.enforce_csrf_checks = True
    person = Caller(client=client)
    assert person.get("me").status_code == 200
    answer = person.post("scopes/organizations", {"name": "Data", "slug": "data"})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    assert "Data" not in scope_names(company)


def test_head_answers_like_get_without_a_body(admin):
    answer = admin.send("HEAD", "me")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"] == admin.get("me").headers["ETag"]


def test_an_agents_token_acts_for_its_person_within_its_capabilities(company):
    from datetime import timedelta

    from apps.identity.operations import create_token
    from apps.kernel import clock
    from tests.factories.company import make_agent

    agent = make_agent(company, owner="architect", capabilities=["policy.view"])
    with company.acting("architect"):
        expiry = clock.now() + timedelta(days=1)
        _, text = create_token(name="bot", expires_at=expiry, agent_id=agent.id)
    bot = Caller(token=text)
    me = done(bot.get("me"))
    assert (me["principal"]["kind"], me["on_behalf_of"][0]["name"]) == ("Agent", "Architect")
    assert done(bot.get("policies"))["results"] == []
    body = {"name": "Data", "slug": "data"}
    refused(bot.post("scopes/organizations", body), 403)
    refused(caller(company, "viewer").post("scopes/organizations", body), 403)
