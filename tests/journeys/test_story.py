"""The story of the product: draft, approve, enforce, audit, with two people and a real agent."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from apps.fleet.operations import enroll_agent
from apps.identity.operations import set_password
from apps.kernel.tenancy import acting_as
from tests.factories.company import TestCompany
from tests.journeys.stack import Stack, wait_until

PASSWORD = "a-long-enough-password"
CEDAR = """permit (principal, action == Action::"run_tool", resource)
unless { resource == Tool::"shell" };
"""
pytestmark = pytest.mark.journey


@pytest.fixture
def people(committed_company: TestCompany) -> TestCompany:
    """The company, whose two architects can sign in with a password."""
    with acting_as(committed_company.service("bootstrap")):
        for role in ("architect", "second_architect"):
            set_password(user_id=committed_company.users[role].id, password=PASSWORD)
    return committed_company


@pytest.fixture
def agent(stack: Stack, people: TestCompany) -> str:
    """The address of a running Cedar agent of the company."""
    with people.acting("admin"):
        _, token = enroll_agent(name="edge")
    return stack.start_agent(f"{people.slug}-edge", token)


@pytest.fixture
def two_browsers(browser: Browser, stack: Stack) -> Iterator[tuple[Page, Page]]:
    """Two people's browsers, each with cookies of its own."""
    contexts = [browser.new_context(base_url=stack.url) for _ in range(2)]
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def sign_in(page: Page, email: str) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).not_to_have_url("**/sign-in/**")


def decision(agent: str, people: TestCompany, tool: str) -> str:
    question: dict[str, Any] = {
        "principal": f'User::"developer@{people.slug}.example"',
        "action": 'Action::"run_tool"',
        "resource": f'Tool::"{tool}"',
    }
    return str(httpx.post(f"{agent}/v1/is_authorized", json=question).json()["decision"])


@pytest.mark.gap("UX-M1")
def test_a_policy_goes_from_a_draft_to_every_agent(
    two_browsers: tuple[Page, Page], people: TestCompany, agent: str
) -> None:
    author, reviewer = two_browsers
    sign_in(author, people.users["architect"].email)
    author.get_by_role("link", name="Organization").first.click()
    expect(author.get_by_text("Platform").first).to_be_visible()

    author.goto("/policies/new/")
    author.get_by_label("Name").fill("Tools without a shell")
    author.locator(".cm-content").click()
    author.keyboard.press("Control+A")
    author.keyboard.insert_text(CEDAR)
    author.get_by_role("button", name="Save the draft").click()
    author.get_by_role("link", name="Propose").click()
    author.locator("[name=justification]").fill("Agents should use typed tools.")
    author.get_by_role("button", name="Propose").click()
    expect(author.get_by_role("button", name="Approve")).to_have_count(0)
    address = author.url

    sign_in(reviewer, people.users["second_architect"].email)
    expect(reviewer.get_by_text("Tools without a shell").first).to_be_visible()
    reviewer.goto(address)
    reviewer.get_by_role("button", name="Approve").first.click()
    reviewer.locator("#approve-dialog").get_by_role("button", name="Approve").click()
    expect(reviewer.get_by_text("Approved").first).to_be_visible()

    wait_until(lambda: decision(agent, people, "formatter") == "Allow", what="Allow")
    assert decision(agent, people, "shell") == "Deny"

    reviewer.goto("/fleet/")
    expect(reviewer.get_by_text("edge").first).to_be_visible()
    reviewer.goto("/audit/")
    for step in ("policy.draft", "policy.propose", "proposal.approve", "policy.activate"):
        expect(reviewer.get_by_label("Events").get_by_text(step).first).to_be_visible()
