"""The fleet page and an agent's history: who serves what, how fast, and what happened when."""

import csv
from datetime import timedelta
from io import StringIO

import pytest

from apps.fleet import queries
from apps.fleet.models import Acknowledgement, CedarAgent
from apps.fleet.operations import connect_agent, note_disconnect, refuse_revision, rotate_token
from apps.fleet.queries import FleetCriteria, first_served
from apps.fleet.types import AgentHealth
from apps.kernel import clock
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.policies.models import Revision
from apps.policies.queries import get_head
from tests.api.rest import caller, done
from tests.factories.company import TestCompany
from tests.factories.policy import make_active
from tests.web.sign_in import browser

from .test_web import make_cedar_agent, report, text_of

NAMES = ("good", "behind", "refusing", "away", "new", "ended")


@pytest.fixture
def fleet(company: TestCompany) -> TestCompany:
    """Return a company with one agent of every health, named after it."""
    make_active(company)
    agents = {name: make_cedar_agent(company, name) for name in NAMES}
    report(company, agents["good"], is_current=True)
    report(company, agents["refusing"], is_current=False)
    report(company, agents["behind"], is_current=True)
    report(company, agents["away"], is_current=True)
    with acting_as(company.service("fleet")):
        note_disconnect(agent_id=agents["away"].id, connection="here")
        CedarAgent.objects.filter(name="behind").update(revision=0, digest="sha256:old")
        CedarAgent.objects.filter(name="ended").update(revoked_at=clock.now())
        CedarAgent.objects.update(created_at=clock.now() - timedelta(days=1))
    return company


def test_the_database_and_an_agent_agree_on_its_health(fleet: TestCompany) -> None:
    with fleet.acting("viewer"):
        head, moment = get_head(), clock.now()
        rows = queries.find_agents(FleetCriteria(include_revoked=True))
        found = {
            agent.name: (
                agent.state,
                agent.health(head_digest=head.digest, head=head.number, moment=moment),
            )
            for agent in rows
        }
        counts = queries.count_by_health()

    assert found == {
        "good": ("current", AgentHealth.CURRENT),
        "behind": ("behind", AgentHealth.BEHIND),
        "refusing": ("refused", AgentHealth.REFUSED),
        "away": ("offline", AgentHealth.OFFLINE),
        "new": ("never", AgentHealth.NEVER),
        "ended": ("revoked", AgentHealth.REVOKED),
    }
    assert counts == dict.fromkeys(set(AgentHealth) - {AgentHealth.REVOKED}, 1)


def test_the_page_says_who_does_not_serve_the_newest_revision_and_why(fleet: TestCompany) -> None:
    page = text_of(browser(fleet, "viewer").get("/fleet/"))
    words = " ".join(page.split())

    assert ">1 of 5</strong> agents serve it" in words
    assert [part in words for part in ("1</span> refused it", "1</span> behind")] == [True, True]
    assert "refused it: parse: p1: unexpected token" in words
    assert "?health=revoked" in words
    assert "#revoke-dialog" not in words


def test_a_list_is_filtered_sorted_and_exported_alike(fleet: TestCompany) -> None:
    client = browser(fleet, "admin")

    page = text_of(client.get("/fleet/?health=refused"))
    text = client.get("/fleet/?q=e&sort=-revision&format=csv").content.decode()
    (told,) = done(caller(fleet, "viewer").get("cedar-agents", health="behind"))["results"]
    rows = list(csv.DictReader(StringIO(text)))
    refused = client.get("/fleet/?health=nonsense")

    assert [f">{name}</a>" in page for name in ("refusing", "good")] == [True, False]
    assert "#revoke-dialog" in page
    assert sorted(row["name"] for row in rows) == ["behind", "new", "refusing"]
    row = next(row for row in rows if row["name"] == "refusing")
    assert (row["health"], row["staleness"], row["lag"], row["refusals"]) == (
        "refused", "unloaded", "1", "1",
    )  # fmt: skip
    assert (told["name"], told["lag"], told["staleness"]) == ("behind", 1, "unloaded")
    assert 0 <= told["behind_seconds"] < 60
    assert refused.status_code == 422


def test_who_skips_a_revision_serves_it_with_the_next_one() -> None:
    start = clock.now()
    late, first, early = uuid7(), uuid7(), uuid7()
    answers = {
        first: [(4, start + timedelta(seconds=1)), (5, start + timedelta(seconds=9))],
        late: [(5, start + timedelta(seconds=3))],
        early: [(3, start + timedelta(seconds=2))],
    }

    found = first_served(answers, number=4, published_at=start)

    assert found == {first: timedelta(seconds=1), late: timedelta(seconds=3)}


def test_half_and_all_are_counted_among_those_that_were_there(fleet: TestCompany) -> None:
    with acting_as(fleet.service("fleet")):
        at = Revision.objects.get().published_at
        CedarAgent.objects.filter(name__in=["good", "behind"]).update(connected_at=at)
        Acknowledgement.objects.create(
            agent=CedarAgent.objects.get(name="new"), revision=1, is_accepted=True,
            at=at + timedelta(days=1),
        )  # fmt: skip
        (pace,) = queries.list_paces()

    # "good", "behind" and "away" took it; "refusing" came later, "new" a day later.
    assert (pace.number, pace.counted, pace.served, pace.refused) == (1, 3, 3, 1)
    assert pace.half_seconds is not None
    assert pace.all_seconds is not None
    assert 0 < pace.half_seconds <= pace.all_seconds < 60


def test_an_agents_history_tells_what_happened_in_time(fleet: TestCompany) -> None:
    with fleet.acting("admin"):
        agent = CedarAgent.objects.get(name="away")
        rotate_token(agent_id=agent.id)
    with acting_as(fleet.service("fleet")):
        for number in range(24):
            connect_agent(
                agent_id=agent.id, connection=f"c{number}", agent_version="1.2",
                cedar_version="4.12", revision=1, digest="sha256:0",
            )  # fmt: skip
        refuse_revision(agent_id=agent.id, revision=1, stage="swap", policy=None, error="no room")
    viewer, admin = browser(fleet, "viewer"), browser(fleet, "admin")
    address = f"/fleet/agents/{agent.id}/"

    page = viewer.get(address)
    older = viewer.get(page.context["history"].next_url)
    changes = admin.get(f"{address}?kind=changes")

    assert "swap: no room" in text_of(page)
    assert [line["event"].type for line in older.context["lines"]] == [
        "cedar_agent.disconnected",
        "cedar_agent.acknowledged",
        "cedar_agent.connected",
    ]
    assert [line["event"].type for line in changes.context["lines"]] == [
        "cedar_agent.rotated",
        "cedar_agent.enrolled",
    ]
    assert viewer.get(f"{address}?kind=changes").status_code == 422
