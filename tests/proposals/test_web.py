"""The proposal pages: who decides, what is refused, and what two people at once see."""

import csv
from io import StringIO
from typing import Any

import pytest

from apps.kernel.ids import uuid7
from apps.policies.models import Policy
from apps.proposals.models import Proposal
from tests.factories.company import TestCompany
from tests.factories.policy import make_policy, make_proposal
from tests.web.sign_in import browser

from .seen import denials_of, state_of, text_of

GETS = ("", "?tab=mine", "?tab=all", "{id}/", "about/{policy}/", "about/{policy}/new/")
POSTS = ("approve", "reject", "withdraw", "revise", "comment")
BODY = {"reason": "Because.", "justification": "Because.", "text": "Because."}


def address(page: str, proposal: Any) -> str:
    return "/proposals/" + page.format(id=proposal.id, policy=proposal.policy_id)


@pytest.mark.parametrize("page", GETS)
def test_an_architect_opens(company: TestCompany, page: str) -> None:
    proposal = make_proposal(company)

    assert browser(company, "architect").get(address(page, proposal)).status_code == 200


@pytest.mark.parametrize("page", GETS)
def test_a_person_without_a_role_gets_the_refusal_page(company: TestCompany, page: str) -> None:
    proposal = make_proposal(company)

    response = browser(company, "outsider").get(address(page, proposal))

    assert response.status_code == 403
    assert "read_file" not in text_of(response)
    assert len(denials_of(company)) == 1


@pytest.mark.parametrize("verb", POSTS)
def test_a_person_without_a_role_changes_nothing(company: TestCompany, verb: str) -> None:
    proposal = make_proposal(company)
    before = state_of(company)

    response = browser(company, "outsider").post(f"/proposals/{proposal.id}/{verb}/", BODY)

    assert response.status_code == 403
    assert state_of(company) == before
    assert denials_of(company) == [f"proposal.{verb}"]


@pytest.mark.parametrize("page", ["{id}/", "about/{policy}/", "about/{policy}/new/"])
def test_another_company_finds_no_page(
    company: TestCompany, other_company: TestCompany, page: str
) -> None:
    proposal = make_proposal(company)

    assert browser(other_company, "tenant_admin").get(address(page, proposal)).status_code == 404


@pytest.mark.parametrize("verb", POSTS)
def test_another_company_finds_nothing_to_decide(
    company: TestCompany, other_company: TestCompany, verb: str
) -> None:
    proposal = make_proposal(company)
    before = state_of(company)
    client = browser(other_company, "tenant_admin")

    there = client.post(f"/proposals/{proposal.id}/{verb}/", BODY)
    nowhere = client.post(f"/proposals/{uuid7()}/{verb}/", BODY)

    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert state_of(company) == before


@pytest.mark.parametrize("page", GETS)
def test_nobody_is_sent_to_sign_in(client: Any, db: None, page: str) -> None:
    response = client.get("/proposals/" + page.format(id=uuid7(), policy=uuid7()))

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("verb", POSTS)
def test_a_decision_is_never_made_by_looking(company: TestCompany, verb: str) -> None:
    proposal = make_proposal(company)

    assert browser(company, "architect").get(f"/proposals/{proposal.id}/{verb}/").status_code == 405


def test_the_tabs_show_what_waits_what_is_mine_and_all(company: TestCompany) -> None:
    make_proposal(company, name="of-architect")
    make_proposal(company, name="of-second", by="second_architect")

    def names(role: str, query: str) -> set[str]:
        page = text_of(browser(company, role).get(f"/proposals/{query}"))
        return {name for name in ("of-architect", "of-second") if f"{name}</a>" in page}

    assert names("architect", "") == {"of-second"}
    assert names("architect", "?tab=mine") == {"of-architect"}
    assert names("architect", "?tab=all") == {"of-architect", "of-second"}
    assert names("viewer", "") == set()
    assert names("viewer", "?tab=all&state=approved") == set()


@pytest.mark.parametrize("query", ["tab=theirs", "tab=all&state=lost", "cursor=x"])
def test_an_address_that_makes_no_sense_is_refused(company: TestCompany, query: str) -> None:
    assert browser(company, "viewer").get(f"/proposals/?{query}").status_code == 422


def test_the_list_downloads_as_csv(company: TestCompany) -> None:
    make_proposal(company)

    response = browser(company, "viewer").get("/proposals/?tab=all&format=csv")
    (row,) = csv.DictReader(StringIO(response.content.decode()))

    assert (row["number"], row["title"], row["state"]) == ("1", "baseline", "pending")
    assert (row["author"], row["through_agent"]) == ("Architect", "")


def test_proposing_waits_for_somebody_else(company: TestCompany) -> None:
    policy = make_policy(company)

    response = browser(company, "developer").post(
        f"/proposals/about/{policy.id}/new/",
        {"kind": "activate_policy", "justification": "We need it."},
    )

    with company.acting("viewer"):
        proposal = Proposal.objects.select_related("author").get()
        state = Policy.objects.get().state
    assert response["Location"] == f"/proposals/{proposal.id}/"
    assert (proposal.state, proposal.author.name, state) == ("pending", "Developer", "draft")


@pytest.mark.parametrize(
    ("change", "field", "words", "status"),
    [
        ({"justification": ""}, "justification", "required", 422),
        ({"justification": "x" * 4001}, "justification", "At most 4000", 422),
        ({"kind": "delete"}, "kind", "Select a valid choice", 422),
        ({"kind": "retire_policy"}, "__all__", "Only a policy that is in force", 409),
    ],
)
def test_a_faulty_proposal_names_the_field_and_changes_nothing(
    company: TestCompany, change: dict[str, str], field: str, words: str, status: int
) -> None:
    policy = make_policy(company)
    before = state_of(company)

    response = browser(company, "architect").post(
        f"/proposals/about/{policy.id}/new/",
        {"kind": "activate_policy", "justification": "We need it.", **change},
    )

    assert response.status_code == status
    assert any(words in error for error in response.context["form"].errors[field])
    assert state_of(company) == before


def test_a_second_proposal_about_a_policy_is_refused_and_leads_to_the_first(
    company: TestCompany,
) -> None:
    proposal = make_proposal(company)
    before = state_of(company)

    response = browser(company, "architect").post(
        f"/proposals/about/{proposal.policy_id}/new/",
        {"kind": "activate_policy", "justification": "Again."},
    )

    assert response.status_code == 409
    assert f'href="/proposals/{proposal.id}/"' in text_of(response)
    assert state_of(company) == before
