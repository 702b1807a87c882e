"""Writing, editing and restoring policies in the browser."""

from typing import Any

import pytest

from apps.kernel.ids import uuid7
from apps.policies.models import Policy
from apps.policies.operations import edit_policy
from apps.policies.queries import get_policy
from apps.proposals.operations import approve_proposal, propose_policy
from tests.factories.company import TestCompany
from tests.factories.policy import FORBID, PERMIT, make_active, make_policy
from tests.policies.pages import FIELDS, denials_of, policies_of, text_of
from tests.web.sign_in import browser


def draft_fields(company: TestCompany, **changes: Any) -> dict[str, Any]:
    return {**FIELDS, "scope_id": str(company.scopes["company"].id), **changes}


def test_a_draft_is_written_and_nothing_comes_into_force(company: TestCompany) -> None:
    client = browser(company, "tech_lead")

    response = client.post("/policies/new/", draft_fields(company))

    with company.acting("viewer"):
        policy = Policy.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/policies/{policy.id}/"
    assert (policy.name, policy.state, policy.active_version) == ("tidy", "draft", None)


def test_line_ends_of_a_browser_are_stored_as_newlines(company: TestCompany) -> None:
    cedar = (PERMIT + FORBID).replace("\n", "\r\n")

    browser(company, "architect").post("/policies/new/", draft_fields(company, cedar=cedar))

    assert policies_of(company) == [("tidy", 1, PERMIT + FORBID)]


@pytest.mark.parametrize(
    ("change", "field", "words", "status"),
    [
        ({"name": ""}, "name", "required", 422),
        ({"name": "x" * 121}, "name", "At most 120 characters", 422),
        ({"name": "a\x00b"}, "name", "Null characters", 422),
        ({"description": "x" * 1001}, "description", "At most 1000 characters", 422),
        ({"severity": "huge"}, "severity", "Select a valid choice", 422),
        ({"mode": ""}, "mode", "required", 422),
        ({"merge_strategy": "mix"}, "merge_strategy", "Select a valid choice", 422),
        ({"scope_id": "here"}, "scope_id", "valid UUID", 422),
        ({"cedar": "permit (principal action, resource);"}, "cedar", "line 1, column 19", 422),
        ({"cedar": " "}, "cedar", "Write at least one policy statement", 422),
        ({"name": "baseline"}, "name", "This scope has a policy of that name", 409),
    ],
)
def test_a_draft_with_a_fault_names_the_field_and_changes_nothing(
    company: TestCompany, change: dict[str, str], field: str, words: str, status: int
) -> None:
    make_policy(company)
    before = policies_of(company)

    response = browser(company, "architect").post("/policies/new/", draft_fields(company, **change))

    assert response.status_code == status
    assert any(words in error for error in response.context["form"].errors[field])
    assert policies_of(company) == before


def test_a_draft_at_a_scope_nobody_has_is_refused(
    company: TestCompany, other_company: TestCompany
) -> None:
    client = browser(company, "architect")

    foreign = client.post(
        "/policies/new/", draft_fields(company, scope_id=other_company.scopes["company"].id)
    )
    unknown = client.post("/policies/new/", draft_fields(company, scope_id=uuid7()))

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.context["form"].errors == unknown.context["form"].errors
    assert policies_of(company) == []


def test_a_draft_outside_ones_scope_is_denied_and_recorded(company: TestCompany) -> None:
    response = browser(company, "team_lead").post(
        "/policies/new/", draft_fields(company, scope_id=company.scopes["web"].id)
    )

    assert response.status_code == 403
    assert policies_of(company) == []
    assert denials_of(company) == ["policy.draft"]


def test_an_edit_changes_only_the_working_copy(company: TestCompany) -> None:
    policy = make_active(company)

    response = browser(company, "architect").post(
        f"/policies/{policy.id}/edit/",
        {**FIELDS, "name": "baseline", "cedar": FORBID, "expected_version": policy.version},
    )

    with company.acting("viewer"):
        now = Policy.objects.get()
    assert response.status_code == 302
    assert (now.cedar, now.active_version, now.state) == (FORBID, 1, "active")


def test_a_developer_may_not_edit(company: TestCompany) -> None:
    policy = make_policy(company)
    before = policies_of(company)
    client = browser(company, "developer")

    response = client.post(
        f"/policies/{policy.id}/edit/", {**FIELDS, "cedar": FORBID, "expected_version": 1}
    )

    assert response.status_code == 403
    assert policies_of(company) == before
    assert denials_of(company) == ["policy.edit"]


def test_a_stale_edit_saves_nothing_and_shows_both_texts(company: TestCompany) -> None:
    policy = make_policy(company)
    with company.acting("second_architect"):
        edit_policy(policy_id=policy.id, cedar=FORBID, severity="block")
    client = browser(company, "architect")
    mine = PERMIT.replace("read_file", "write_file")

    response = client.post(
        f"/policies/{policy.id}/edit/",
        {**FIELDS, "name": "baseline", "cedar": mine, "expected_version": 1},
    )

    page = text_of(response)
    assert response.status_code == 412
    assert policies_of(company) == [("baseline", 2, FORBID)]
    assert "write_file" in page
    assert "run_tool" in page
    assert response.context["differing"] == [
        {"label": "Severity", "theirs": "block", "yours": "warn"}
    ]
    assert "Second Architect saved working copy 2" in page
    assert 'name="expected_version" value="2"' in page


