"""Every resource can be read and changed as its page can."""

from datetime import timedelta

import pytest

from apps.fleet.models import Acknowledgement
from apps.kernel import clock
from tests.api.rest import caller, done, refused
from tests.factories.company import make_agent

pytestmark = pytest.mark.django_db(databases=["default", "platform"])
CEDAR = 'permit (principal, action == Action::"deploy", resource);'


def draft(person, scope, name="Deploys", **changes):
    body = {"scope_id": str(scope.id), "name": name, "cedar": CEDAR, **changes}
    return done(person.post("policies", body), 201)


def test_me_tells_who_the_token_is_and_what_they_hold(company, admin):
    me = done(admin.get("me"))
    user = company.users["tenant_admin"]
    assert me["principal"] == {"kind": "User", "id": str(user.id), "name": user.name}
    assert me["company"] == {"id": str(company.tenant_id), "name": "Acme", "slug": "acme"}
    assert [(r["role"], r["scope"]["name"]) for r in me["roles"]] == [("tenant_admin", "Acme")]
    assert (me["scopes"], me["channel"], me["on_behalf_of"]) == (None, "rest", [])


def test_the_organization_can_be_grown_read_and_pruned(company, admin):
    org = done(admin.post("scopes/organizations", {"name": "Data", "slug": "data"}), 201)
    team = {"name": "Lake", "slug": "lake", "parent_id": org["id"]}
    team = done(admin.post("scopes/teams", team), 201)
    project = {"name": "ETL", "slug": "etl", "parent_id": team["id"], "description": "moves"}
    answer = admin.post("scopes/projects", project)
    project = done(answer, 201)
    assert answer.headers["Location"].endswith(f"/api/v1/scopes/{project['id']}")
    assert project["path"] == [str(company.tenant_id), org["id"], team["id"], project["id"]]
    assert done(admin.get(f"scopes/{project['id']}")) == project
    changed = done(admin.patch(f"scopes/{project['id']}", {"name": "ELT"}))
    assert (changed["name"], changed["description"], changed["version"]) == ("ELT", "moves", 2)
    archived = done(admin.post(f"scopes/{org['id']}/archive", {"reason": "merged"}))
    assert archived["archived_at"] is not None
    names = [scope["name"] for scope in done(admin.get("scopes"))["results"]]
    assert names == ["API", "Acme", "Gateway", "Platform", "Shop", "Web"]
    below = done(admin.get("scopes", parent_id=org["id"], include_archived="true"))["results"]
    assert [scope["name"] for scope in below] == ["Lake"]
    assert done(admin.post(f"scopes/{org['id']}/restore"))["archived_at"] is None
    found = done(admin.get("scopes/search", q="elt"))
    assert [scope["id"] for scope in found["scopes"]] == [project["id"]]
    history = done(admin.get(f"scopes/{org['id']}/history"))["results"]
    assert [event["type"] for event in history] == [
        "scope.restored", "scope.archived", "org.created",
    ]  # fmt: skip


def test_the_tree_holds_every_visible_scope_once(company, admin):
    tree = done(admin.get("scopes/tree"))
    root = tree["roots"][0]
    assert (len(tree["roots"]), root["scope"]["name"]) == (1, "Acme")
    (platform,) = root["children"]
    assert sorted(child["scope"]["name"] for child in platform["children"]) == ["API", "Web"]


def test_a_scope_is_shared_with_a_person_and_taken_back(company, admin):
    scope, outsider = company.scopes["gateway"], company.users["outsider"]
    place = f"scopes/{scope.id}"
    refused(caller(company, "outsider").get(place), 403)
    shared = done(admin.post(f"{place}/shares", {"user_id": str(outsider.id)}), 201)
    assert shared == {"user": {"id": str(outsider.id), "name": "Outsider"}}
    assert done(caller(company, "outsider").get(place))["name"] == "Gateway"
    assert done(admin.get(f"{place}/shares"))["results"] == [shared]
    done(admin.delete(f"{place}/shares/{outsider.id}"), 204)
    refused(caller(company, "outsider").get(place), 403)


def test_people_are_registered_changed_and_let_go(admin):
    body = {"email": "New@Example.com", "name": "New Person"}
    person = done(admin.post("users", body), 201)
    assert (person["email"], person["is_active"], person["version"]) == (
        "new@example.com", True, 1,
    )  # fmt: skip
    place = f"users/{person['id']}"
    assert done(admin.patch(place, {"title": "Engineer"}))["title"] == "Engineer"
    assert done(admin.post(f"{place}/deactivate", {"reason": "left"}))["is_active"] is False
    assert "New Person" not in [u["name"] for u in done(admin.get("users"))["results"]]
    assert done(admin.post(f"{place}/reactivate"))["is_active"] is True
    assert done(admin.get("users", q="new@ex"))["results"][0]["id"] == person["id"]


