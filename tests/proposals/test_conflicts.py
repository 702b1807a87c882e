"""A proposal that was not analysed, or is in conflict, is not approved before somebody accepts."""

import pytest
from kombu.exceptions import OperationalError

from apps.events.models import Delivery, Event
from apps.events.relay import _happened
from apps.kernel import background
from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.kernel.tenancy import acting_as
from apps.policies.models import Analysis
from apps.policies.operations import edit_policy
from apps.proposals.conflicts.operations import accept_conflicts
from apps.proposals.conflicts.standing import Stand, standing_of
from apps.proposals.conflicts.waiting import analyze_waiting, find_tenants_waiting
from apps.proposals.handlers import analyze_what_waits
from apps.proposals.models import ConflictAcceptance, Proposal
from apps.proposals.operations import approve_proposal, propose_policy, revise_proposal
from apps.proposals.queries import get_proposal
from tests.factories.policy import make_active, make_policy, make_proposal
from tests.web.sign_in import browser

pytestmark = pytest.mark.gap("UX-C2")
READ = 'permit (principal, action == Action::"read_file", resource);\n'
NO_ENV = """forbid (principal is Agent, action == Action::"read_file", resource)
when { resource has path && resource.path like "*.env" };
"""


@pytest.fixture
def clash(company):
    """A forbid that denies a part of what is in force permitted, proposed by an architect."""
    make_active(company, name="baseline", cedar=READ)
    return make_proposal(company, name="no-env", cedar=NO_ENV)


def _approve(company, proposal, who="second_architect"):
    with company.acting(who):
        return approve_proposal(proposal_id=proposal.id)


def _standing(company, proposal):
    with company.acting("viewer"):
        return standing_of(get_proposal(proposal.id))


def _accept(company, proposal, who="second_architect", reason="Secrets stay with people."):
    with company.acting(who):
        return accept_conflicts(proposal_id=proposal.id, reason=reason)


def test_an_approval_waits_for_the_analysis_and_names_it(company, clash):
    with pytest.raises(Conflict, match="still being analysed beside what is in force"):
        _approve(company, clash)
    with company.acting("viewer"):
        assert get_proposal(clash.id).state == "pending"


def test_what_cannot_meet_anything_needs_no_proof(company):
    make_active(company, name="baseline", cedar=READ)
    other = NO_ENV.replace("read_file", "write_file")
    proposal = make_proposal(company, name="no-env", cedar=other)
    assert _standing(company, proposal).state == Stand.PENDING
    assert _approve(company, proposal).state == "approved"


def test_a_conflict_blocks_until_it_is_accepted_with_a_reason(company, clash):
    assert analyze_waiting(tenant_id=company.tenant_id) == 1
    standing = _standing(company, clash)
    assert (standing.state, standing.is_blocking) == (Stand.CONFLICTING, True)
    with pytest.raises(Conflict, match="1 conflict with what is in force must be resolved"):
        _approve(company, clash)
    acceptance = _accept(company, clash)
    assert (acceptance.digest, acceptance.reason) == (clash.digest, "Secrets stay with people.")
    assert _approve(company, clash).state == "approved"
    assert _standing(company, clash).state == Stand.ACCEPTED
    with company.acting("admin"):
        event = Event.objects.get(type="proposal.conflicts_accepted")
    assert event.reason == "Secrets stay with people."
    assert [found["level"] for found in event.after["conflicts"]] == ["conflict"]


def test_a_revision_that_resolves_the_conflict_is_approved(company, clash):
    analyze_waiting(tenant_id=company.tenant_id)
    with company.acting("architect"):
        edit_policy(policy_id=clash.policy_id, mode="mandatory")
        revise_proposal(proposal_id=clash.id)
    assert analyze_waiting(tenant_id=company.tenant_id) == 1
    assert _standing(company, clash).state == Stand.CLEAR
    assert _approve(company, clash).state == "approved"


