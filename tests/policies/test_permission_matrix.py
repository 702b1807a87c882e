"""Every role, every action, every type of resource, inside, outside and in another tenant."""

from pathlib import Path

import pytest

from apps.kernel import clock
from apps.kernel.authorization import decide_many
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.orgs.models import User
from apps.policies.permission_table import list_actions, list_services, permission_page
from tests.policies.conftest import OTHER, person, software, thing
from tests.policies.domain_matrix import (
    CLOSED_TO_AGENTS,
    LOWEST_ROLE,
    NEVER_OWN,
    ONLY_OWN,
    OVER_A_PERSON,
    OWN_AGENT,
    OWN_THINGS,
    ROLES,
    SERVICES,
    height,
    is_expected,
    lowest_role,
)

pytestmark = [pytest.mark.gap("MT-C2"), pytest.mark.django_db]
ACTIONS = list_actions()
LEADERS = ("admin", "tenant_admin", "platform")
ROOT = Path(__file__).resolve().parents[2]


def _cells(places, kinds, me):
    """Return every combination of type, place and owner with its resource."""
    return [
        (kind, place, is_own, thing(kind, scope_id=scope_id, whose=me if is_own else OTHER))
        for kind in kinds
        for place, scope_ids in places.items()
        for scope_id in scope_ids
        for is_own in (True, False)
    ]


def _answers(action, cells):
    # Each alone: one person as a resource in two scopes of one question would be in both.
    decisions = [decide_many(action, [cell[3]])[0] for cell in cells]
    assert all(not d.errors for d in decisions), decisions[0].errors
    return [d.allowed for d in decisions]


def test_the_matrix_names_every_action_of_the_schema_once():
    named = [a for actions in LOWEST_ROLE.values() for a in actions] + sorted(OWN_THINGS)
    of_services = set().union(*SERVICES.values())
    assert len(named) == len(set(named))
    assert set(named) | of_services == {action.name for action in ACTIONS}
    assert set(named) >= ONLY_OWN | NEVER_OWN | OWN_AGENT | CLOSED_TO_AGENTS
    assert set(SERVICES) == set(list_services())


@pytest.mark.parametrize("role", [None, *ROLES, "platform"], ids=str)
def test_a_person_may_do_exactly_what_the_domain_says(role, holders, places):
    user = holders[role]
    wrong, asked = [], 0
    with acting_as(person(user, is_platform=role == "platform")):
        for action in ACTIONS:
            if "User" not in action.principals:
                continue
            cells = _cells(places, action.resources, str(user.id))
            for (kind, place, is_own, _), allowed in zip(
                cells, _answers(action.name, cells), strict=True
            ):
                asked += 1
                expected = is_expected(role=role, action=action.name, place=place, is_own=is_own)
                if allowed != expected:
                    wrong.append((action.name, kind, place, is_own, allowed))
    assert wrong == []
    assert asked > 1000


@pytest.mark.parametrize("role", ROLES)
def test_an_agent_may_do_no_more_than_its_owner(role, holders, places, make_agent_of):
    """With every capability, at the whole company, it may what its owner may in their roles."""
    owner = holders[role]
    open_to_agents = [a for a in ACTIONS if "Agent" in a.principals]
    agent = make_agent_of(owner, capabilities={a.name for a in open_to_agents})
    wrong = []
    with acting_as(software(agent)):
        for action in open_to_agents:
            cells = _cells(places, action.resources, str(owner.id))
            for (kind, place, is_own, _), allowed in zip(
                cells, _answers(action.name, cells), strict=True
            ):
                expected = _of_agent(role=role, action=action.name, place=place, is_own=is_own)
                if allowed != expected:
                    wrong.append((action.name, kind, place, is_own, allowed))
    assert wrong == []