def test_memberships_and_roles_are_given_and_taken(company, admin):
    user, scope = company.users["outsider"], company.scopes["api"]
    body = {"user_id": str(user.id), "scope_id": str(scope.id)}
    member = done(admin.post("memberships", body), 201)
    assert done(admin.get("memberships", user_id=str(user.id)))["results"] == [member]
    assert done(admin.get(f"memberships/{member['id']}")) == member
    refused(admin.post("memberships", body), 409, "user_id")
    done(admin.delete(f"memberships/{member['id']}"), 204)
    refused(admin.get(f"memberships/{member['id']}"), 404)
    grant = done(admin.post("role-grants", {**body, "role": "viewer"}), 201)
    assert (grant["role"], grant["source"]) == ("viewer", "manual")
    assert done(admin.get("role-grants", scope_id=str(scope.id), limit=1))["results"] == [grant]
    ended = done(admin.post(f"role-grants/{grant['id']}/revoke", {"reason": "done"}))
    assert ended["revoked_at"] is not None
    refused(admin.get(f"role-grants/{grant['id']}"), 404)


def test_agents_are_registered_delegate_and_are_revoked_together(company, call):
    person = call("developer")
    expiry = (clock.now() + timedelta(days=3)).isoformat()
    body = {
        "name": "helper",
        "scope_id": str(company.scopes["api"].id),
        "capabilities": ["policy.view", "agent.delegate"],
        "expires_at": expiry,
        "max_depth": 2,
    }
    agent = done(person.post("agents", body), 201)
    child = {"name": "child", "capabilities": ["policy.view"], "expires_at": expiry}
    child = done(person.post(f"agents/{agent['id']}/delegate", child), 201)
    assert (child["parent_id"], child["depth"]) == (agent["id"], 2)
    assert [a["name"] for a in done(person.get("agents"))["results"]] == ["child", "helper"]
    done(person.post(f"agents/{agent['id']}/revoke"))
    assert done(person.get(f"agents/{child['id']}"))["revoked_at"] is not None
    assert done(person.get("agents"))["results"] == []
    assert len(done(person.get("agents", include_ended="true"))["results"]) == 2


def test_a_policy_goes_from_draft_to_every_agent(company, call):
    author, judge = call("architect"), call("second_architect")
    policy = draft(author, company.scopes["api"])
    assert (policy["state"], policy["active_version"]) == ("draft", None)
    place = f"policies/{policy['id']}"
    done(author.patch(place, {"severity": "block"}))
    body = {"justification": "we need it"}
    proposal = done(author.post(f"{place}/propose", body), 201)
    where = f"proposals/{proposal['id']}"
    said = done(judge.post(f"{where}/comments", {"text": "looks right"}), 201)
    assert done(author.get(f"{where}/comments"))["results"] == [said]
    refused(author.post(f"{where}/approve"), 403)
    approved = done(judge.post(f"{where}/approve", {"reason": "fine"}))
    assert (approved["state"], approved["revision"]) == ("approved", 1)
    (review,) = done(author.get(f"{where}/reviews"))["results"]
    assert (review["verdict"], review["digest"]) == ("approved", approved["digest"])
    (version,) = done(author.get(f"{place}/versions"))["results"]
    assert version["cedar"] == CEDAR + "\n"
    assert done(author.get(f"{place}/versions/1")) == version
    refused(author.get(f"{place}/versions/2"), 404)
    head = done(author.get("revisions/head"))
    bundle = done(author.get("revisions/1"))
    assert (head["number"], head["digest"]) == (1, bundle["digest"])
    assert [p["id"] for p in bundle["policies"]] == [policy["id"]]
    assert "entity" in bundle["schema"]
    (revision,) = done(author.get("revisions"))["results"]
    assert revision["previous_digest"] is None
    assert done(judge.get("proposals", state="approved"))["results"] == [approved]
    history = done(judge.get(f"{place}/history"))["results"]
    assert [e["type"] for e in history] == ["policy.activated", "policy.edited", "policy.drafted"]


def test_a_proposal_is_rejected_revised_and_withdrawn(company, call):
    author, judge = call("architect"), call("second_architect")
    policy = draft(author, company.scopes["api"])
    proposal = done(author.post(f"policies/{policy['id']}/propose", {"justification": "x"}), 201)
    where = f"proposals/{proposal['id']}"
    refused(judge.post(f"{where}/reject", {}), 422, "reason")
    assert done(judge.post(f"{where}/reject", {"reason": "no"}))["state"] == "rejected"
    revised = done(author.post(f"{where}/revise", {"justification": "better"}))
    assert (revised["state"], revised["justification"]) == ("pending", "better")
    assert done(author.post(f"{where}/withdraw"))["state"] == "withdrawn"
    refused(author.post(f"{where}/withdraw"), 409)


def test_validation_places_each_problem(call):
    answer = done(call("viewer").post("policies/validate", {"cedar": "permit (principal, action"}))
    assert answer["is_valid"] is False
    assert (answer["problems"][0]["line"], answer["problems"][0]["column"]) == (1, 26)
    good = done(call("viewer").post("policies/validate", {"cedar": CEDAR}))
    assert good == {"is_valid": True, "problems": []}


