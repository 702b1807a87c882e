"""Policies that break or override one above: refused, recorded, and enforced by agents."""

import json

import cedarpy
import pytest

from apps.events.models import Event
from apps.kernel.errors import Conflict
from apps.orgs.operations import archive_scope
from apps.policies.models import Policy, Revision
from apps.policies.operations import activate_policy, draft_policy, edit_policy
from apps.policies.overriding import except_below, within
from apps.policies.queries import agent_schema, load_bundle
from apps.proposals.operations import propose_policy
from tests.factories.policy import make_active, make_policy

SECURITY = {"id": "security-file", "target": "file", "effect": "require", "path": "SECURITY.md"}
STATEMENTS = """// Reading is fine.
@id("read; it") @why("a")
permit (principal, action == Action::"read_file", resource)
when { resource has path && resource.path like "src/*" };
forbid (principal is Agent, action, resource in Scope::"c/o") unless { context has mfa };
permit (principal, action == Action::"deploy", resource is Scope); // last
"""
PLACES = ["c", "c/o", "c/o/t", "c/o/t/p", "c/x", "c/o2"]


def entities(home):
    scopes = [
        {"uid": {"type": "Scope", "id": place}, "attrs": {"kind": "k", "name": "n"},
         "parents": [{"type": "Scope", "id": place.rpartition("/")[0]}] if "/" in place else []}
        for place in PLACES
    ]  # fmt: skip
    files = [
        {"uid": {"type": "File", "id": place}, "attrs": {"path": path},
         "parents": [{"type": "Scope", "id": place}]}
        for place in PLACES for path in ["src/a"]
    ]  # fmt: skip
    ann = {"uid": {"type": "User", "id": "ann"}, "attrs": {"roles": []}, "parents": []}
    bot = {"uid": {"type": "Agent", "id": "bot"},
           "attrs": {"name": "b", "capabilities": [],
                     "owner": {"__entity": {"type": "User", "id": "ann"}}},
           "parents": [{"type": "User", "id": "ann"}, {"type": "Scope", "id": home}]}  # fmt: skip
    return [*scopes, *files, ann, bot]


def decide(cedar, who, action, what, context, *, home="c"):
    request = {"principal": who, "action": f'Action::"{action}"', "resource": what,
               "context": context}  # fmt: skip
    return cedarpy.is_authorized(request, cedar, entities(home)).decision


def test_statements_stop_applying_exactly_in_the_scopes_that_override_them():
    places = ["c/o/t", "c/x"]
    limited = except_below(STATEMENTS, places)

    assert cedarpy.validate_policies(limited, agent_schema()).validation_passed
    parsed = json.loads(cedarpy.policies_to_json_str(limited))["staticPolicies"]
    notes = [policy.get("annotations") for policy in parsed.values()]
    assert {"id": "read; it", "why": "a"} in notes
    assert limited.startswith("// Reading is fine.\n")
    nothing = cedarpy.Decision.Deny
    for who in ('User::"ann"', 'Agent::"bot"'):
        for action, kind in (("read_file", "File"), ("deploy", "Scope")):
            for place in PLACES:
                for context in ({}, {"mfa": True}):
                    asked = (who, action, f'{kind}::"{place}"', context)
                    is_off = place in ("c/o/t", "c/o/t/p", "c/x")
                    expected = nothing if is_off else decide(STATEMENTS, *asked)
                    assert decide(limited, *asked) == expected, asked


def test_text_is_untouched_where_nothing_overrides_it():
    assert except_below(STATEMENTS, []) == STATEMENTS


REACHING = """@forbid("who") permit (principal, action, resource); // ) and forbid
@id("permit") forbid (principal is Agent, action == Action::"read_file", resource)
when { resource has path };
"""


def test_a_permission_below_the_company_reaches_the_resources_there_alone():
    cedar = within(REACHING, "c/o")

    assert cedarpy.validate_policies(cedar, agent_schema()).validation_passed
    for place in PLACES:
        asked = ('User::"ann"', "read_file", f'File::"{place}"', {})
        is_inside = place == "c/o" or place.startswith("c/o/")
        assert (decide(cedar, *asked) == cedarpy.Decision.Allow) == is_inside, place


