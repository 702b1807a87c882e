"""An agent that is out of date is told of once, and once more when it is over."""

from datetime import datetime, timedelta

import pytest

from apps.events.models import Event
from apps.events.relay import run_due
from apps.fleet.lapses import find_lapse
from apps.fleet.models import CedarAgent, LeaseRules
from apps.fleet.operations import acknowledge_revision, configure_leases, revoke_agent
from apps.fleet.queries import Standing
from apps.fleet.types import AgentHealth, Applied, Staleness
from apps.fleet.watching import watch_every_company
from apps.kernel import clock
from apps.kernel.errors import Invalid
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.notifications.models import Notification
from apps.policies.queries import get_head
from tests.factories.company import TestCompany
from tests.factories.policy import make_active
from tests.web.sign_in import browser

from .test_web import make_cedar_agent, report, text_of

HOUR = 60 * 60


def told(company: TestCompany) -> list[tuple[str, str]]:
    """Return what was said of agents, oldest first: the event and the state it names."""
    with company.acting("tenant_admin"):
        rows = Event.objects.filter(type__in=["agent.out_of_date", "agent.up_to_date"])
        return [(row.type, row.after.get("state", "")) for row in rows.order_by("id")]


def test_a_refusal_is_told_once_and_its_end_once(committed_company: TestCompany) -> None:
    company = committed_company
    make_active(company)
    agent, ended = make_cedar_agent(company), make_cedar_agent(company, "ended")
    report(company, agent, is_current=False)
    report(company, ended, is_current=False)
    with company.acting("admin"):
        revoke_agent(agent_id=ended.id, reason="The machine is gone.")

    watch_every_company()
    watch_every_company()
    while run_due():
        pass
    with company.acting("tenant_admin"):
        sent = Notification.objects.filter(kind="agent.out_of_date")
        (subject,) = sent.filter(recipient=company.users["admin"]).values_list("subject", flat=True)
    pages = [text_of(browser(company, "admin").get("/"))]
    with acting_as(company.service("fleet")):
        head = get_head()
        answers = [Applied(agent.id, 1.0)]
        acknowledge_revision(revision=head.number, digest=str(head.digest), answers=answers)
    watch_every_company()
    watch_every_company()
    pages.append(text_of(browser(company, "admin").get("/")))

    assert told(company) == [("agent.out_of_date", "refused"), ("agent.up_to_date", "")]
    assert subject == "ci-1 refuses the newest revision"
    assert ["Agents out of date" in page for page in pages] == [True, False]


def standing(
    moment: datetime, *, silent: int, behind: int | None, works_offline: bool, connected: int | None
) -> Standing:
    """Return how an agent stands; times are seconds before `moment`, None means that it is not."""
    agent = CedarAgent(id=uuid7(), name="edge", works_offline=works_offline, revision=3)
    agent.last_heartbeat_at = moment - timedelta(seconds=silent)
    if connected is not None:
        agent.connection, agent.connected_at = "here", moment - timedelta(seconds=connected)
    return Standing(
        agent=agent,
        health=AgentHealth.CURRENT if behind is None else AgentHealth.BEHIND,
        lag=0 if behind is None else 1,
        behind_since=None if behind is None else moment - timedelta(seconds=behind),
        behind_seconds=behind or 0,
        staleness=Staleness.FRESH,
        refusals=0,
    )


@pytest.mark.parametrize(
    ("silent", "behind", "works_offline", "connected", "expected"),
    [
        (1, None, False, HOUR, None),
        (1, 60, False, HOUR, None),
        (1, 61, False, HOUR, AgentHealth.BEHIND),
        (20, 61, False, None, AgentHealth.BEHIND),
        (20, HOUR, True, None, None),
        (1, HOUR, True, 5, None),
        (1, HOUR, True, 61, AgentHealth.BEHIND),
        (61, None, False, None, AgentHealth.OFFLINE),
        (61, None, True, None, None),
        (24 * HOUR + 1, None, True, None, AgentHealth.OFFLINE),
    ],
)
def test_who_is_expected_and_fails_for_too_long_lapses(
    silent: int,
    behind: int | None,
    works_offline: bool,
    connected: int | None,
    expected: AgentHealth | None,
) -> None:
    moment = clock.now()
    found = find_lapse(
        standing(
            moment, silent=silent, behind=behind, works_offline=works_offline, connected=connected
        ),
        rules=LeaseRules(),
        moment=moment,
    )

    assert (found.state if found else None) == expected


def test_the_limit_is_the_companys_and_stays_where_it_is_left_out(company: TestCompany) -> None:
    rules = {
        "lease_seconds": 30, "limit_seconds": 60, "limits": {}, "readable": [],
        "offline_hours": 24,
    }  # fmt: skip
    with company.acting("admin"):
        configure_leases(**rules, out_of_date_seconds=120)
        assert configure_leases(**rules).out_of_date_seconds == 120
        with pytest.raises(Invalid) as refused:
            configure_leases(**rules, out_of_date_seconds=4)
        assert LeaseRules.objects.get().out_of_date_seconds == 120
    assert refused.value.fields == {"out_of_date_seconds": ["Choose from 5 to 86400 seconds."]}
