"""One workflow for roles and governance rules as for policies, and the rules it follows."""

import pytest

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.orgs import queries as orgs
from apps.orgs.models import Company, GovernanceRule, RoleGrant
from apps.orgs.operations import grant_role, revoke_role
from apps.proposals.models import Proposal
from apps.proposals.operations import (
    approve_proposal,
    propose_change,
    propose_policy,
    revise_proposal,
)
from tests.factories.company import make_agent
from tests.factories.policy import make_policy, make_proposal
from tests.proposals.rules import set_preset, set_rule


def propose(company, kind, payload, *, by="developer", scope="company"):
    with company.acting(by):
        return propose_change(
            scope_id=company.scopes[scope].id,
            kind=kind,
            payload=payload,
            justification="We need it.",
        )


def propose_role(company, *, role="tech_lead", who="outsider", **where):
    payload = {"user_id": str(company.users[who].id), "role": role}
    return propose(company, "grant_role", payload, **where)


def approve(company, proposal, *, by="admin"):
    with company.acting(by):
        return approve_proposal(proposal_id=proposal.id)


def roles_of(company, who):
    with company.acting("tenant_admin"):
        rows = RoleGrant.objects.filter(user=company.users[who], revoked_at__isnull=True)
        return sorted(rows.values_list("role", "scope__slug"))


def test_a_role_asked_for_is_given_by_an_administrators_approval(company):
    proposal = propose_role(company, scope="web")
    assert (proposal.title, proposal.severity) == ("TechLead for Outsider", "warn")
    assert roles_of(company, "outsider") == []
    with pytest.raises(Forbidden):
        approve(company, proposal, by="architect")
    assert approve(company, proposal).state == "approved"
    assert roles_of(company, "outsider") == [("tech_lead", "web")]


def test_a_role_is_taken_away_by_an_approved_proposal(company):
    with company.acting("tenant_admin"):
        grant = RoleGrant.objects.get(user=company.users["team_lead"])
    payload = {"grant_id": str(grant.id)}
    proposal = propose(company, "revoke_role", payload, scope="api")
    approve(company, proposal)
    assert roles_of(company, "team_lead") == []


def test_a_role_that_ended_meanwhile_cannot_be_taken_away_twice(company):
    with company.acting("tenant_admin"):
        grant = RoleGrant.objects.get(user=company.users["team_lead"])
    proposal = propose(company, "revoke_role", {"grant_id": str(grant.id)}, scope="api")
    with company.acting("admin"):
        revoke_role(grant_id=grant.id)
    with pytest.raises(Conflict, match="do not hold the role any more"):
        approve(company, proposal)


def test_nobody_approves_a_role_above_their_own(company):
    proposal = propose_role(company, role="tenant_admin")
    with pytest.raises(Forbidden):
        approve(company, proposal, by="admin")
    approve(company, proposal, by="tenant_admin")
    assert roles_of(company, "outsider") == [("tenant_admin", "acme")]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("governance_setting", {"setting": "preset", "value": {"preset": "strict"}}),
        ("grant_role", None),
    ],
)
def test_nobody_approves_their_own_of_any_kind_also_not_through_an_agent(company, kind, payload):
    given = payload or {"user_id": str(company.users["outsider"].id), "role": "developer"}
    agent = make_agent(
        company, owner="admin", capabilities=["governance.propose"], max_severity="block"
    )
    with acting_as(company.agent_actor(agent)):
        proposal = propose_change(
            scope_id=company.tenant_id, kind=kind, payload=given, justification="We need it."
        )
    with pytest.raises(Forbidden):
        approve(company, proposal, by="admin")
    assert approve(company, proposal, by="tenant_admin").state == "approved"