def test_a_policy_is_explained_from_its_text_and_where_it_is_kept(company, call):
    policy = draft(call("architect"), company.scopes["api"])
    sentence = {
        "effect": "permit", "sentence": "Anybody may deploy.", "who": "Anybody may",
        "what": "deploy", "when": [], "unless": [],
    }  # fmt: skip
    assert done(call("viewer").get(f"policies/{policy['id']}/explanation")) == {
        "statements": [sentence],
        "rules": [],
        "enforcement": [
            "It reaches API and everything below.",
            "Warn: told to those concerned.",
            "Optional: may be overridden below.",
            "Merge: adds to what is inherited.",
        ],
    }
    text = done(call("viewer").post("policies/explain", {"cedar": CEDAR}))
    assert text == {"statements": [sentence], "rules": [], "enforcement": []}
    refused(call("viewer").post("policies/explain", {"cedar": "permit (principal"}), 422, "cedar")
    refused(call("outsider").post("policies/explain", {"cedar": CEDAR}), 403)


def test_a_cedar_agent_is_enrolled_watched_and_revoked(company, admin):
    answer = admin.post("cedar-agents", {"name": "edge"})
    agent = done(answer, 201)
    assert answer.headers["Cache-Control"] == "no-store"
    assert (agent["health"], agent["token"][-4:]) == ("never", agent["token_tail"])
    place = f"cedar-agents/{agent['id']}"
    assert done(admin.post(f"{place}/rotate"))["token"] != agent["token"]
    with company.acting("tenant_admin"):
        Acknowledgement.objects.create(
            agent_id=agent["id"], revision=1, is_accepted=True, applied_ms=2.5, at=clock.now()
        )
    (ack,) = done(admin.get(f"{place}/acknowledgements"))["results"]
    assert (ack["revision"], ack["applied_ms"]) == (1, 2.5)
    assert "token" not in done(admin.get(place))
    assert done(admin.post(f"{place}/revoke"))["health"] == "revoked"
    assert done(admin.get("cedar-agents"))["results"] == []
    assert len(done(admin.get("cedar-agents", include_revoked="true"))["results"]) == 1


def test_tokens_are_made_rotated_and_ended(company, admin):
    expiry = (clock.now() + timedelta(days=3)).isoformat()
    issued = done(admin.post("tokens", {"name": "ci", "expires_at": expiry}), 201)
    assert issued["token"].startswith("aet_p_")
    place = f"tokens/{issued['id']}"
    assert "token" not in done(admin.get(place))
    rotated = done(admin.post(f"{place}/rotate"))
    assert rotated["token"] != issued["token"]
    done(admin.post(f"{place}/revoke", {"reason": "leaked"}))
    assert [t["name"] for t in done(admin.get("tokens"))["results"]] == ["test"]
    ended = done(admin.get("tokens", include_ended="true"))["results"]
    assert sorted(t["name"] for t in ended) == ["ci", "test"]
    agent = make_agent(company, owner="tenant_admin")
    body = {"name": "bot", "expires_at": expiry, "agent_id": str(agent.id)}
    service = done(admin.post("tokens", body), 201)
    assert (service["kind"], service["agent_id"]) == ("s", str(agent.id))


def test_nobody_sees_a_colleagues_token(company, call, admin):
    (mine,) = done(call("developer").get("tokens"))["results"]
    refused(admin.get(f"tokens/{mine['id']}"), 403)


def test_the_company_is_shown_and_changed_by_an_approved_proposal(company, call, admin):
    shown = done(admin.get("company"))
    assert (shown["slug"], shown["role_resolution"]) == ("acme", "most_permissive")
    value = {"role_resolution": "least_permissive"}
    body = {
        "kind": "governance_setting",
        "payload": {"setting": "role_resolution", "value": value},
        "justification": "Less is safer.",
    }
    developer = call("developer")
    proposal = done(developer.post(f"scopes/{company.tenant_id}/propose", body), 201)
    assert done(admin.get("company"))["version"] == 1
    refused(developer.post(f"proposals/{proposal['id']}/approve", {}), 403)
    done(admin.post(f"proposals/{proposal['id']}/approve", {}))
    changed = done(admin.get("company"))
    assert (changed["role_resolution"], changed["version"]) == ("least_permissive", 2)


def test_only_the_platform_lists_and_opens_companies(company, admin):
    body = {"name": "New", "slug": "newco", "admin_name": "Ann", "admin_email": "ann@new.example"}
    refused(admin.get("tenants"), 403)
    refused(admin.post("tenants", body), 403)
    with company.acting("admin"):
        user = company.users["admin"]
        user.is_platform_admin = True
        user.save(update_fields=["is_platform_admin"])
    platform = caller(company, "admin")
    made = done(platform.post("tenants", body), 201)
    assert (made["name"], made["slug"]) == ("New", "newco")
    refused(platform.post("tenants", body), 409, "slug")
    assert done(platform.get("me"))["company"]["slug"] == "acme"
    names = [scope["name"] for scope in done(platform.get("scopes"))["results"]]
    assert "New" not in names
    assert done(platform.get("tenants"))["results"] is not None