def test_a_prohibition_below_the_company_also_follows_the_agents_there():
    cedar = "permit (principal, action, resource);" + within(REACHING, "c/o").partition("\n")[2]
    allowed = {
        (place, home): decide(
            cedar, 'Agent::"bot"', "read_file", f'File::"{place}"', {}, home=home
        ) == cedarpy.Decision.Allow
        for place in PLACES for home in ("c/o/t", "c/o2")
    }  # fmt: skip

    assert {place for (place, home), is_allowed in allowed.items() if is_allowed} == {
        "c", "c/x", "c/o2",
    }  # fmt: skip
    assert not any(is_allowed for (_, home), is_allowed in allowed.items() if home == "c/o/t")


def test_a_policy_of_the_company_reaches_everything():
    assert within(REACHING, "c") == REACHING


PERMIT = 'permit (principal, action == Action::"read_file", resource);\n'


def cedar_of(company):
    with company.acting("architect"):
        head = Revision.objects.order_by("-number").first()
        return {policy["id"]: policy["cedar"] for policy in load_bundle(head.number).policies}


def test_agents_follow_an_override_and_its_end(company):
    upper = make_active(company, cedar=PERMIT)
    team = company.scopes["api"]
    before = cedar_of(company)
    lower = make_active(company, scope_id=team.id, merge_strategy="override", rules=[SECURITY],
                        cedar="")  # fmt: skip

    after = cedar_of(company)
    assert before == {str(upper.id): PERMIT}
    assert list(after) == [str(upper.id)]
    assert "unless { resource in Scope::" in after[str(upper.id)]
    assert after[str(upper.id)].endswith('/api" };\n')
    with company.acting("architect"):
        event = Event.objects.filter(type="policy.activated").order_by("-id").first()
        assert event.payload == {"overrides": [f"baseline of {company.scopes['company'].name}"]}
        edit_policy(policy_id=lower.id, merge_strategy="merge")
        activate_policy(policy_id=lower.id, cedar="", rules=[SECURITY], reason="Merged.")
    assert cedar_of(company) == before


def test_agents_hold_a_policy_to_its_scope_and_drop_it_with_an_archived_one(company):
    policy = make_active(company, scope_id=company.scopes["gateway"].id, cedar=PERMIT)
    place = f"{company.slug}/platform/api/gateway"

    assert cedar_of(company) == {
        str(policy.id): PERMIT.replace(";", f' when {{ resource in Scope::"{place}" }};')
    }
    with company.acting("admin"):
        archive_scope(scope_id=company.scopes["gateway"].id, reason="Closed.")
    make_active(company, name="later", cedar=PERMIT)
    assert list(cedar_of(company).values()) == [PERMIT]


def test_a_mandatory_policy_is_not_overridden_below(company):
    make_active(company, cedar=PERMIT, mode="mandatory", rules=[{**SECURITY, "severity": "block"}])
    team, root = company.scopes["api"].id, company.scopes["company"].name
    words = f"baseline of {root} is mandatory: it cannot be overridden below. Choose merge."

    with company.acting("architect"), pytest.raises(Conflict) as drafted:
        draft_policy(scope_id=team, name="baseline", cedar=PERMIT, merge_strategy="override")
    with company.acting("architect"), pytest.raises(Conflict) as weakened:
        draft_policy(scope_id=team, name="baseline", rules=[SECURITY])

    assert drafted.value.fields == {"merge_strategy": [words]}
    assert weakened.value.fields == {
        "rules": [
            f"security-file: baseline of {root} is mandatory; its rule cannot be weakened below: "
            "its severity would be warn instead of block."
        ]
    }
    with company.acting("architect"):
        assert Policy.objects.count() == 1


def test_a_draft_that_came_first_is_neither_edited_proposed_nor_activated(company):
    team = company.scopes["api"].id
    draft = make_policy(company, scope_id=team, cedar=PERMIT, merge_strategy="override")
    make_active(company, cedar=PERMIT, mode="mandatory")

    calls = (
        lambda: edit_policy(policy_id=draft.id, description="Mine."),
        lambda: propose_policy(policy_id=draft.id, justification="Mine."),
        lambda: activate_policy(policy_id=draft.id, cedar=PERMIT, reason="Mine."),
    )
    for call in calls:
        with company.acting("architect"), pytest.raises(Conflict) as caught:
            call()
        assert list(caught.value.fields) == ["merge_strategy"]
    with company.acting("architect"):
        assert Policy.objects.get(id=draft.id).state == "draft"
        assert Policy.objects.get(id=draft.id).version == 1
