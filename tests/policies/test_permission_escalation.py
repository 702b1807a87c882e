"""Nobody climbs: not by granting, approving, delegating, nor by waiting."""

from datetime import timedelta

import pytest

from apps.events.models import Event
from apps.kernel import clock
from apps.kernel.errors import DomainError, Forbidden, Invalid
from apps.kernel.tenancy import acting_as
from apps.orgs.models import Agent, RoleGrant
from apps.orgs.operations import (
    configure_company,
    deactivate_user,
    delegate_agent,
    grant_role,
    register_agent,
    revoke_agent,
    revoke_role,
)
from apps.policies.models import Policy, Revision
from apps.policies.operations import draft_policy, edit_policy
from apps.proposals.models import Proposal, Review
from apps.proposals.operations import approve_proposal, propose_policy, revise_proposal
from tests.policies.conftest import person, software

pytestmark = [pytest.mark.gap("MT-C2"), pytest.mark.django_db]
CEDAR = 'permit (principal, action == Action::"deploy", resource);\n'
ALL = ("policy.view", "policy.propose", "proposal.approve", "proposal.reject", "proposal.revise")
APPROVER = (*ALL, "policy.approve", "policy.activate", "policy.edit", "agent.delegate")


def _refused(company, action):
    """Return the policies that refused `action`, from the one denial on record."""
    with acting_as(company.service("tests")):
        return Event.objects.get(type=f"{action}.denied").policies


def _draft(company, *, by="architect", severity="info"):
    with company.acting(by):
        return draft_policy(
            scope_id=company.scopes["company"].id, name="baseline", cedar=CEDAR, severity=severity
        )


def _propose(company, *, by="architect", severity="info"):
    policy = _draft(company, severity=severity)
    with company.acting(by):
        return propose_policy(policy_id=policy.id, justification="It is needed.")


# --- granting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("giver", ["admin", "architect", "tech_lead", "developer", "viewer"])
def test_nobody_gives_the_tenants_highest_role_without_holding_it(company, giver):
    target = {"user_id": company.users["outsider"].id, "scope_id": company.tenant_id}
    with pytest.raises(Forbidden), company.acting(giver):
        grant_role(role="tenant_admin", **target)
    with acting_as(company.service("tests")):
        assert not RoleGrant.objects.filter(user_id=target["user_id"]).exists()
    assert _refused(company, "role.grant") == ["not-above-ones-own-role"]


def test_an_admin_does_not_take_the_tenants_highest_role_away(company):
    with acting_as(company.service("tests")):
        grant = RoleGrant.objects.get(role="tenant_admin")
    with pytest.raises(Forbidden), company.acting("admin"):
        revoke_role(grant_id=grant.id)
    with acting_as(company.service("tests")):
        assert RoleGrant.objects.get(id=grant.id).revoked_at is None


def test_an_admin_of_a_team_gives_no_role_outside_it(company):
    with company.acting("tenant_admin"):
        admin = company.users["outsider"]
        grant_role(user_id=admin.id, scope_id=company.scopes["api"].id, role="admin")
    for place in ("web", "platform", "company"):
        with pytest.raises(Forbidden), acting_as(person(admin)):
            grant_role(user_id=admin.id, scope_id=company.scopes[place].id, role="viewer")
    with acting_as(person(admin)):
        grant_role(user_id=admin.id, scope_id=company.scopes["gateway"].id, role="viewer")


def test_under_the_least_permissive_rule_a_lower_role_bounds_what_one_gives(company):
    """TenantAdmin of the company, but Admin of the team `api`: there no more than an Admin."""
    both = company.users["tenant_admin"]
    api = company.scopes["api"].id
    with company.acting("tenant_admin"):
        grant_role(user_id=both.id, scope_id=api, role="admin")
        configure_company(role_resolution="least_permissive")
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        grant_role(user_id=company.users["outsider"].id, scope_id=api, role="tenant_admin")
    assert _refused(company, "role.grant") == ["not-above-ones-own-role"]


def test_under_the_least_permissive_rule_a_lower_role_takes_ones_own_drafts_away(company):
    author = company.users["tech_lead"]
    policy = _draft(company, by="tech_lead")
    with company.acting("tenant_admin"):
        grant_role(user_id=author.id, scope_id=company.tenant_id, role="viewer")
        configure_company(role_resolution="least_permissive")
    with pytest.raises(Forbidden), company.acting("tech_lead"):
        edit_policy(policy_id=policy.id, name="mine")
    with acting_as(company.service("tests")):
        assert Policy.objects.get().name == "baseline"


def test_agents_give_no_roles(company, make_agent_of):
    agent = make_agent_of(company.users["tenant_admin"], capabilities={"role.grant"})
    with pytest.raises(Forbidden), acting_as(software(agent)):
        grant_role(user_id=company.users["outsider"].id, scope_id=company.tenant_id, role="viewer")
    assert "agents-give-no-roles" in _refused(company, "role.grant")


# --- approving --------------------------------------------------------------------------------


def _nothing_was_approved(company):
    with acting_as(company.service("tests")):
        assert Proposal.objects.get().state == "pending"
        assert not Review.objects.exists()
        assert not Revision.objects.exists()


