"""The policy pages: who may open them, what their forms refuse, what two editors see."""

import csv
from io import StringIO
from typing import Any

import pytest

from apps.kernel.ids import uuid7
from apps.policies.cedar import find_problems
from apps.policies.samples import STARTERS
from tests.factories.company import TestCompany
from tests.factories.policy import FORBID, make_active, make_policy
from tests.policies.pages import FIELDS, denials_of, text_of
from tests.web.sign_in import browser


def test_a_policy_and_its_version_are_told_in_words_above_folded_cedar(
    company: TestCompany,
) -> None:
    policy = make_active(company, cedar='forbid (principal, action == Action::"deploy", resource);')
    viewer = browser(company, "viewer")

    for address in (f"/policies/{policy.id}/", f"/policies/{policy.id}/versions/1/"):
        shown = text_of(viewer.get(address))
        assert '<li class="break-words">Nobody may deploy.</li>' in shown
        assert shown.index("Nobody may deploy.") < shown.index("Show the Cedar text")


PAGES = ("", "new/", "{id}/", "{id}/edit/", "{id}/approvers/", "{id}/versions/1/")


@pytest.mark.parametrize("page", PAGES)
def test_an_architect_opens(company: TestCompany, page: str) -> None:
    policy = make_active(company)

    response = browser(company, "architect").get(f"/policies/{page.format(id=policy.id)}")

    assert response.status_code == 200
    assert "baseline" in text_of(response) or page in ("new/", "{id}/approvers/")


@pytest.mark.parametrize("page", PAGES)
def test_a_person_without_a_role_gets_the_refusal_page(company: TestCompany, page: str) -> None:
    policy = make_active(company)

    response = browser(company, "outsider").get(f"/policies/{page.format(id=policy.id)}")

    assert response.status_code == 403
    assert "read_file" not in text_of(response)
    assert len(denials_of(company)) == 1


@pytest.mark.parametrize("page", [page for page in PAGES if "{id}" in page])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_company_finds_nothing(
    company: TestCompany, other_company: TestCompany, page: str, method: str
) -> None:
    policy = make_active(company)
    client = browser(other_company, "tenant_admin")

    there = getattr(client, method)(f"/policies/{page.format(id=policy.id)}", FIELDS)
    nowhere = getattr(client, method)(f"/policies/{page.format(id=uuid7())}", FIELDS)

    assert there.status_code == nowhere.status_code
    assert there.status_code in (404, 405)


@pytest.mark.parametrize("page", PAGES)
def test_nobody_is_sent_to_sign_in(client: Any, db: None, page: str) -> None:
    response = client.get(f"/policies/{page.format(id=uuid7())}")

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")


def test_a_viewer_sees_no_button_that_would_be_refused(company: TestCompany) -> None:
    policy = make_policy(company)

    shown = text_of(browser(company, "viewer").get(f"/policies/{policy.id}/"))
    listed = text_of(browser(company, "viewer").get("/policies/"))

    assert f"/policies/{policy.id}/edit/" not in shown
    assert f"/proposals/about/{policy.id}/new/" not in shown
    assert 'href="/policies/new/"' not in listed


def test_the_list_filters_by_what_the_address_says(company: TestCompany) -> None:
    make_active(company, name="in-force")
    make_policy(company, name="blocking", severity="block", cedar=FORBID)
    make_policy(company, name="of-api", scope_id=company.scopes["api"].id)
    client = browser(company, "viewer")

    def names(query: str) -> set[str]:
        page = text_of(client.get(f"/policies/?{query}"))
        return {name for name in ("in-force", "blocking", "of-api") if f">{name}</a>" in page}

    assert names("") == {"in-force", "blocking", "of-api"}
    assert names("state=active") == {"in-force"}
    assert names("severity=block") == {"blocking"}
    assert names(f"scope={company.scopes['api'].id}") == {"of-api"}
    assert names("q=BLOCK") == {"blocking"}
    assert names("state=draft&severity=warn") == {"of-api"}
    assert names("q=nothing-like-it") == set()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=gone", "state"),
        ("severity=high", "severity"),
        ("scope=not-an-id", "scope"),
        (f"q={'x' * 201}", "q"),
        ("q=%00", "q"),
        ("cursor=!!", "cursor"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(
    company: TestCompany, query: str, field: str
) -> None:
    assert browser(company, "viewer").get(f"/policies/?{query}").status_code == 422, field


def test_the_list_downloads_as_csv_without_formulas(company: TestCompany) -> None:
    make_policy(company, name="=1+1", description="-danger")

    response = browser(company, "viewer").get("/policies/?format=csv")
    (row,) = csv.DictReader(StringIO(response.content.decode()))

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert (row["name"], row["description"]) == ("'=1+1", "'-danger")
    assert (row["state"], row["scope"], row["version_in_force"]) == ("draft", "Acme", "")


def test_a_team_lead_sees_only_the_policies_that_reach_the_team(company: TestCompany) -> None:
    make_policy(company, name="company-wide")
    own = make_policy(company, name="of-api", scope_id=company.scopes["api"].id)
    client = browser(company, "team_lead")

    listed = text_of(client.get("/policies/"))

    assert (">of-api</a>" in listed, ">company-wide</a>" in listed) == (True, False)
    assert client.get(f"/policies/{own.id}/").status_code == 200


def test_an_empty_list_offers_policies_to_start_from(company: TestCompany) -> None:
    offered = text_of(browser(company, "architect").get("/policies/"))
    read_only = text_of(browser(company, "viewer").get("/policies/"))

    assert "No policy yet" in offered
    assert all(f"?from={starter.slug}" in offered for starter in STARTERS)
    assert "?from=" not in read_only


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.slug)
def test_a_starting_policy_is_valid_and_fills_the_form(company: TestCompany, starter: Any) -> None:
    page = text_of(browser(company, "architect").get(f"/policies/new/?from={starter.slug}"))

    assert find_problems(starter.cedar) == []
    assert f'value="{starter.name}"' in page
