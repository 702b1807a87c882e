"""What time does to proposals that nobody decides: once, in order, also after a stand-still."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from apps.events.models import Event
from apps.kernel import clock
from apps.kernel.errors import Conflict
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import grant_role
from apps.orgs.types import Role
from apps.policies.models import Policy
from apps.proposals.approvers import quorum
from apps.proposals.models import Proposal, ProposalStep
from apps.proposals.operations import (
    approve_proposal,
    escalate_proposal,
    expire_proposal,
    reject_proposal,
    revise_proposal,
)
from apps.proposals.timekeeper import tick
from tests.factories.company import make_company
from tests.factories.policy import make_proposal
from tests.proposals.rules import set_rule

pytestmark = pytest.mark.gap("UX-H6")
START = datetime(2026, 5, 4, 9, tzinfo=UTC)


def hours(count):
    return START + timedelta(hours=count)


def at_gateway(company, name="baseline"):
    """Propose a policy of a project whose team has an Architect of its own."""
    with company.acting("tenant_admin"):
        grant_role(
            user_id=company.users["team_lead"].id,
            scope_id=company.scopes["api"].id,
            role=Role.ARCHITECT,
        )
    with clock.at(START):
        return make_proposal(company, name=name, scope_id=company.scopes["gateway"].id)


def seen(company):
    with company.acting("tenant_admin"):
        proposal = Proposal.objects.get()
        steps = ProposalStep.objects.order_by("taken_at", "key")
        types = Event.objects.filter(actor_id="timekeeper").order_by("id")
        rows = steps.values_list("round", "key", "is_missed")
        return proposal, list(rows), list(types.values_list("type", flat=True))


def tick_at(company, *moments):
    """Tick at each moment; return how many steps were taken in the company each time."""
    counts = []
    for moment in moments:
        before = len(seen(company)[2])
        with clock.at(hours(moment)):
            tick()
        counts.append(len(seen(company)[2]) - before)
    return counts


@pytest.fixture
def company(committed_company):
    """A company that the timekeeper, who looks across all of them, can see."""
    return committed_company


@pytest.fixture
def other_company(django_db_setup, django_db_blocker):
    """Another one beside it."""
    with django_db_blocker.unblock():
        yield make_company(slug=f"o-{uuid7().hex[-12:]}")


def test_the_nearest_level_with_enough_approvers_is_asked_first(company):
    proposal = at_gateway(company)
    assert proposal.level == 1
    assert proposal.due_at == hours(24)
    assert proposal.next_step_at == hours(12)


def test_it_reminds_escalates_reminds_and_expires_each_once(company):
    at_gateway(company)
    assert tick_at(company, 1, 12, 12, 22, 24, 24) == [0, 1, 0, 1, 1, 0]
    proposal, _, told = seen(company)
    assert told == ["proposal.reminded", "proposal.reminded", "proposal.escalated"]
    assert (proposal.level, proposal.due_at) == (3, hours(24 + 72))
    assert tick_at(company, 24 + 36, 24 + 65, 24 + 72, 24 + 73) == [1, 1, 1, 0]
    assert tick_at(company, 335, 336, 340) == [0, 1, 0]
    proposal, steps, told = seen(company)
    assert (proposal.state, proposal.next_step_at) == ("expired", None)
    assert told[3:] == ["proposal.reminded"] * 3 + ["proposal.expired"]
    assert not any(is_missed for _, _, is_missed in steps)
    with company.acting("tenant_admin"):
        assert Policy.objects.get().state == "draft"


def test_after_a_day_of_standing_still_one_step_is_taken_and_says_what_was_missed(company):
    at_gateway(company)
    assert tick_at(company, 23.5, 23.5, 23.5) == [1, 0, 0]
    _, steps, told = seen(company)
    assert told == ["proposal.reminded"]
    assert steps == [(1, "remind:1:50", True), (1, "remind:1:90", False)]
    with company.acting("tenant_admin"):
        assert Event.objects.get(type="proposal.reminded").payload == {
            "missed": 1,
            "is_overdue": False,
        }


def test_after_weeks_of_standing_still_the_next_level_still_gets_its_time(company):
    at_gateway(company)
    assert tick_at(company, 1000, 1000) == [1, 0]
    proposal, _, told = seen(company)
    assert (proposal.state, told) == ("pending", ["proposal.escalated"])
    assert proposal.due_at == hours(1072)
    assert tick_at(company, 1073) == [1]
    assert seen(company)[0].state == "expired"


def test_a_rule_nobody_can_meet_asks_the_top_at_once_and_says_so(company):
    set_rule(company, required_approvals=9)
    proposal = at_gateway(company)
    with company.acting("viewer"):
        found = quorum(proposal)
    assert proposal.level == 3
    assert found.shortage == "9 approvals needed, 4 people may give them"


def test_an_expired_proposal_may_be_revised_and_waits_anew(company):
    proposal = at_gateway(company)
    tick_at(company, 24, 400)
    with clock.at(hours(500)), company.acting("architect"):
        revise_proposal(proposal_id=proposal.id)
    proposal, _, _ = seen(company)
    assert (proposal.state, proposal.round, proposal.level) == ("pending", 2, 1)
    assert tick_at(company, 512) == [1]
    assert seen(company)[1][-1] == (2, "remind:1:50", False)


@pytest.mark.parametrize("step", [escalate_proposal, expire_proposal])
def test_a_step_before_its_time_is_refused_and_changes_nothing(company, step):
    proposal = at_gateway(company)
    before = seen(company)
    with (
        clock.at(hours(1)),
        pytest.raises(Conflict, match="It is not time for that"),
        acting_as(company.service("timekeeper")),
    ):
        step(proposal_id=proposal.id)
    assert seen(company)[1:] == before[1:]


def test_one_company_whose_step_fails_holds_up_no_other(company, other_company):
    at_gateway(company)
    at_gateway(other_company)
    with company.acting("tenant_admin"):
        Proposal.objects.update(kind="of a newer release")
    assert tick_at(other_company, 24) == [1]
    assert seen(company)[2] == []
    with company.acting("tenant_admin"):
        Proposal.objects.update(state="withdrawn")


def _tick(moment):
    with clock.at(hours(moment)):
        tick()


def _race(actions):
    """Run `actions` at once, each in a thread of its own; return how each ended."""
    start, ends = threading.Barrier(len(actions)), {}

    def run(name, action):
        from django.db import connections

        start.wait(timeout=30)
        try:
            action()
            ends[name] = "done"
        except Exception as error:
            ends[name] = type(error).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in actions.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return ends


def test_two_ticks_at_once_take_a_step_once(company):
    at_gateway(company)
    _race({name: lambda: _tick(12) for name in ("one", "two")})
    assert seen(company)[2] == ["proposal.reminded"]


def test_of_approving_rejecting_and_expiring_at_once_exactly_one_happens(company):
    proposal = at_gateway(company)
    tick_at(company, 24)

    def approve():
        with company.acting("second_architect"):
            approve_proposal(proposal_id=proposal.id)

    def reject():
        with company.acting("admin"):
            reject_proposal(proposal_id=proposal.id, reason="No.")

    actions = {"approved": approve, "rejected": reject, "expired": lambda: _tick(400)}
    ends = _race(actions)
    decided, _, told = seen(company)
    with company.acting("tenant_admin"):
        is_active = Policy.objects.get().state == "active"
    people = [name for name in ("approved", "rejected") if ends[name] == "done"]
    expected = people or ["expired"]
    assert [decided.state] == expected
    assert told.count("proposal.expired") == (decided.state == "expired")
    assert is_active == (decided.state == "approved")