def _of_agent(*, role, action, place, is_own):
    # Only its own branch of delegation is an agent's to delegate, and no thing here is the agent.
    if action in CLOSED_TO_AGENTS or action == "agent.delegate":
        return False
    if action in OWN_AGENT:
        return place == "inside" and ROLES.index(role) >= ROLES.index(lowest_role(action))
    if action == "agent.register":
        return place == "inside" and ROLES.index(role) >= ROLES.index("developer")
    return is_expected(role=role, action=action, place=place, is_own=is_own)


def _somebody(company, role, *, at="company"):
    """Register a further person who holds `role`, or is a platform administrator."""
    from apps.orgs.operations import grant_role, register_user

    with company.acting("tenant_admin"):
        user = register_user(email=f"{uuid7()}@acme.example", name=f"{role} of {at}")
        if role in ROLES:
            grant_role(user_id=user.id, scope_id=company.scopes[at].id, role=role)
        user.is_platform_admin = role == "platform"
        user.save(update_fields=["is_platform_admin"])
    return user


@pytest.mark.parametrize("is_ended", [False, True], ids=["active", "deactivated"])
@pytest.mark.parametrize("role", [None, *ROLES, "platform"], ids=str)
def test_nobody_is_changed_by_somebody_below(role, is_ended, company, make_agent_of):
    """Every role over every other, and over the owner of one team, by a person and an agent."""
    places = [(other, "company") for other in (None, *ROLES, "platform")]
    others = {place: _somebody(company, *place[:1], at=place[1]) for place in places}
    others["tenant_admin", "api"] = _somebody(company, "tenant_admin", at="api")
    if is_ended:
        with acting_as(company.service("tests")):
            ids = [other.id for other in others.values()]
            User.objects.filter(id__in=ids).update(deactivated_at=clock.now())
    user = _somebody(company, role)
    agent = make_agent_of(user, capabilities=OVER_A_PERSON)
    # An agent has the roles of its person, never their seat at the platform.
    actors = {person(user, is_platform=role == "platform"): role in LEADERS}
    actors[software(agent)] = role in LEADERS and role != "platform"
    for actor, may in actors.items():
        with acting_as(actor):
            for (other, place), target in others.items():
                for action in sorted(OVER_A_PERSON):
                    (decision,) = decide_many(action, [target.as_resource()])
                    expected = may and height(role) >= height(other)
                    assert decision.allowed == expected, (actor.principal.kind, other, place)


@pytest.mark.parametrize("role", ["admin", "tenant_admin", "platform"])
def test_everybody_who_may_change_people_may_change_themselves(role, company):
    user = _somebody(company, role)
    with acting_as(person(user, is_platform=role == "platform")):
        (decision,) = decide_many("user.update", [user.as_resource()])
    assert decision.allowed


def test_an_agent_does_only_what_it_was_given(holders, places, make_agent_of):
    owner = holders["tenant_admin"]
    agent = make_agent_of(owner, capabilities={"policy.view"})
    with acting_as(software(agent)):
        for action in ACTIONS:
            if "Agent" in action.principals:
                cells = _cells(places, action.resources, str(owner.id))
                allowed = _answers(action.name, cells)
                assert any(allowed) == (action.name == "policy.view"), action.name


def test_an_agent_works_only_where_it_was_sent(company, holders, make_agent_of):
    agent = make_agent_of(holders["tenant_admin"], capabilities={"policy.view"}, scope="gateway")
    reached = [name for name, scope in company.scopes.items() if _may_view(agent, scope.id)]
    assert reached == ["gateway"]


def _may_view(actor_of, scope_id):
    resource = thing("Policy", scope_id=scope_id, whose=OTHER)
    with acting_as(software(actor_of)):
        return decide_many("policy.view", [resource])[0].allowed


@pytest.mark.parametrize("service", [*SERVICES, "stranger"])
def test_a_service_does_only_its_own_work(service, company, places):
    with acting_as(company.service(service)):
        for action in ACTIONS:
            if "Service" not in action.principals:
                continue
            cells = _cells({"inside": places["inside"]}, action.resources, OTHER)
            expected = action.name in SERVICES.get(service, set())
            assert set(_answers(action.name, cells)) == {expected}, action.name


