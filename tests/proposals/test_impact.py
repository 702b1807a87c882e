"""Who gains and who loses by a proposal: worked out once, told only of whom the reader may see."""

import csv
import io

import pytest

from apps.kernel.errors import Forbidden
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import register_user
from apps.policies.handlers import publish_revision
from apps.policies.models import Impact
from apps.policies.operations import add_test, edit_policy, record_impact
from apps.proposals.conflicts import waiting
from apps.proposals.operations import propose_policy, revise_proposal, withdraw_proposal
from apps.proposals.prospects import work_out_proposal
from tests.factories.company import make_agent
from tests.factories.policy import make_active, make_policy, make_proposal
from tests.web.sign_in import browser

pytestmark = pytest.mark.gap("UX-H4")
LEADS = (
    'permit (principal is User, action == Action::"deploy", resource)\n'
    'when { principal.roles.contains("team_lead") && context has mfa && context.mfa };\n'
)
DEPLOY = 'permit (principal is User, action == Action::"deploy", resource);\n'


def _work_out(company, proposal):
    return work_out_proposal(tenant_id=company.tenant_id, proposal_id=proposal.id)


def _told(company, proposal, who="tenant_admin", **query):
    client = browser(company, who)
    return client.get(f"/api/v1/proposals/{proposal.id}/impact", query).json()


