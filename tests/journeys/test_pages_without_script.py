"""What a person can do whose browser runs no script."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.fleet.operations import enroll_agent
from apps.fleet.queries import get_agent
from apps.identity.operations import create_token
from apps.identity.queries import list_own_tokens
from apps.kernel import clock
from apps.orgs.queries import list_memberships
from apps.proposals.queries import get_proposal
from tests.factories.company import TestCompany
from tests.factories.policy import make_active, make_proposal
from tests.journeys.signed_in import signed_in
from tests.journeys.stack import Stack

pytestmark = pytest.mark.journey
PHONE = {"width": 390, "height": 844}
Opened = Callable[..., Page]


@pytest.fixture
def plain(browser: Browser, stack: Stack, committed_company: TestCompany) -> Iterator[Opened]:
    """Open a page as the person in a role, in a browser without scripts."""
    contexts = []

    def opened(role: str, address: str, **options: Any) -> Page:
        context = signed_in(
            browser, stack, committed_company, role, java_script_enabled=False, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


def press(page: Page, name: str, *, within: str = "main, .decision-bar") -> None:
    page.locator(within).get_by_role("button", name=name).first.click()


def state_of(company: TestCompany, proposal: Any) -> str:
    with company.acting("architect"):
        return str(get_proposal(proposal.id).state)


def test_a_proposal_is_approved(plain: Opened, committed_company: TestCompany) -> None:
    proposal = make_proposal(committed_company)
    page = plain("second_architect", f"/proposals/{proposal.id}/")
    dialog = page.locator("#approve-dialog")
    expect(dialog).to_be_hidden()

    press(page, "Approve")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Note").fill("Read and understood.")
    press(page, "Approve", within="#approve-dialog")

    expect(page.locator("#merge-title")).to_have_text("Approved and applied")
    expect(page.get_by_text("Read and understood.")).to_be_visible()
    assert state_of(committed_company, proposal) == "approved"


def test_a_rejection_without_a_reason_comes_back_open(
    plain: Opened, committed_company: TestCompany
) -> None:
    proposal = make_proposal(committed_company)
    page = plain("second_architect", f"/proposals/{proposal.id}/")
    press(page, "Reject")
    dialog = page.locator("#reject-dialog")
    dialog.get_by_label("Reason").fill("   ")
    press(page, "Reject", within="#reject-dialog")

    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("This field is required.")
    assert state_of(committed_company, proposal) == "pending"

    dialog.get_by_label("Reason").fill("It forbids too much.")
    press(page, "Reject", within="#reject-dialog")
    expect(page.locator("#merge-title")).to_have_text("Rejected")


def test_a_decision_that_is_cancelled_leaves_no_dialog(
    plain: Opened, committed_company: TestCompany
) -> None:
    proposal = make_proposal(committed_company)
    page = plain("architect", f"/proposals/{proposal.id}/")
    press(page, "Withdraw")
    press(page, "Cancel", within="#withdraw-dialog")
    expect(page.locator("#withdraw-dialog")).to_be_hidden()
    assert state_of(committed_company, proposal) == "pending"

    press(page, "Withdraw")
    press(page, "Withdraw", within="#withdraw-dialog")
    expect(page.locator("#merge-title")).to_have_text("Withdrawn")


def test_a_token_is_revoked(plain: Opened, committed_company: TestCompany) -> None:
    with committed_company.acting("developer"):
        token, _ = create_token(name="ci", expires_at=clock.now() + timedelta(days=1))
    page = plain("developer", "/settings/tokens/")
    press(page, "Revoke")
    expect(page.locator(f"#revoke-{token.id}")).to_contain_text("Revoke ci?")
    press(page, "Revoke", within=f"#revoke-{token.id}")

    expect(page.get_by_role("heading", name="No token yet")).to_be_visible()
    with committed_company.acting("developer"):
        assert list(list_own_tokens()) == []


def test_an_agent_is_ended_with_a_reason(plain: Opened, committed_company: TestCompany) -> None:
    with committed_company.acting("admin"):
        agent, _ = enroll_agent(name="edge")
    page = plain("admin", f"/fleet/agents/{agent.id}/")
    press(page, "End agent")
    page.locator("#revoke-dialog").get_by_label("Reason").fill("The machine is gone.")
    press(page, "End agent", within="#revoke-dialog")

    expect(page.get_by_text("Ended. Its token is refused.")).to_be_visible()
    with committed_company.acting("admin"):
        assert get_agent(agent.id).revoked_at is not None


def test_a_member_is_removed(plain: Opened, committed_company: TestCompany) -> None:
    from apps.orgs.operations import add_member

    scope, outsider = committed_company.scopes["api"], committed_company.users["outsider"]
    with committed_company.acting("tenant_admin"):
        member = add_member(scope_id=scope.id, user_id=outsider.id)
    page = plain("tenant_admin", f"/organization/scopes/{scope.id}/people/")
    press(page, "Remove Outsider")
    page.locator(f"[id='{member.id}']").get_by_role("button", name="Remove", exact=True).click()

    expect(page.get_by_text("Outsider no longer belongs to API.")).to_be_visible()
    with committed_company.acting("tenant_admin"):
        assert list(list_memberships(scope_id=scope.id)) == []


def test_everything_is_found_by_a_page_of_its_own(plain: Opened) -> None:
    page = plain("viewer", "/")
    page.get_by_role("button", name="Open the command palette").click()
    page.get_by_role("searchbox").fill("gateway")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("link", name="Gateway").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gateway")


def test_whoever_is_on_a_phone_reaches_every_place_and_signs_out(plain: Opened) -> None:
    page = plain("viewer", "/", viewport=PHONE)
    page.get_by_role("button", name="More").click()
    drawer = page.locator("#nav-drawer")
    drawer.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    expect(drawer).to_be_hidden()

    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_nothing_is_offered_that_needs_a_script(
    plain: Opened, committed_company: TestCompany
) -> None:
    proposal = make_proposal(committed_company)
    page = plain("second_architect", f"/proposals/{proposal.id}/")
    assert page.locator(".needs-script").count() > 0
    assert page.locator(".needs-script:visible").count() == 0
    expect(page.locator("[data-diff-after]")).to_contain_text("permit")
    page.get_by_role("link", name="Ask about each person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Who may approve #{proposal.number}")


@pytest.mark.gap("UX-M3")
@pytest.mark.gap("UX-H5")
def test_a_policy_is_said_in_words_asked_about_and_written(plain: Opened) -> None:
    page = plain("tech_lead", "/policies/say/", viewport=PHONE)
    page.get_by_label("What do you want?").fill("Block MySQL")
    press(page, "Read it")
    expect(page.get_by_role("heading", name="the client libraries, the server")).to_be_visible()
    press(page, "The server")
    expect(page.get_by_role("heading", name="This is what it means")).to_be_visible()
    expect(page.get_by_text("Nobody may run a tool")).to_be_visible()
    press(page, "Yes, write this draft")
    expect(page.get_by_role("heading", level=1)).to_contain_text("no-image")


def test_policies_are_exported_previewed_elsewhere_and_proposed(
    plain: Opened, committed_company: TestCompany
) -> None:
    make_active(committed_company)
    page = plain("admin", "/policies/", viewport=PHONE)
    page.get_by_role("link", name="Export").click()
    with page.expect_download() as downloaded:
        press(page, "Export")
    page.goto("/policies/")
    page.get_by_role("link", name="Import").click()
    scope = str(committed_company.scopes["platform"].id)
    page.get_by_label("Into the scope").select_option(scope)
    page.get_by_label("Bundle", exact=True).set_input_files(downloaded.value.path())
    page.get_by_label("Why these policies").fill("The platform needs it too.")
    press(page, "Preview")
    expect(page.get_by_role("heading", name="What it would do in Platform")).to_be_visible()
    expect(page.get_by_text("1 policy: 1 new")).to_be_visible()
    press(page, "Import and propose")
    expect(page.get_by_text("1 proposal was made.")).to_be_visible()