def test_after_seeing_both_texts_saving_again_is_a_decision(company: TestCompany) -> None:
    policy = make_policy(company)
    with company.acting("second_architect"):
        edit_policy(policy_id=policy.id, cedar=FORBID)
    mine = {**FIELDS, "name": "baseline", "expected_version": 2}

    response = browser(company, "architect").post(f"/policies/{policy.id}/edit/", mine)

    assert response.status_code == 302
    assert policies_of(company) == [("baseline", 3, PERMIT)]


@pytest.mark.parametrize("version", ["", "none", "0", "9" * 30])
def test_an_edit_must_say_which_version_it_saw(company: TestCompany, version: str) -> None:
    policy = make_policy(company)

    response = browser(company, "architect").post(
        f"/policies/{policy.id}/edit/", {**FIELDS, "cedar": FORBID, "expected_version": version}
    )

    assert response.status_code in (412, 422)
    assert policies_of(company) == [("baseline", 1, PERMIT)]


def test_the_editor_is_told_problems_as_it_counts_columns(company: TestCompany) -> None:
    client = browser(company, "viewer")

    broken = client.post("/policies/validate/", {"source": '@note("🦊") permit (principal action'})
    valid = client.post("/policies/validate/", {"source": PERMIT})
    empty = client.post("/policies/validate/", {})

    assert valid.json() == []
    assert broken.json() == [
        {
            "line": 1,
            # The fox is one character of text and two of the editor's.
            "column": 31,
            "message": "Unexpected `action`.",
            "severity": "error",
        }
    ]
    assert empty.json()[0]["message"] == "Write at least one policy statement."


def test_the_editor_asks_only_for_people_who_may_validate(company: TestCompany) -> None:
    refused = browser(company, "outsider").post("/policies/validate/", {"source": PERMIT})
    wrong_method = browser(company, "viewer").get("/policies/validate/")

    assert (refused.status_code, wrong_method.status_code) == (403, 405)


def test_the_approvers_are_those_to_whom_cedar_says_yes(company: TestCompany) -> None:
    policy = make_policy(company)

    author = company.users["architect"]
    client = browser(company, "viewer")

    def names(query: str) -> list[str]:
        response = client.get(f"/policies/{policy.id}/approvers/{query}")
        return [person.name for person in response.context["people"]]

    assert names("") == ["Admin", "Architect", "Second Architect", "Tenant Admin"]
    assert names(f"?author={author.id}") == ["Admin", "Second Architect", "Tenant Admin"]


def test_a_version_shows_what_it_changed(company: TestCompany) -> None:
    policy = make_active(company)
    client = browser(company, "viewer")

    page = text_of(client.get(f"/policies/{policy.id}/versions/1/"))

    assert "read_file" in page
    assert client.get(f"/policies/{policy.id}/versions/2/").status_code == 404
    assert client.get(f"/policies/{policy.id}/versions/99999999999/").status_code == 404


def two_versions(company: TestCompany) -> Any:
    """Return a policy whose second version is in force."""
    policy = make_active(company)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=FORBID)
        proposal = propose_policy(policy_id=policy.id, justification="Stricter.")
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
        return get_policy(policy.id)


def test_an_earlier_version_is_restored_and_goes_on_to_be_proposed(company: TestCompany) -> None:
    policy = two_versions(company)
    client = browser(company, "architect")
    first = f"/policies/{policy.id}/versions/1/"
    assert f'name="expected_version" value="{policy.version}"' in text_of(client.get(first))

    response = client.post(f"{first}restore/", {"expected_version": policy.version})

    assert response.status_code == 302
    assert response["Location"] == f"/proposals/about/{policy.id}/new/"
    assert "says what version 1 said" in text_of(client.get(response["Location"]))
    with company.acting("architect"):
        now = get_policy(policy.id)
    assert (now.cedar, now.active_version) == (PERMIT, 2)


def test_what_changed_meanwhile_is_not_written_over(company: TestCompany) -> None:
    policy = two_versions(company)
    before = policies_of(company)

    response = browser(company, "architect").post(
        f"/policies/{policy.id}/versions/1/restore/", {"expected_version": 1}
    )

    assert response.status_code == 412
    assert "Nothing was restored." in text_of(response)
    assert policies_of(company) == before


def test_only_who_may_restore_is_offered_it(company: TestCompany) -> None:
    policy = two_versions(company)
    page = f"/policies/{policy.id}/versions/"

    assert "restore/" in text_of(browser(company, "architect").get(f"{page}1/"))
    assert "restore/" not in text_of(browser(company, "architect").get(f"{page}2/"))
    assert "restore/" not in text_of(browser(company, "developer").get(f"{page}1/"))
    answer = browser(company, "developer").post(f"{page}1/restore/", {"expected_version": 1})
    assert answer.status_code == 403
    assert denials_of(company) == ["policy.restore"]
