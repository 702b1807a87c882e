"""The governance page: what holds where, what cannot be met, and proposing other rules."""

import csv
from io import StringIO

import pytest

from apps.orgs.models import GovernanceRule, RoleGrant
from apps.proposals.models import Proposal
from tests.proposals.rules import set_rule
from tests.web.sign_in import browser

PAGE = "/settings/governance/"
RULE = {
    "kind": "activate_policy",
    "severity_floor": "warn",
    "required_approvals": "2",
    "review_hours": "8",
    "reminder_percents": "50, 90",
    "expiry_hours": "100",
    "agent_max_severity": "warn",
    "escalates": "on",
    "justification": "Two see more.",
}


def address(company, what, *, scope="company"):
    return f"{PAGE}{company.scopes[scope].id}/{what}/"


def text(answer):
    return answer.content.decode()


def test_the_page_says_who_can_approve_and_what_happens_when_nobody_does(company):
    page = text(browser(company, "viewer").get(PAGE))
    assert "1 of 4 Architects or higher" in page
    assert "After 72 hours the next level is asked too" in page
    assert "Preset standard" in page
    assert "Propose a rule" not in page


def test_a_rule_that_too_few_can_meet_is_shown(company):
    set_rule(company, required_approvals=9)
    page = text(browser(company, "viewer").get(f"{PAGE}?scope={company.scopes['api'].id}"))
    assert "Fewer people may approve this than the rule asks for." in page
    assert "9 of 4 Architects or higher" in page


@pytest.mark.gap("UX-M1")
def test_a_rule_is_proposed_approved_by_somebody_else_and_then_holds(company):
    asked = browser(company, "developer").post(address(company, "rule"), RULE)
    assert asked.status_code == 302
    with company.acting("viewer"):
        assert not GovernanceRule.objects.exists()
    client = browser(company, "admin")
    page = text(client.get(asked["Location"]))
    assert "Approvals needed" in page
    assert client.post(f"{asked['Location']}approve/", {}).status_code == 302
    with company.acting("viewer"):
        rule = GovernanceRule.objects.get()
    assert (rule.kind, rule.severity_floor, rule.terms["required_approvals"]) == (
        "activate_policy",
        "warn",
        2,
    )
    assert "2 of 4 Architects or higher" in text(client.get(PAGE))


def test_a_role_is_asked_for_on_a_page(company):
    body = {
        "user_id": str(company.users["outsider"].id),
        "role": "developer",
        "justification": "They join us.",
    }
    asked = browser(company, "developer").post(address(company, "role", scope="api"), body)
    page = text(browser(company, "admin").get(asked["Location"]))
    assert "Developer for Outsider" in page
    browser(company, "admin").post(f"{asked['Location']}approve/", {})
    with company.acting("viewer"):
        assert RoleGrant.objects.filter(user=company.users["outsider"]).count() == 1


@pytest.mark.parametrize(
    ("what", "change", "field"),
    [
        ("rule", {"required_approvals": "0"}, "required_approvals"),
        ("rule", {"reminder_percents": "soon"}, "reminder_percents"),
        ("rule", {"reminder_percents": "90, 50"}, "reminder_percents"),
        ("rule", {"justification": ""}, "justification"),
        ("rule", {"kind": "governance_setting"}, "required_approvals"),
        ("preset", {"preset": "soft"}, "preset"),
        ("role", {"role": "king"}, "role"),
    ],
)
def test_a_faulty_proposal_names_the_field_and_proposes_nothing(company, what, change, field):
    person = {"user_id": str(company.users["outsider"].id), "role": "viewer"}
    body = {**RULE, "preset": "strict", **person, **change}
    answer = browser(company, "developer").post(address(company, what), body)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    with company.acting("viewer"):
        assert not Proposal.objects.exists()


def test_who_may_not_propose_is_refused_and_proposes_nothing(company, other_company):
    assert browser(company, "viewer").post(address(company, "rule"), RULE).status_code == 403
    stranger = browser(other_company, "tenant_admin")
    assert stranger.post(address(company, "rule"), RULE).status_code == 404
    assert browser(company, "admin").get(address(company, "war")).status_code == 404
    with company.acting("viewer"):
        assert not Proposal.objects.exists()


def test_the_rules_download_as_csv(company):
    answer = browser(company, "viewer").get(f"{PAGE}?format=csv")
    rows = list(csv.DictReader(StringIO(text(answer))))
    assert len(rows) == 18
    assert (rows[0]["kind"], rows[0]["approvals_needed"]) == ("activate_policy", "1")