def test_one_proposal_about_the_same_thing_waits_at_a_time(company):
    propose_role(company)
    with pytest.raises(Conflict, match="pending already"):
        propose_role(company, by="architect")
    with company.acting("viewer"):
        assert Proposal.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "payload", "field"),
    [
        ("fly", {}, "kind"),
        ("activate_policy", {}, "kind"),
        ("grant_role", {"user_id": "x", "role": "viewer"}, "user_id"),
        ("revoke_role", {}, "grant_id"),
        ("governance_setting", {}, "setting"),
        ("governance_setting", {"setting": "preset"}, "value"),
        ("governance_setting", {"setting": "preset", "value": {"preset": "soft"}}, "preset"),
        ("governance_setting", {"setting": "rule", "value": {"kind": "fly"}}, "kind"),
        (
            "governance_setting",
            {"setting": "rule", "value": {"terms": {"required_approvals": 0}}},
            "required_approvals",
        ),
        (
            "governance_setting",
            {"setting": "rule", "value": {"terms": {"reminder_percents": [90, 50]}}},
            "reminder_percents",
        ),
        (
            "governance_setting",
            {"setting": "rule", "value": {"terms": {"colour": "red"}}},
            "colour",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field_and_nothing_is_proposed(
    company, kind, payload, field
):
    with pytest.raises(Invalid) as refused:
        propose(company, kind, payload)
    assert list(refused.value.fields) == [field]
    with company.acting("viewer"):
        assert not Proposal.objects.exists()


def test_a_preset_is_set_for_the_company_only(company):
    payload = {"setting": "preset", "value": {"preset": "strict"}}
    with pytest.raises(Invalid) as refused:
        propose(company, "governance_setting", payload, scope="api")
    assert list(refused.value.fields) == ["scope_id"]


def test_another_companys_person_gets_no_role_here(company, other_company):
    payload = {"user_id": str(other_company.users["outsider"].id), "role": "viewer"}
    with pytest.raises(NotFound, match="There is no such user"):
        propose(company, "grant_role", payload)
    with pytest.raises(NotFound, match="There is no such user"):
        propose(company, "grant_role", {**payload, "user_id": str(uuid7())})


# --- the rules, and changing them -------------------------------------------------------------


@pytest.mark.gap("UX-M1")
def test_a_rule_changes_only_by_a_proposal_decided_under_the_rules_in_force(company):
    terms = {"required_approvals": 2}
    value = {"kind": "activate_policy", "terms": terms}
    payload = {"setting": "rule", "value": value}
    proposal = propose(company, "governance_setting", payload, by="admin")
    waiting = make_proposal(company)
    with pytest.raises(Forbidden):
        approve(company, proposal, by="second_architect")
    with pytest.raises(Forbidden):
        approve(company, proposal, by="admin")
    approve(company, proposal, by="tenant_admin")
    assert approve(company, waiting, by="second_architect").state == "pending"
    assert approve(company, waiting, by="admin").state == "approved"


@pytest.mark.gap("UX-M1")
def test_a_rule_under_which_nobody_could_change_the_rules_again_is_refused(company):
    value = {"kind": "governance_setting", "terms": {"required_approvals": 2}}
    with pytest.raises(Invalid, match="not valid") as refused:
        propose(company, "governance_setting", {"setting": "rule", "value": value})
    assert refused.value.fields["required_approvals"] == [
        "Nobody could change the rules again: 2 needed, and besides whoever proposes 1 may approve."
    ]
    with company.acting("viewer"):
        assert not GovernanceRule.objects.exists()


def test_the_nearest_rule_wins_and_the_kind_before_the_severity(company):
    set_rule(company, kind="", review_hours=2)
    set_rule(company, scope="api", kind="", review_hours=3)
    set_rule(company, scope="api", kind="grant_role", review_hours=4)

    def hours(scope, kind):
        with company.acting("viewer"):
            found = orgs.effective_rule(scope_id=str(company.scopes[scope].id), kind=kind)
            return found.terms.review_hours

    assert hours("web", "grant_role") == 2
    assert hours("gateway", "activate_policy") == 3
    assert hours("gateway", "grant_role") == 4


def test_a_rule_that_is_removed_leaves_what_is_inherited(company):
    set_rule(company, required_approvals=2)
    value = {"kind": "activate_policy", "severity_floor": "info"}
    payload = {"setting": "rule_removed", "value": value}
    approve(company, propose(company, "governance_setting", payload))
    with company.acting("viewer"):
        assert not GovernanceRule.objects.exists()


def test_a_rule_may_ask_for_a_higher_role_than_the_permissions_do(company):
    set_rule(company, approver_role="admin")
    proposal = make_proposal(company)
    with pytest.raises(Conflict, match="an approval by Admin or higher"):
        approve(company, proposal, by="second_architect")
    assert approve(company, proposal, by="admin").state == "approved"


def test_a_rule_may_apply_what_a_trusted_role_proposes_at_once(company):
    set_rule(company, auto_approve_role="architect")
    assert make_proposal(company, name="by-architect").state == "approved"
    policy = make_policy(company, name="by-developer")
    with company.acting("developer"):
        proposal = propose_policy(policy_id=policy.id, justification="We need it.")
    assert proposal.state == "pending"


def test_a_rule_applies_nothing_at_once_that_an_agent_proposes(company):
    set_rule(company, auto_approve_role="architect")
    policy = make_policy(company)
    agent = make_agent(
        company, owner="architect", capabilities=["policy.propose"], max_severity="block"
    )
    with acting_as(company.agent_actor(agent)):
        proposal = propose_policy(policy_id=policy.id, justification="We need it.")
    assert proposal.state == "pending"


def test_an_agent_proposes_no_heavier_change_than_the_rule_lets_agents(company):
    set_rule(company, kind="grant_role", agent_max_severity="info")
    agent = make_agent(
        company, owner="developer", capabilities=["governance.propose"], max_severity="block"
    )
    payload = {"user_id": str(company.users["outsider"].id), "role": "architect"}
    with (
        pytest.raises(Conflict, match="Agents may propose changes up to info here"),
        acting_as(company.agent_actor(agent)),
    ):
        propose_change(
            scope_id=company.tenant_id, kind="grant_role", payload=payload, justification="Please."
        )
    with company.acting("viewer"):
        assert not Proposal.objects.exists()


def test_an_agents_approval_does_not_count_where_the_rule_says_so(company):
    set_rule(company, agents_may_approve=False)
    proposal = make_proposal(company)
    capabilities = ["proposal.approve", "policy.approve", "policy.activate"]
    agent = make_agent(company, owner="second_architect", capabilities=capabilities)
    with (
        pytest.raises(Conflict, match="a person must approve"),
        acting_as(company.agent_actor(agent)),
    ):
        approve_proposal(proposal_id=proposal.id)


def test_revising_the_payload_dismisses_earlier_approvals(company):
    set_rule(company, kind="grant_role", required_approvals=2)
    proposal = propose_role(company)
    assert approve(company, proposal).state == "pending"
    with company.acting("developer"):
        payload = {"user_id": str(company.users["outsider"].id), "role": "viewer"}
        revise_proposal(proposal_id=proposal.id, payload=payload)
    assert approve(company, proposal, by="tenant_admin").state == "pending"
    assert approve(company, proposal, by="admin").state == "approved"
    assert roles_of(company, "outsider") == [("viewer", "acme")]


# --- roles without a proposal -----------------------------------------------------------------


@pytest.mark.parametrize("preset", ["permissive", "standard"])
def test_an_administrator_gives_roles_directly_under(company, preset):
    set_preset(company, preset)
    _grant(company)
    assert roles_of(company, "outsider") == [("viewer", "acme")]


def test_the_strict_preset_asks_for_a_proposal_and_another_administrator(company):
    set_preset(company, "strict")
    with pytest.raises(Conflict, match="given through a proposal"):
        _grant(company)
    assert roles_of(company, "outsider") == []
    approve(company, propose_role(company, role="viewer", by="admin"), by="tenant_admin")
    assert roles_of(company, "outsider") == [("viewer", "acme")]


def test_a_single_administrator_is_never_locked_out_by_the_strict_preset(company):
    set_preset(company, "strict")
    with company.acting("tenant_admin"):
        grant = RoleGrant.objects.get(user=company.users["tenant_admin"])
        RoleGrant.objects.filter(id=grant.id).update(role="viewer")
    _grant(company)
    assert roles_of(company, "outsider") == [("viewer", "acme")]


def test_the_preset_of_a_company_is_standard(company):
    with company.acting("viewer"):
        assert Company.objects.get().governance_preset == "standard"


def _grant(company):
    with company.acting("admin"):
        grant_role(user_id=company.users["outsider"].id, scope_id=company.tenant_id, role="viewer")
