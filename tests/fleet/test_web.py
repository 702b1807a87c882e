"""The fleet pages: who may look, enroll and end, and that a token is shown exactly once."""

import csv
from io import StringIO
from typing import Any

import pytest

from apps.events.models import Event
from apps.fleet.models import CedarAgent
from apps.fleet.operations import (
    acknowledge_revision,
    connect_agent,
    enroll_agent,
    refuse_revision,
    revoke_agent,
)
from apps.fleet.types import Applied
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.kernel.tokens import digest_of
from apps.policies.queries import get_head
from tests.factories.company import TestCompany
from tests.factories.policy import make_active
from tests.web.sign_in import browser

GETS = ("", "agents/{id}/", "revisions/", "revisions/1/")


def text_of(response: Any) -> str:
    return str(response.content.decode())


def make_cedar_agent(company: TestCompany, name: str = "ci-1") -> Any:
    with company.acting("admin"):
        return enroll_agent(name=name)[0]


def report(company: TestCompany, agent: Any, *, is_current: bool) -> None:
    """Let an agent connect and take the newest revision, or refuse it."""
    with acting_as(company.service("fleet")):
        head = get_head()
        connect_agent(
            agent_id=agent.id,
            connection="here",
            agent_version="1.2",
            cedar_version="4.12",
            revision=0,
            digest=None,
        )
        if is_current:
            acknowledge_revision(
                revision=head.number, digest=head.digest, answers=[Applied(agent.id, 3.5)]
            )
        else:
            refuse_revision(
                agent_id=agent.id,
                revision=head.number,
                stage="parse",
                policy="p1",
                error="unexpected token",
            )


def agents_of(company: TestCompany) -> list[tuple[str, str, bool]]:
    with company.acting("tenant_admin"):
        rows = CedarAgent.objects.order_by("id")
        return [(a.name, a.token_digest, a.revoked_at is None) for a in rows]


def denials_of(company: TestCompany) -> list[str]:
    with company.acting("tenant_admin"):
        rows = Event.objects.filter(outcome="denied").order_by("id")
        return list(rows.values_list("action", flat=True))


@pytest.mark.parametrize("page", GETS)
def test_a_viewer_opens(company: TestCompany, page: str) -> None:
    make_active(company)
    agent = make_cedar_agent(company)

    response = browser(company, "viewer").get(f"/fleet/{page.format(id=agent.id)}")

    assert response.status_code == 200


@pytest.mark.parametrize("page", GETS)
@pytest.mark.parametrize("role", ["outsider", "team_lead"])
def test_a_person_without_a_role_at_the_company_is_refused(
    company: TestCompany, page: str, role: str
) -> None:
    make_active(company)
    agent = make_cedar_agent(company)

    response = browser(company, role).get(f"/fleet/{page.format(id=agent.id)}")

    assert response.status_code == 403
    assert denials_of(company) == ["fleet.view"]


@pytest.mark.parametrize("page", ["agents/{id}/", "agents/{id}/rotate/", "agents/{id}/revoke/"])
def test_another_company_finds_no_agent(
    company: TestCompany, other_company: TestCompany, page: str
) -> None:
    agent = make_cedar_agent(company)
    before = agents_of(company)
    client = browser(other_company, "tenant_admin")
    ask = client.get if page == "agents/{id}/" else client.post

    there = ask(f"/fleet/{page.format(id=agent.id)}", {"reason": "Theirs."})
    nowhere = ask(f"/fleet/{page.format(id=uuid7())}", {"reason": "Theirs."})

    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert agents_of(company) == before


@pytest.mark.parametrize("page", [*GETS, "enroll/"])
def test_nobody_is_sent_to_sign_in(client: Any, db: None, page: str) -> None:
    response = client.get(f"/fleet/{page.format(id=uuid7())}")

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")


def test_another_companys_revisions_are_not_ones_own(
    company: TestCompany, other_company: TestCompany
) -> None:
    make_active(company)

    assert browser(other_company, "viewer").get("/fleet/revisions/1/").status_code == 404
    assert (
        browser(company, "viewer").get("/fleet/revisions/99999999999999999999/").status_code == 404
    )


def test_an_empty_fleet_offers_to_enroll_the_first(company: TestCompany) -> None:
    for_admin = text_of(browser(company, "admin").get("/fleet/"))
    for_viewer = text_of(browser(company, "viewer").get("/fleet/"))

    assert 'href="/fleet/enroll/"' in for_admin
    assert 'href="/fleet/enroll/"' not in for_viewer


def test_the_page_tells_each_agents_health(company: TestCompany) -> None:
    make_active(company)
    agents = {name: make_cedar_agent(company, name) for name in ("good", "bad", "new")}
    report(company, agents["good"], is_current=True)
    report(company, agents["bad"], is_current=False)
    client = browser(company, "viewer")

    response = client.get("/fleet/")
    rows = list(csv.DictReader(StringIO(client.get("/fleet/?format=csv").content.decode())))

    page = text_of(response)
    assert response.context["fleet"].current == 1
    assert "1 of 3" in page
    assert "unexpected token" in page
    assert [(row["name"], row["health"], row["lag"]) for row in rows] == [
        ("bad", "refused", "1"),
        ("good", "current", "0"),
        ("new", "never", "1"),
    ]


