"""Every field of every address: whatever is wrong with it, it is named and nothing happens."""

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.api.urls import ROUTES
from apps.events.models import Event
from apps.kernel import clock
from apps.orgs.operations import add_member
from apps.orgs.queries import list_grants
from apps.policies.bundles import write_bundle
from tests.api.rest import caller, refused
from tests.factories.company import make_agent
from tests.factories.policy import make_policy, make_proposal
from tests.policies.test_bundles import carried

pytestmark = pytest.mark.django_db
WRITES = [route for route in ROUTES if route.is_write and route.takes]
FIELDS = [(route, name) for route in WRITES for name in route.takes.model_fields]
VALID: dict[str, Any] = {
    "action": "deploy",
    "actions": ["run_tool"],
    "bundle": base64.b64encode(write_bundle([carried()]).content).decode(),
    "admin_email": "ann@example.com",
    "admin_name": "Ann",
    "capabilities": ["policy.view"],
    "cedar": 'permit (principal, action == Action::"deploy", resource);',
    "choices": {"mine": "portal"},
    "description": "words",
    "days": 30,
    "email": "someone@example.com",
    "expected": "allow",
    "hours": 2,
    "intent": "Block lodash",
    "justification": "because",
    "keep_days": 30,
    "kind": "activate_policy",
    "lease_seconds": 30,
    "limit_seconds": 60,
    "limits": {"deploy": 20},
    "offline_hours": 24,
    "readable": ["read_file"],
    "works_offline": True,
    "protocol": "aeterna",
    "manifests": {},
    "masked": ["context.reason"],
    "max_depth": 1,
    "max_severity": "info",
    "merge_strategy": "merge",
    "mode": "optional",
    "minutes": 30,
    "name": "Name",
    "note": "words",
    "patterns": ["policy.*"],
    "payload": {"setting": "preset", "value": {"preset": "strict"}},
    "principal": "viewer@acme.example",
    "principals": ["viewer@acme.example"],
    "question": {
        "principal": "viewer@acme.example",
        "action": "deploy",
        "resource_type": "Scope",
        "resource_id": "acme",
    },
    "reason": "because",
    "resource_id": "acme",
    "resource_type": "Scope",
    "resources": ['Tool::"hammer"'],
    "role": "viewer",
    "role_resolution": "least_permissive",
    "sample_percent": 50,
    "scopes": ["policy.view"],
    "severity": "warn",
    "slug": "slug",
    "text": "words",
    "title": "Engineer",
    "verb": "remind",
    "url": "https://hooks.example.com/x",
}
WRONG_TYPES = (7, 7.5, True, None, [], {}, [{}], {"$ne": 1}, 10**40, -(10**400))
# What is right for one member, though it is wrong for most.
RIGHT = (
    ("hours", 7), ("minutes", 7), ("digest_hour", 7), ("keep_days", 7), ("days", 7),
    ("sample_percent", 7),
    ("sample_percent", 7.5), ("is_active", True), ("include_below", True), ("with_tests", True),
    ("works_offline", True), ("offline_hours", 7), ("out_of_date_seconds", 7), ("limits", {}),
    ("limits", {"$ne": 1}), ("readable", []),
)  # fmt: skip
# Members that may hold nothing, with what nothing is.
EMPTY: dict[str, Any] = {
    "masked": [],
    "rules": [],
    "files": [],
    "manifests": {},
    "contents": {},
    "attributes": {},
    "context": {},
    "answers": {},
}


def name_of(value):
    return value.name if hasattr(value, "takes") else None


@pytest.fixture
def world(company):
    """Return who asks, and values that are right for every member and place."""
    agent = make_agent(company, owner="tenant_admin", max_depth=2)
    policy = make_policy(company, by="tenant_admin")
    proposal = make_proposal(company, name="waiting")
    scope, user = company.scopes["platform"], company.users["viewer"]
    with company.acting("tenant_admin"):
        member = add_member(user_id=user.id, scope_id=scope.id)
        (grant,) = list_grants(user_id=user.id)
    right = {
        **VALID,
        "expires_at": (clock.now() + timedelta(days=1)).isoformat(),
        "scope_id": str(scope.id),
        "user_id": str(user.id),
        "parent_id": str(scope.id),
        "agent_id": str(agent.id),
        "policy_id": str(policy.id),
        "proposal_id": str(proposal.id),
        "items": [{"id": str(proposal.id)}],
        "membership_id": str(member.id),
        "grant_id": str(grant.id),
    }
    return caller(company, "tenant_admin"), right, company


def place_of(route, right):
    """Return the address of a route, about something that exists where that is easy."""
    path = route.path
    for name, value in {**right, "parent_id": right["agent_id"]}.items():
        path = path.replace(f"<uuid:{name}>", str(value))
    path = path.replace("<int:number>", "1")
    for name in ("delivery_id", "token_id", "rollback_id", "glass_id", "webhook_id", "message_id"):
        path = path.replace(f"<uuid:{name}>", str(uuid4()))
    return path.replace("<str:session_id>", str(uuid4()))


