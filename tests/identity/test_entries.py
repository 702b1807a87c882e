"""Entering and leaving another company, as operations of the company that is entered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.events.models import Event
from apps.identity.operations import create_token, enter_tenant, leave_tenant
from apps.kernel import clock
from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import create_organization, register_agent
from apps.policies.operations import draft_policy
from apps.proposals.operations import approve_proposal
from tests.factories.company import make_agent
from tests.factories.policy import make_policy, make_proposal
from tests.identity.administrators import REASON, entered, entries, set_platform, visitor
from tests.identity.conftest import events_of

pytestmark = [pytest.mark.django_db, pytest.mark.gap("MT-C1")]


def test_an_entry_says_who_why_and_until_when_in_the_entered_companys_log(company, other_company):
    entry = entered(company, other_company)
    admin = company.users["admin"]
    assert (entry.tenant_id, entry.administrator_id) == (other_company.tenant_id, admin.id)
    assert (entry.administrator_name, entry.reason, entry.left_at) == ("Admin", REASON, None)
    assert entry.expires_at - entry.entered_at == timedelta(hours=1)
    (event,) = events_of(other_company, "tenant.entered")
    assert (event.actor_id, event.actor_name) == (str(admin.id), "Admin")
    assert (event.is_platform, event.reason, event.action) == (True, REASON, "tenant.enter")
    assert (event.resource_type, event.resource_name) == ("Scope", "Globex")
    assert event.policies == ["platform-admin"]
    assert events_of(company, "tenant.entered") == []


def test_leaving_ends_the_entry_and_is_told_to_the_company(company, other_company):
    entered(company, other_company)
    with acting_as(visitor(company, other_company)):
        left = leave_tenant()
    (kept,) = entries(other_company)
    assert kept.left_at == left.left_at is not None
    (event,) = events_of(other_company, "tenant.left")
    assert (event.is_platform, event.actor_name) == (True, "Admin")


def test_whoever_has_left_cannot_leave_again(company, other_company):
    entered(company, other_company)
    with acting_as(visitor(company, other_company)):
        leave_tenant()
        with pytest.raises(Conflict, match="You are not in Globex"):
            leave_tenant()
    assert len(events_of(other_company, "tenant.left")) == 1


def test_a_second_entry_while_the_first_lives_is_refused(company, other_company):
    entered(company, other_company)
    with (
        pytest.raises(Conflict, match="already"),
        acting_as(visitor(company, other_company)),
    ):
        enter_tenant(reason=REASON)
    assert len(entries(other_company)) == 1
    assert len(events_of(other_company, "tenant.entered")) == 1


def test_an_entry_that_ran_out_makes_room_for_another(company, other_company):
    first = entered(company, other_company)
    with clock.at(first.expires_at), acting_as(visitor(company, other_company)):
        second = enter_tenant(reason=REASON)
    kept = entries(other_company)
    assert [one.id for one in kept] == [first.id, second.id]
    assert [one.left_at for one in kept] == [first.expires_at, None]


def test_an_entry_that_ran_out_cannot_be_left(company, other_company):
    first = entered(company, other_company)
    with (
        clock.at(first.expires_at),
        pytest.raises(Conflict, match="You are not in Globex"),
        acting_as(visitor(company, other_company)),
    ):
        leave_tenant()
    assert entries(other_company)[0].left_at is None


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        ("", "This is needed."),
        ("   \n ", "This is needed."),
        ("too short", "At least 10 characters; these are 9."),
        ("  too short  ", "At least 10 characters; these are 9."),
        ("x" * 501, "At most 500 characters; these are 501."),
        ("a reason\x00 with more", "Control characters are not allowed."),
    ],
)
def test_a_reason_that_says_nothing_is_named_and_opens_nothing(
    company, other_company, reason, wrong
):
    set_platform(company)
    with pytest.raises(Invalid) as caught, acting_as(visitor(company, other_company)):
        enter_tenant(reason=reason)
    assert caught.value.fields == {"reason": [wrong]}
    assert entries(other_company) == []
    assert events_of(other_company, "tenant.entered") == []


@pytest.mark.parametrize("reason", ["x" * 10, "x" * 500, f"  {'x' * 10}  "])
def test_a_reason_of_ten_to_five_hundred_characters_is_enough(company, other_company, reason):
    set_platform(company)
    with acting_as(visitor(company, other_company)):
        assert enter_tenant(reason=reason).reason == reason.strip()


def test_a_token_in_a_reason_is_kept_from_the_log_and_the_table(company, other_company):
    set_platform(company)
    with company.acting("admin"):
        _, text = create_token(name="ci", expires_at=clock.now() + timedelta(days=1))
    with acting_as(visitor(company, other_company)):
        enter_tenant(reason=f"I was sent {text}")
    assert text not in entries(other_company)[0].reason
    assert text not in events_of(other_company, "tenant.entered")[0].reason


def test_a_companys_own_platform_administrator_has_nothing_to_enter(company):
    set_platform(company)
    actor = replace(company.actor("admin"), is_platform=True)
    with pytest.raises(Conflict, match="You belong to Acme"), acting_as(actor):
        enter_tenant(reason=REASON)
    assert entries(company) == []


@pytest.mark.parametrize("role", ["viewer", "admin", "tenant_admin"])
@pytest.mark.parametrize("call", [lambda: enter_tenant(reason=REASON), leave_tenant])
def test_nobody_elses_word_is_enough(company, other_company, role, call):
    stranger = replace(visitor(company, other_company, role), is_platform=False)
    for actor in (other_company.actor(role), stranger):
        with pytest.raises(Forbidden), acting_as(actor):
            call()
    assert entries(other_company) == []
    denied = events_of(other_company, "tenant.enter.denied", "tenant.leave.denied")
    assert [(event.actor_id, event.is_platform) for event in denied] == [
        (str(other_company.users[role].id), False),
        (str(company.users[role].id), False),
    ]


def test_what_a_visitor_does_is_on_record_as_done_by_the_platform(company, other_company):
    entered(company, other_company)
    actor = visitor(company, other_company)
    with acting_as(actor):
        create_organization(name="Rescue", slug="rescue")
    (event,) = [e for e in events_of(other_company, "org.created") if e.after["name"] == "Rescue"]
    assert (event.is_platform, event.actor_id) == (True, actor.principal.id)
    assert events_of(company, "org.created")[-1].after["name"] != "Rescue"


def _draft(elsewhere):
    draft_policy(
        scope_id=elsewhere.tenant_id,
        name="mine",
        cedar='permit (principal, action == Action::"deploy", resource);',
    )


def _register(elsewhere):
    register_agent(
        name="mine",
        scope_id=elsewhere.tenant_id,
        capabilities=["policy.view"],
        expires_at=clock.now() + timedelta(days=1),
    )


def _token(elsewhere):
    create_token(name="mine", expires_at=clock.now() + timedelta(days=1))


@pytest.mark.parametrize("sign", [_draft, _token])
def test_a_visitor_owns_and_signs_nothing_in_the_company(company, other_company, sign):
    entered(company, other_company)
    with acting_as(other_company.service("relay")):
        before = Event.objects.count()
    with (
        pytest.raises(Conflict, match="from elsewhere cannot own or sign"),
        acting_as(visitor(company, other_company)),
    ):
        sign(other_company)
    with acting_as(other_company.service("relay")):
        assert Event.objects.count() == before


def test_a_visitor_registers_no_agent_and_decides_no_proposal(company, other_company):
    make_policy(other_company)
    proposal = make_proposal(other_company, name="waiting")
    make_agent(other_company)
    entered(company, other_company)
    for call in (
        lambda: _register(other_company),
        lambda: approve_proposal(proposal_id=proposal.id),
    ):
        with (
            pytest.raises(Conflict, match="from elsewhere cannot own or sign"),
            acting_as(visitor(company, other_company)),
        ):
            call()
    assert events_of(other_company, "proposal.approved") == []