@pytest.mark.parametrize("role", [None, *ROLES])
def test_a_share_lets_one_person_read_one_scope(role, company, holders):
    from apps.orgs.operations import share_scope

    user = holders[role]
    with company.acting("tenant_admin"):
        share_scope(scope_id=company.scopes["web"].id, user_id=user.id)
    readable = {"org.view", "user.view", "agent.view", "policy.view", "proposal.view"}
    with acting_as(person(user)):
        for action in ACTIONS:
            if "User" in action.principals and action.name not in OWN_THINGS | OWN_AGENT:
                for name in ("web", "shop", "platform"):
                    scope_id = company.scopes[name].id
                    items = [thing(k, scope_id=scope_id, whose=OTHER) for k in action.resources]
                    expected = action.name in readable and name in ("web", "shop")
                    allowed = {d.allowed for d in decide_many(action.name, items)}
                    assert allowed == {expected}, (action.name, name)


@pytest.mark.gap("MT-M2")
@pytest.mark.parametrize(
    ("resolution", "expected"),
    [("most_permissive", True), ("least_permissive", False)],
)
def test_of_two_roles_that_reach_a_resource_the_companys_rule_counts(
    resolution, expected, company, holders
):
    """An Architect of the company who is Viewer of one team, in that team and outside it."""
    from apps.orgs.operations import configure_company, grant_role

    user = company.users["architect"]
    with company.acting("tenant_admin"):
        grant_role(user_id=user.id, scope_id=company.scopes["api"].id, role="viewer")
        configure_company(role_resolution=resolution)
    with acting_as(person(user)):
        inside = thing("Policy", scope_id=company.scopes["gateway"].id, whose=OTHER)
        outside = thing("Policy", scope_id=company.scopes["shop"].id, whose=OTHER)
        assert [d.allowed for d in decide_many("policy.edit", [inside, outside])] == [
            expected,
            True,
        ]
        assert decide_many("policy.view", [inside])[0].allowed


def test_a_limited_token_allows_only_its_scopes(company, holders, places):
    user = company.users["tenant_admin"]
    with acting_as(person(user, scopes=frozenset({"policy.view"}))):
        for action in ACTIONS:
            if "User" in action.principals:
                cells = _cells(places, action.resources, str(user.id))
                allowed = any(_answers(action.name, cells))
                assert allowed == (action.name == "policy.view"), action.name


def test_a_token_without_scopes_allows_nothing(company, places):
    user = company.users["tenant_admin"]
    with acting_as(person(user, scopes=frozenset())):
        for action in ACTIONS:
            if "User" in action.principals:
                cells = _cells(places, action.resources, str(user.id))
                assert not any(_answers(action.name, cells)), action.name


def test_a_deactivated_person_may_do_nothing(company, places):
    from apps.orgs.operations import deactivate_user

    user = company.users["architect"]
    with company.acting("tenant_admin"):
        deactivate_user(user_id=user.id)
    with acting_as(person(user)):
        for action in ACTIONS:
            if "User" in action.principals:
                cells = _cells(places, action.resources, str(user.id))
                assert not any(_answers(action.name, cells)), action.name


def test_a_person_of_another_tenant_may_do_nothing_here(company, other_company, places):
    """Even with the other tenant's highest person as principal in this tenant's scope."""
    user = other_company.users["tenant_admin"]
    principal = person(user).principal
    from dataclasses import replace

    actor = replace(company.actor("viewer"), principal=principal)
    with acting_as(actor):
        for action in ACTIONS:
            if "User" in action.principals:
                cells = _cells({"inside": places["inside"]}, action.resources, OTHER)
                assert not any(_answers(action.name, cells)), action.name


def test_the_page_of_permissions_is_what_cedar_answers():
    page = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert page == permission_page(), "stale: run `make permissions`"