def send(world, route, **changes):
    """Send a request that is right but for `changes`; also return how many events there are."""
    person, right, company = world
    body = {name: right[name] for name in route.takes.model_fields if name in right}
    answer = person.send(route.method, place_of(route, right), {**body, **changes})
    with company.acting("tenant_admin"):
        happened = Event.objects.filter(outcome="done").count()
    return answer, happened


def count(world):
    with world[2].acting("tenant_admin"):
        return Event.objects.filter(outcome="done").count()


def assert_named(world, route, name, value):
    before = count(world)
    answer, after = send(world, route, **{name: value})
    assert answer.status_code == 422, (route.name, name, value, answer.content)
    fields = answer.json()["fields"]
    assert fields, answer.content
    assert all(field.split(".")[0] == name for field in fields), (value, fields)
    assert after == before, (route.name, name, value)


@pytest.mark.parametrize("route", WRITES, ids=name_of)
def test_a_value_of_the_wrong_type_is_named(world, route):
    for name in route.takes.model_fields:
        for value in WRONG_TYPES:
            if name in EMPTY and value == EMPTY[name]:
                continue
            if (name, value) in RIGHT:
                continue
            # What a kind of change takes is its own matter, and so is what it names.
            if name == "payload" and isinstance(value, dict):
                continue
            assert_named(world, route, name, value)


TEXTS = [
    (route, name)
    for route, name in FIELDS
    if name not in ("capabilities", "scopes", "max_depth", "expires_at", "hours", *EMPTY)
    if name not in ("payload", "question")
    if (route.name, name) != ("policy.validate", "cedar")
]


@pytest.mark.parametrize("route", WRITES, ids=name_of)
def test_a_text_that_is_too_long_or_holds_a_nul_is_named(world, route):
    for name in (name for owner, name in TEXTS if owner is route):
        for value in ("x" * 200_000, "nul\x00inside", "bell\x07", "\x00"):
            assert_named(world, route, name, value)


@pytest.mark.parametrize(
    ("route", "name"),
    [pair for pair in FIELDS if pair[1].endswith("_id") and pair[1] != "resource_id"],
    ids=name_of,
)
def test_an_id_that_is_nothing_or_another_companys_is_named(world, other_company, route, name):
    theirs = {
        "scope_id": other_company.scopes["api"],
        "parent_id": other_company.scopes["api"],
        "user_id": other_company.users["viewer"],
        "agent_id": make_agent(other_company),
        "policy_id": make_policy(other_company),
    }[name]
    for value in ("", "7", "not-an-id", str(uuid4()), str(theirs.id)):
        assert_named(world, route, name, value)


@pytest.mark.parametrize(
    "value",
    ["", "tomorrow", "2030-01-01", "2030-01-01T00:00:00", "2020-01-01T00:00:00Z",
     "2999-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2030-02-30T00:00:00Z", "1700000000"],
)  # fmt: skip
@pytest.mark.parametrize(
    "route", [route for route, name in FIELDS if name == "expires_at"], ids=name_of
)
def test_a_time_that_cannot_be_is_named(world, route, value):
    assert_named(world, route, "expires_at", value)


@pytest.mark.parametrize(
    "value",
    ["permit", "permit (principal, action, resource)", "forbid (principal, action, resource;);",
     'permit (principal, action == Action::"nonsense", resource);', "(" * 40_000, "// nothing",
     "permit (principal == ?principal, action, resource);"],
)  # fmt: skip
def test_cedar_that_is_wrong_is_named_with_its_place(world, value):
    for route in WRITES:
        if route.name in ("policy.draft", "policy.edit"):
            before = count(world)
            answer, after = send(world, route, cedar=value)
            (text, *_) = refused(answer, 422, "cedar")["fields"]["cedar"]
            assert text.startswith("line "), text
            assert after == before


@pytest.mark.parametrize(
    ("name", "values"),
    [("capabilities", [[], ["nonsense"], ["x" * 121], ["policy.view"] * 201, ["a\x00"]]),
     ("scopes", [[], ["nonsense"], ["policy.view"] * 101, ["a\x00"], [""]]),
     ("slug", ["", "UPPER", "-a", "a b", "a" * 64, "ä"]),
     ("email", ["", "nobody", "a@", "@b", "a b@example.com", "x" * 255]),
     ("max_depth", [0, -1, 4, 10**30])],
)  # fmt: skip
def test_a_value_outside_its_range_is_named(world, name, values):
    for route, field in FIELDS:
        if field == name:
            for value in values:
                assert_named(world, route, name, value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("route", WRITES, ids=name_of)
def test_any_json_at_all_is_answered_as_the_document_says(world, route):
    person, right, _ = world
    path = place_of(route, right)
    names = st.sampled_from(sorted(route.takes.model_fields))

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.dictionaries(names | st.text(max_size=8), JSON, max_size=5) | JSON)
    def attack(body):
        answer = person.send(route.method, path, body if body is not None else "null")
        assert answer.status_code < 500, answer.content
        if answer.status_code >= 400:
            refused(answer, answer.status_code, *answer.json()["fields"])

    attack()