@pytest.mark.parametrize("role", ["architect", "admin", "tenant_admin"])
def test_nobody_approves_their_own_proposal(company, role):
    proposal = _propose(company, by=role)
    with pytest.raises(Forbidden), company.acting(role):
        approve_proposal(proposal_id=proposal.id)
    _nothing_was_approved(company)
    assert _refused(company, "proposal.approve") == ["not-ones-own"]


def test_a_platform_administrator_does_not_approve_their_own_either(company):
    user = company.users["architect"]
    user.is_platform_admin = True
    with acting_as(company.service("tests")):
        user.save(update_fields=["is_platform_admin"])
    proposal = _propose(company)
    with pytest.raises(Forbidden), acting_as(person(user, is_platform=True)):
        approve_proposal(proposal_id=proposal.id)
    _nothing_was_approved(company)


def test_nobody_approves_their_own_proposal_through_an_agent(company, make_agent_of):
    proposal = _propose(company, by="architect")
    agent = make_agent_of(company.users["architect"], capabilities=APPROVER)
    with pytest.raises(Forbidden), acting_as(software(agent)):
        approve_proposal(proposal_id=proposal.id)
    _nothing_was_approved(company)
    assert _refused(company, "proposal.approve") == ["not-ones-own-through-an-agent"]


def test_nobody_approves_what_their_agent_proposed(company, make_agent_of):
    policy = _draft(company)
    agent = make_agent_of(company.users["architect"], capabilities=APPROVER)
    sub = make_agent_of(company.users["architect"], capabilities=APPROVER, parent=agent, depth=2)
    with acting_as(software(agent)):
        proposal = propose_policy(policy_id=policy.id, justification="It is needed.")
    for actor in (company.actor("architect"), software(agent), software(sub)):
        with pytest.raises(Forbidden), acting_as(actor):
            approve_proposal(proposal_id=proposal.id)
    _nothing_was_approved(company)


def test_approving_a_blocking_policy_needs_a_person(company, make_agent_of):
    proposal = _propose(company, severity="block")
    agent = make_agent_of(company.users["second_architect"], capabilities=APPROVER)
    with pytest.raises(Forbidden), acting_as(software(agent)):
        approve_proposal(proposal_id=proposal.id)
    _nothing_was_approved(company)
    assert _refused(company, "proposal.approve") == ["blocking-needs-a-person"]


@pytest.mark.parametrize(("limit", "severity"), [("info", "warn"), ("warn", "block")])
def test_an_agent_proposes_only_up_to_its_severity(company, make_agent_of, limit, severity):
    policy = _draft(company, severity=severity)
    agent = make_agent_of(company.users["developer"], capabilities=ALL, max_severity=limit)
    with pytest.raises(Forbidden), acting_as(software(agent)):
        propose_policy(policy_id=policy.id, justification="It is needed.")
    assert _refused(company, "policy.propose") == ["agent-within-severity"]


def test_an_agent_does_not_revise_a_proposal_past_its_severity(company, make_agent_of):
    policy = _draft(company, severity="info")
    agent = make_agent_of(company.users["developer"], capabilities=ALL, max_severity="info")
    with acting_as(software(agent)):
        proposal = propose_policy(policy_id=policy.id, justification="It is needed.")
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, severity="block")
    with pytest.raises(Forbidden), acting_as(software(agent)):
        revise_proposal(proposal_id=proposal.id)
    assert _refused(company, "proposal.revise") == ["agent-within-severity"]


# --- agents and time --------------------------------------------------------------------------


def _may_propose(company, agent):
    policy = _draft(company) if not _drafts(company) else _drafts(company)[0]
    try:
        with acting_as(software(agent)):
            propose_policy(policy_id=policy.id, justification="It is needed.")
    except Forbidden:
        return False
    return True


def _drafts(company):
    with acting_as(company.service("tests")):
        return list(Policy.objects.all())


def test_an_agent_ends_with_its_owner_and_stays_ended(company, make_agent_of):
    agent = make_agent_of(company.users["developer"], capabilities=ALL)
    with company.acting("tenant_admin"):
        deactivate_user(user_id=company.users["developer"].id)
    with acting_as(company.service("tests")):
        assert Agent.objects.get(id=agent.id).revoked_at is not None
    assert not _may_propose(company, agent)


def test_an_agent_whose_owner_is_out_is_out_even_if_its_row_says_live(company, make_agent_of):
    with company.acting("tenant_admin"):
        deactivate_user(user_id=company.users["developer"].id)
    agent = make_agent_of(company.users["developer"], capabilities=ALL)
    assert not _may_propose(company, agent)


def test_an_agent_loses_what_its_owner_loses(company, make_agent_of):
    agent = make_agent_of(company.users["developer"], capabilities=ALL)
    with company.acting("tenant_admin"):
        grant = RoleGrant.objects.get(user=company.users["developer"])
        revoke_role(grant_id=grant.id)
    assert not _may_propose(company, agent)


