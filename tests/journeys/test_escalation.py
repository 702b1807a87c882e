"""A review nobody gives: overdue, escalated, seen in the inbox above, approved there."""

from datetime import timedelta

import pytest
from django.db.models import F
from playwright.sync_api import Browser, Page, expect

from apps.identity.operations import set_password
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import grant_role
from apps.orgs.types import Role
from apps.proposals.models import Proposal
from apps.proposals.timekeeper import tick
from tests.factories.company import TestCompany
from tests.factories.policy import make_proposal
from tests.journeys.stack import Stack
from tests.journeys.test_story import PASSWORD, sign_in

pytestmark = pytest.mark.journey


@pytest.fixture
def waiting(committed_company: TestCompany) -> Proposal:
    """A proposal in a project whose team has one Architect, who is away."""
    company = committed_company
    with acting_as(company.service("bootstrap")):
        set_password(user_id=company.users["second_architect"].id, password=PASSWORD)
    with company.acting("tenant_admin"):
        grant_role(
            user_id=company.users["team_lead"].id,
            scope_id=company.scopes["api"].id,
            role=Role.ARCHITECT,
        )
    return make_proposal(company, scope_id=company.scopes["gateway"].id)


def _sign_in(browser: Browser, stack: Stack, email: str) -> Page:
    page = browser.new_context(base_url=stack.url).new_page()
    sign_in(page, email)
    return page


@pytest.mark.gap("UX-H6")
def test_a_review_nobody_gives_reaches_the_next_level_and_is_given_there(
    browser: Browser, stack: Stack, committed_company: TestCompany, waiting: Proposal
) -> None:
    page = _sign_in(browser, stack, f"second_architect@{committed_company.slug}.example")
    page.goto("/inbox/")
    expect(page.get_by_text("Nothing yet")).to_be_visible()

    # As if it had been proposed 25 hours ago.
    with committed_company.acting("tenant_admin"):
        times = ("level_since", "due_at", "expires_at", "next_step_at")
        Proposal.objects.update(**{name: F(name) - timedelta(hours=25) for name in times})
    tick()

    told = page.get_by_role("button", name="now waits for you too")
    expect(told).to_be_visible(timeout=20_000)
    told.click()
    expect(page).to_have_url(f"{stack.url}/proposals/{waiting.id}/")
    story = page.locator("#story")
    expect(story.get_by_text("asked the next level")).to_be_visible()
    page.get_by_role("button", name="Approve").first.click()
    dialog = page.get_by_role("dialog", name="Approve this proposal")
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved, and applied as revision")).to_be_visible()
    page.context.close()
