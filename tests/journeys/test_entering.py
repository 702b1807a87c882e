"""A platform administrator helps another company, whose reviewer reads of it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.identity.operations import set_password
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from tests.factories.company import TestCompany, make_company
from tests.identity.administrators import REASON, set_platform
from tests.journeys.stack import Stack
from tests.journeys.test_story import PASSWORD, sign_in

pytestmark = pytest.mark.journey


@pytest.fixture
def helped(committed_company: TestCompany) -> TestCompany:
    """A second company with a reviewer who can sign in."""
    company = make_company(slug=f"c-{uuid7().hex[-12:]}")
    give_password(company, "tech_lead")
    return company


@pytest.fixture
def pages(browser: Browser, stack: Stack) -> Iterator[tuple[Page, Page]]:
    """The administrator's browser and the reviewer's."""
    contexts = [browser.new_context(base_url=stack.url) for _ in range(2)]
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def give_password(company: TestCompany, role: str) -> None:
    with acting_as(company.service("bootstrap")):
        set_password(user_id=company.users[role].id, password=PASSWORD)


def test_an_administrator_enters_helps_and_leaves(
    committed_company: TestCompany, helped: TestCompany, pages: tuple[Page, Page]
) -> None:
    home, name = committed_company, helped.slug.title()
    give_password(home, "admin")
    set_platform(home)
    administrator, reviewer = pages

    sign_in(administrator, f"admin@{home.slug}.example")
    administrator.goto(f"/settings/companies/?q={helped.slug}")
    administrator.get_by_role("link", name="Enter").click()
    administrator.get_by_label("Reason").fill("too short")
    administrator.get_by_role("button", name="Enter").click()
    expect(administrator.get_by_text("these are 9.").first).to_be_visible()
    administrator.get_by_label("Reason").fill(REASON)
    administrator.get_by_role("button", name="Enter").click()

    bar = administrator.get_by_role("region", name="Another company")
    expect(bar).to_contain_text(
        re.compile(f"You are in {name} as platform administrator until \\d\\d:\\d\\d UTC")
    )
    expect(bar).to_be_in_viewport()
    administrator.goto("/organization/new/")
    administrator.get_by_label("Name").fill("Rescue")
    administrator.get_by_label("Slug").fill("rescue")
    administrator.get_by_role("button", name="Create").click()
    expect(administrator.get_by_role("heading", level=1)).to_have_text("Rescue")
    expect(bar).to_contain_text("Everything is recorded.")

    sign_in(reviewer, f"tech_lead@{helped.slug}.example")
    reviewer.goto("/audit/?action=tenant.enter")
    expect(reviewer.locator("main")).to_contain_text(f"Admin (platform) entered {name}")

    bar.get_by_role("button", name="Leave").click()
    expect(administrator.get_by_text("You have left, and are back at home.")).to_be_visible()
    expect(bar).to_have_count(0)
    administrator.goto("/organization/")
    expect(administrator.locator("main")).not_to_contain_text("Rescue")