@pytest.mark.parametrize("ended", ["itself", "parent", "grandparent"])
@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_chain_with_one_dead_link_is_dead(company, make_agent_of, ended, how):
    owner = company.users["developer"]
    chain = {"grandparent": make_agent_of(owner, capabilities=ALL)}
    chain["parent"] = make_agent_of(owner, capabilities=ALL, parent=chain["grandparent"], depth=2)
    chain["itself"] = make_agent_of(owner, capabilities=ALL, parent=chain["parent"], depth=3)
    column = "revoked_at" if how == "revoked" else "expires_at"
    with acting_as(company.service("tests")):
        rows = Agent.objects.filter(id=chain[ended].id)
        rows.update(**{column: clock.now() - timedelta(seconds=1)})
    assert not _may_propose(company, chain["itself"])


def test_an_agent_has_the_least_of_its_whole_chain(company, make_agent_of):
    owner = company.users["developer"]
    parent = make_agent_of(owner, capabilities={"policy.view"})
    child = make_agent_of(owner, capabilities=ALL, parent=parent, depth=2)
    assert not _may_propose(company, child)


def test_revoking_an_agent_revokes_all_it_delegated_to(company, make_agent_of):
    owner = company.users["developer"]
    top = make_agent_of(owner, capabilities=ALL)
    middle = make_agent_of(owner, capabilities=ALL, parent=top, depth=2)
    leaf = make_agent_of(owner, capabilities=ALL, parent=middle, depth=3)
    with company.acting("developer"):
        revoke_agent(agent_id=top.id)
        live = Agent.objects.filter(revoked_at__isnull=True)
        assert not live.filter(id__in=[top.id, middle.id, leaf.id]).exists()


# --- delegating -------------------------------------------------------------------------------


def _delegate(company, parent, **changes):
    values = {
        "parent_id": parent.id,
        "name": "sub",
        "capabilities": ["policy.view"],
        "expires_at": clock.now() + timedelta(days=1),
        "scope_id": company.scopes["api"].id,
        "max_severity": "info",
    }
    return delegate_agent(**{**values, **changes})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("capabilities", ["policy.view", "policy.propose"]),
        ("expires_at", timedelta(days=30)),
        ("max_severity", "block"),
        ("scope_id", "platform"),
    ],
)
def test_an_agent_never_delegates_more_than_it_holds(company, make_agent_of, field, value):
    parent = make_agent_of(
        company.users["developer"],
        capabilities={"policy.view", "agent.delegate"},
        scope="api",
        max_severity="warn",
    )
    if field == "expires_at":
        value = clock.now() + value
    if field == "scope_id":
        value = company.scopes[value].id
    with pytest.raises(Invalid) as caught, acting_as(software(parent)):
        _delegate(company, parent, **{field: value})
    assert list(caught.value.fields) == [field]
    with acting_as(company.service("tests")):
        assert Agent.objects.count() == 1


def test_an_agent_does_not_delegate_deeper_than_it_may(company, make_agent_of):
    owner = company.users["developer"]
    kinds = {"policy.view", "agent.delegate"}
    top = make_agent_of(owner, capabilities=kinds, max_depth=2)
    leaf = make_agent_of(owner, capabilities=kinds, max_depth=2, depth=2, parent=top)
    with pytest.raises(Invalid) as caught, acting_as(software(leaf)):
        _delegate(company, leaf)
    assert list(caught.value.fields) == ["parent_id"]


def test_an_agent_delegates_only_in_its_own_name(company, make_agent_of):
    kinds = {"policy.view", "agent.delegate"}
    one = make_agent_of(company.users["developer"], capabilities=kinds)
    other = make_agent_of(company.users["developer"], capabilities=kinds)
    with pytest.raises(Forbidden), acting_as(software(one)):
        _delegate(company, other)
    assert _refused(company, "agent.delegate") == ["agent-delegates-only-itself"]


@pytest.mark.parametrize("ended", ["revoked_at", "expires_at"])
def test_an_ended_agent_delegates_nothing(company, make_agent_of, ended):
    parent = make_agent_of(company.users["developer"], capabilities={"agent.delegate"})
    with acting_as(company.service("tests")):
        Agent.objects.update(**{ended: clock.now() - timedelta(seconds=1)})
    for actor in (software(parent), company.actor("developer")):
        with pytest.raises(DomainError), acting_as(actor):
            _delegate(company, parent, capabilities=["agent.delegate"])
    with acting_as(company.service("tests")):
        assert Agent.objects.count() == 1


def test_a_person_delegates_only_from_their_own_agents(company, make_agent_of):
    parent = make_agent_of(company.users["developer"], capabilities={"policy.view"})
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        _delegate(company, parent)
    assert _refused(company, "agent.delegate") == ["delegate-only-ones-own-agent"]


def test_an_agent_registers_no_agents(company, make_agent_of):
    agent = make_agent_of(company.users["developer"], capabilities={"agent.register"})
    with pytest.raises(DomainError), acting_as(software(agent)):
        register_agent(
            name="more",
            scope_id=company.tenant_id,
            capabilities=["policy.view"],
            expires_at=clock.now() + timedelta(days=1),
        )
    with acting_as(company.service("tests")):
        assert Agent.objects.count() == 1