def test_an_acceptance_does_not_outlive_the_content_it_was_for(company, clash):
    analyze_waiting(tenant_id=company.tenant_id)
    _accept(company, clash)
    with company.acting("architect"):
        edit_policy(policy_id=clash.policy_id, cedar=NO_ENV.replace(".env", ".pem"))
        revise_proposal(proposal_id=clash.id)
    analyze_waiting(tenant_id=company.tenant_id)
    assert _standing(company, clash).state == Stand.CONFLICTING
    with pytest.raises(Conflict, match="1 conflict"):
        _approve(company, clash)


def test_an_acceptance_holds_for_the_conflicts_seen_and_no_new_one(company, clash):
    analyze_waiting(tenant_id=company.tenant_id)
    _accept(company, clash)
    make_active(company, name="deploying", cedar=READ.replace("read_file", "deploy"))
    analyze_waiting(tenant_id=company.tenant_id)
    assert _standing(company, clash).state == Stand.ACCEPTED
    make_active(company, name="reading-too", cedar=READ)
    assert _standing(company, clash).state == Stand.PENDING
    analyze_waiting(tenant_id=company.tenant_id)
    assert (_standing(company, clash).state, len(_standing(company, clash).open)) == (
        Stand.CONFLICTING,
        2,
    )


@pytest.mark.parametrize(
    ("who", "policy"),
    [("architect", "not-ones-own"), ("tech_lead", None), ("developer", None), ("viewer", None)],
)
def test_only_somebody_else_who_may_approve_accepts(company, clash, who, policy):
    analyze_waiting(tenant_id=company.tenant_id)
    with pytest.raises(Forbidden) as denied:
        _accept(company, clash, who=who)
    assert policy is None or policy in denied.value.decision.policies
    with company.acting("viewer"):
        assert not ConflictAcceptance.objects.exists()


def test_there_is_nothing_to_accept_without_a_conflict_or_without_a_reason(company, clash):
    with pytest.raises(Conflict, match="still being analysed"):
        _accept(company, clash)
    analyze_waiting(tenant_id=company.tenant_id)
    with pytest.raises(Invalid) as empty:
        _accept(company, clash, reason=" ")
    assert list(empty.value.fields) == ["reason"]
    _accept(company, clash)
    with pytest.raises(Conflict, match="accepted already"):
        _accept(company, clash)
    quiet = make_proposal(company, name="quiet", cedar=READ)
    analyze_waiting(tenant_id=company.tenant_id)
    with pytest.raises(Conflict, match="no conflict: there is nothing to accept"):
        _accept(company, quiet)


def test_a_retirement_is_analysed_and_blocks_nobody(company):
    policy = make_active(company, name="baseline", cedar=READ)
    with company.acting("architect"):
        proposal = propose_policy(policy_id=policy.id, justification="Old.", kind="retire_policy")
    assert not _standing(company, proposal).is_blocking
    analyze_waiting(tenant_id=company.tenant_id)
    standing = _standing(company, proposal)
    assert (standing.state, standing.report["relation"]) == (Stand.CLEAR, "less")


def test_an_analysis_is_made_once_and_kept_for_ever(company, clash):
    assert analyze_waiting(tenant_id=company.tenant_id) == 1
    assert analyze_waiting(tenant_id=company.tenant_id) == 0
    with company.acting("viewer"):
        assert Analysis.objects.filter(policy_id=clash.policy_id).count() == 1


def test_what_waits_is_found_in_each_company_by_itself(committed_company, django_db_blocker):
    with django_db_blocker.unblock():
        make_policy(committed_company)
        assert committed_company.tenant_id not in find_tenants_waiting()
        make_proposal(committed_company, name="waiting")
        assert find_tenants_waiting().count(committed_company.tenant_id) == 1