def test_an_agents_page_tells_what_it_answered(company: TestCompany) -> None:
    make_active(company)
    agent = make_cedar_agent(company)
    report(company, agent, is_current=False)
    report(company, agent, is_current=True)

    page = text_of(browser(company, "viewer").get(f"/fleet/agents/{agent.id}/"))

    assert "applied in 3.5 ms" in page
    assert "parse: p1: unexpected token" in page
    assert "/fleet/revisions/1/" in page


def test_enrolling_shows_the_token_once_with_the_command(company: TestCompany) -> None:
    client = browser(company, "admin")

    response = client.post("/fleet/enroll/", {"name": "ci-eu-1"})

    token = response.context["token"]
    ((name, digest, is_live),) = agents_of(company)
    with company.acting("viewer"):
        agent = CedarAgent.objects.get()
    page = text_of(response)
    later = text_of(client.get(f"/fleet/agents/{agent.id}/"))
    assert (response.status_code, name, is_live) == (200, "ci-eu-1", True)
    assert digest == digest_of(token)
    assert token in page
    assert (
        f"aeterna-cedar-agent run --portal http://testserver --token-file {agent.id}.token" in page
    )
    assert "no-store" in response["Cache-Control"]
    assert token not in later
    with company.acting("tenant_admin"):
        events = list(Event.objects.filter(resource_id=str(agent.id)).values())
    assert all(token not in str(event) for event in events)


@pytest.mark.parametrize(
    ("name", "words", "status"),
    [
        ("", "required", 422),
        ("  ", "required", 422),
        ("x" * 121, "At most 120 characters", 422),
        ("tab\x07bell", "Control characters", 422),
        ("taken", "There is a Cedar agent of that name", 409),
    ],
)
def test_a_faulty_name_is_refused_and_enrolls_nothing(
    company: TestCompany, name: str, words: str, status: int
) -> None:
    make_cedar_agent(company, "taken")
    before = agents_of(company)

    response = browser(company, "admin").post("/fleet/enroll/", {"name": name})

    assert response.status_code == status
    assert any(words in error for error in response.context["form"].errors["name"])
    assert agents_of(company) == before


@pytest.mark.parametrize("verb", ["enroll", "rotate", "revoke"])
def test_an_architect_may_not_change_the_fleet(company: TestCompany, verb: str) -> None:
    agent = make_cedar_agent(company)
    before = agents_of(company)
    client = browser(company, "architect")
    url = "/fleet/enroll/" if verb == "enroll" else f"/fleet/agents/{agent.id}/{verb}/"

    page = text_of(client.get(f"/fleet/agents/{agent.id}/"))
    response = client.post(url, {"name": "mine", "reason": "Mine."})

    assert f"/fleet/agents/{agent.id}/{verb}/" not in page
    assert response.status_code == 403
    assert agents_of(company) == before
    assert denials_of(company) == [f"cedar_agent.{verb}"]


def test_a_new_token_ends_the_old_one(company: TestCompany) -> None:
    agent = make_cedar_agent(company)
    ((_, old, _),) = agents_of(company)

    response = browser(company, "admin").post(f"/fleet/agents/{agent.id}/rotate/")

    ((_, new, _),) = agents_of(company)
    assert response.status_code == 200
    assert new == digest_of(response.context["token"]) != old
    assert "no-store" in response["Cache-Control"]


def test_ending_an_agent_needs_a_reason_that_is_kept(company: TestCompany) -> None:
    agent = make_cedar_agent(company)
    before = agents_of(company)
    client = browser(company, "admin")

    refused = client.post(f"/fleet/agents/{agent.id}/revoke/", {"reason": " "})
    unchanged = agents_of(company)
    done = client.post(f"/fleet/agents/{agent.id}/revoke/", {"reason": "Laptop stolen."})

    with company.acting("tenant_admin"):
        event = Event.objects.get(type="cedar_agent.revoked")
    assert (refused.status_code, unchanged) == (422, before)
    assert refused.context["form"].errors["reason"] == ["This field is required."]
    assert (done.status_code, event.reason) == (302, "Laptop stolen.")
    assert [is_live for _, _, is_live in agents_of(company)] == [False]


@pytest.mark.parametrize("verb", ["rotate", "revoke"])
def test_an_ended_agent_stays_ended(company: TestCompany, verb: str) -> None:
    agent = make_cedar_agent(company)
    with company.acting("admin"):
        revoke_agent(agent_id=agent.id, reason="Gone.")
    before = agents_of(company)

    response = browser(company, "admin").post(
        f"/fleet/agents/{agent.id}/{verb}/", {"reason": "Again."}
    )

    assert response.status_code == 409
    assert "ci-1 is revoked." in text_of(response)
    assert agents_of(company) == before


def test_a_revision_shows_its_policies_and_digests(company: TestCompany) -> None:
    policy = make_active(company)
    with company.acting("viewer"):
        head = get_head()
    client = browser(company, "viewer")

    page = text_of(client.get(f"/fleet/revisions/{head.number}/"))
    (row,) = csv.DictReader(StringIO(client.get("/fleet/revisions/?format=csv").content.decode()))

    assert f"/policies/{policy.id}/versions/1/" in page
    assert str(head.digest) in page
    assert (row["number"], row["digest"]) == (str(head.number), head.digest)