def test_it_is_pending_until_the_workers_worked_it_out(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    assert _told(company, proposal)["state"] == "pending"
    page = browser(company, "architect").get(f"/proposals/{proposal.id}/").content.decode()
    assert "Asking about everybody…" in page
    assert _work_out(company, proposal) is True
    assert _work_out(company, proposal) is False
    told = _told(company, proposal)
    assert (told["state"], told["notes"]) == ("ready", [])
    assert told["counts"]["people"] == len(company.users) == told["total"]
    assert told["counts"]["agents"] == 0


def test_a_line_names_who_gains_what_where_and_when(company):
    with company.acting("tenant_admin"):
        lead = company.users["team_lead"]
    proposal = make_proposal(company, cedar=LEADS.replace("team_lead", "tech_lead"))
    _work_out(company, proposal)
    (line,) = [one for one in _told(company, proposal)["lines"] if one["id"] == str(lead.id)]
    assert line == {
        "kind": "User",
        "id": str(lead.id),
        "name": lead.name,
        "hidden": 0,
        "effect": "gains",
        "action": "deploy",
        "where": "everywhere",
        "when": "when a second factor was given",
        "is_sampled": False,
    }
    page = browser(company, "tenant_admin").get(f"/proposals/{proposal.id}/").content.decode()
    assert f'href="/organization/people/{lead.id}/"' in page
    assert "when a second factor was given" in page


def test_nobody_is_told_where_nothing_changes(company):
    make_active(company, name="deploying", cedar=DEPLOY)
    proposal = make_proposal(company, name="again", cedar=DEPLOY.replace("is User", ""))
    _work_out(company, proposal)
    told = _told(company, proposal)
    assert (told["summary"], told["total"], told["lines"]) == (
        "Nobody's access changes today.",
        0,
        [],
    )


def test_an_agent_is_counted_apart_and_linked(company):
    agent = make_agent(company)
    proposal = make_proposal(company, cedar=DEPLOY.replace("is User", "is Agent"))
    _work_out(company, proposal)
    told = _told(company, proposal)
    assert (told["counts"]["people"], told["counts"]["agents"]) == (0, 1)
    assert told["summary"] == "1 agent would gain access."
    page = browser(company, "tenant_admin").get(f"/proposals/{proposal.id}/").content.decode()
    assert f'href="/organization/agents/{agent.id}/"' in page


def test_whom_the_reader_may_not_see_is_counted_and_not_named(company):
    with company.acting("tenant_admin"):
        stranger = register_user(email=f"stranger@{company.slug}.example", name="Very Strange")
    proposal = make_proposal(company, cedar=DEPLOY, scope_id=company.scopes["api"].id)
    _work_out(company, proposal)
    seen = _told(company, proposal, "tenant_admin", count=200)
    assert stranger.name in [line["name"] for line in seen["lines"]]
    hidden = _told(company, proposal, "team_lead", count=200)
    assert stranger.name not in str(hidden)
    assert hidden["lines"][-1]["kind"] == "hidden"
    named = len(hidden["lines"]) - 1
    assert hidden["lines"][-1]["hidden"] == hidden["counts"]["people"] - named


def test_another_organization_makes_it_outdated_and_worked_out_anew(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    _work_out(company, proposal)
    before = _told(company, proposal)
    with company.acting("tenant_admin"):
        register_user(email=f"new@{company.slug}.example", name="New Person")
    with acting_as(company.service("relay")):
        publish_revision(reason="user.registered")
    told = _told(company, proposal)
    assert (told["state"], told["total"]) == ("outdated", before["total"])
    assert _work_out(company, proposal) is True
    told = _told(company, proposal)
    assert (told["state"], told["total"]) == ("ready", before["total"] + 1)
    with company.acting("architect"):
        assert Impact.objects.count() == 1


def test_a_revised_text_has_an_impact_of_its_own(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    _work_out(company, proposal)
    with company.acting("architect"):
        edit_policy(policy_id=proposal.policy_id, cedar=DEPLOY.replace("is User", "is Agent"))
        revise_proposal(proposal_id=proposal.id)
    assert _told(company, proposal)["state"] == "pending"


def test_a_decided_proposal_keeps_what_was_known_then(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    _work_out(company, proposal)
    with company.acting("architect"):
        withdraw_proposal(proposal_id=proposal.id)
    with company.acting("tenant_admin"):
        register_user(email=f"new@{company.slug}.example", name="New Person")
    told = _told(company, proposal)
    assert (told["state"], told["total"]) == ("ready", len(company.users))


def test_a_retirement_takes_what_the_policy_gave(company):
    policy = make_active(company, cedar=DEPLOY)
    with company.acting("architect"):
        proposal = propose_policy(
            policy_id=policy.id, kind="retire_policy", justification="Nobody needs it."
        )
    _work_out(company, proposal)
    told = _told(company, proposal)
    assert {line["effect"] for line in told["lines"]} == {"loses"}
    assert "would lose access" in told["summary"]


def test_rules_are_said_to_give_and_take_no_access(company):
    rule = {"id": "readme", "target": "file", "effect": "require", "path": "README.md"}
    proposal = make_proposal(company, cedar="", rules=[rule])
    _work_out(company, proposal)
    assert _told(company, proposal)["summary"].startswith("This policy has only rules.")
    page = browser(company, "architect").get(f"/proposals/{proposal.id}/").content.decode()
    assert "neither give nor take access" in page


def test_the_policys_tests_are_run_and_a_failing_one_is_named(company):
    policy = make_policy(company, cedar=DEPLOY)
    asked = {
        "principal": company.users["developer"].email,
        "action": "deploy",
        "resource_type": "Scope",
        "resource_id": company.slug,
    }
    with company.acting("architect"):
        add_test(policy_id=policy.id, name="deploys", question=asked, expected="allow")
        edit_policy(policy_id=policy.id, cedar=LEADS)
        proposal = propose_policy(policy_id=policy.id, justification="We need it.")
    assert waiting.analyze_waiting(tenant_id=company.tenant_id) == 1
    words = "deploys: expected allowed, is denied"
    told = _told(company, proposal)
    assert told["tests"] == [{"name": "deploys", "has_passed": False, "words": words}]
    page = browser(company, "architect").get(f"/proposals/{proposal.id}/").content.decode()
    assert words in page
    assert "Its test fails" in page


def test_the_list_is_paged_and_a_file(company, monkeypatch):
    monkeypatch.setattr("apps.policies.entrypoints.impact.PAGE", 5)
    proposal = make_proposal(company, cedar=DEPLOY)
    _work_out(company, proposal)
    client = browser(company, "tenant_admin")
    address = f"/proposals/{proposal.id}/impact/"
    page = client.get(address)
    assert (len(page.context["lines"]), page.context["total"]) == (5, len(company.users))
    second = client.get(page.context["next_url"])
    names = [line.name for line in (*page.context["lines"], *second.context["lines"])]
    assert len(set(names)) == len(company.users)
    text = client.get(f"{address}?format=csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(company.users)
    assert {row["effect"] for row in rows} == {"gains"}
    refused = client.get(f"{address}?from=x")
    assert refused.status_code == 422


def test_only_the_portals_own_service_keeps_an_impact(company):
    proposal = make_proposal(company)
    given = dict.fromkeys(("content", "proposed", "base", "facts"), "sha256:0")
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        record_impact(policy_id=proposal.policy_id, report={}, tests=[], **given)
    with company.acting("tenant_admin"):
        assert not Impact.objects.exists()


def test_another_company_does_not_see_it(company, other_company):
    proposal = make_proposal(company)
    client = browser(other_company, "tenant_admin")
    assert client.get(f"/api/v1/proposals/{proposal.id}/impact").status_code == 404
    assert client.get(f"/proposals/{proposal.id}/impact/").status_code == 404
    assert _work_out(other_company, proposal) is False