def test_proposing_hands_the_analysis_to_the_workers(company, monkeypatch):
    sent = []
    monkeypatch.setattr(
        "apps.proposals.handlers.run_soon", lambda task, **given: sent.append((task, given))
    )
    proposal = make_proposal(company, cedar=READ)
    with company.acting("admin"):
        delivery = Delivery.objects.select_related("event").get(
            handler="proposals.analyze_what_waits"
        )
        analyze_what_waits(_happened(delivery.event))
    assert delivery.event.resource_id == str(proposal.id)
    assert sent == [("proposals.analyze_waiting", {"tenant_id": str(company.tenant_id)})]


def test_work_that_the_broker_does_not_take_is_left_to_the_schedule(monkeypatch):
    def refuse(*_, **__):
        raise OperationalError("no broker")

    monkeypatch.setattr("apps.kernel.background.current_app.send_task", refuse)
    said = []
    monkeypatch.setattr(background.logger, "warning", lambda text, **_: said.append(text))
    background._send("proposals.analyze_waiting", {"tenant_id": "1"})
    assert said == ["background work not queued; its schedule finds it"]


def test_the_page_shows_the_conflict_with_its_example_and_lets_others_accept(company, clash):
    page = browser(company, "second_architect").get(f"/proposals/{clash.id}/").content.decode()
    assert "Analysing…" in page
    analyze_waiting(tenant_id=company.tenant_id)
    client = browser(company, "second_architect")
    page = client.get(f"/proposals/{clash.id}/").content.decode()
    assert "The prohibition 1 of this proposal forbids a part of what the permission 1" in page
    assert "An agent could read the file “.env”: both apply." in page
    assert "An agent could read the file “.env” before; it would be denied." in page
    assert 'id="accept-dialog"' in page
    own = browser(company, "architect").get(f"/proposals/{clash.id}/").content.decode()
    assert 'id="accept-dialog"' not in own
    refused = client.post(f"/proposals/{clash.id}/approve/", {"expected_version": 1})
    assert refused.status_code == 409
    assert "must be resolved by a revision, or accepted with a reason" in refused.content.decode()
    done = client.post(f"/proposals/{clash.id}/accept-conflicts/", {"reason": "Meant so."})
    assert done.status_code == 302
    page = client.get(f"/proposals/{clash.id}/").content.decode()
    assert "Accepted by Second Architect" in page
    assert "Meant so." in page


def test_rest_tells_the_analysis_and_takes_the_acceptance(company, clash):
    client = browser(company, "second_architect")
    address = f"/api/v1/proposals/{clash.id}"
    assert client.get(f"{address}/analysis").json()["state"] == "pending"
    analyze_waiting(tenant_id=company.tenant_id)
    told = client.get(f"{address}/analysis").json()
    assert (told["state"], told["is_blocking"]) == ("conflicting", True)
    assert [line["other_name"] for line in told["told"]["conflicts"]] == ["baseline"]
    assert told["report"]["findings"][0]["witness"]["action"]["id"] == "read_file"


def test_the_name_of_a_policy_that_the_reader_may_not_view_stays_hidden(company):
    make_active(company, name="baseline", cedar=READ)
    proposal = make_proposal(
        company, name="no-env", cedar=NO_ENV, scope_id=company.scopes["api"].id
    )
    analyze_waiting(tenant_id=company.tenant_id)
    page = browser(company, "team_lead").get(f"/proposals/{proposal.id}/").content.decode()
    assert "a policy that you may not view" in page
    assert "baseline" not in page


def test_nobody_analyses_in_the_name_of_the_portal(company, clash):
    from apps.policies.operations import record_analysis

    given = {"content": "c", "proposed": "p", "base": "b", "report": {"relation": "equivalent"}}
    with pytest.raises(Forbidden), acting_as(company.actor("tenant_admin")):
        record_analysis(policy_id=clash.policy_id, **given)
    with company.acting("viewer"):
        assert not Analysis.objects.exists()
        assert Proposal.objects.filter(state="pending").count() == 1
