"""From plain words to every agent and back: one policy, four people's pages, a real agent."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db.models import F
from playwright.sync_api import Browser, Page, expect

from apps.fleet.operations import enroll_agent
from apps.orgs.operations import grant_role
from apps.orgs.types import Role
from apps.proposals.models import Proposal
from apps.proposals.timekeeper import tick
from tests.factories.company import TestCompany
from tests.factories.policy import make_active
from tests.journeys.signed_in import signed_in
from tests.journeys.stack import Stack, wait_until

pytestmark = pytest.mark.journey
TOOLS = 'permit (principal, action == Action::"run_tool", resource);\n'
WIDER = """forbid (principal, action == Action::"run_tool", resource)
when { resource == Tool::"mysql" || resource == Tool::"formatter" };
"""


@pytest.fixture
def company(committed_company: TestCompany) -> TestCompany:
    """A company whose project has an architect of its own, who is away."""
    with committed_company.acting("tenant_admin"):
        grant_role(
            user_id=committed_company.users["team_lead"].id,
            scope_id=committed_company.scopes["api"].id,
            role=Role.ARCHITECT,
        )
    return committed_company


@pytest.fixture
def agent(stack: Stack, company: TestCompany) -> str:
    """The address of a running Cedar agent, beside a worker that analyses proposals."""
    if "worker" not in stack.children:
        command = ("-m", "celery", "-A", "aeterna_portal", "worker", "--pool", "solo")
        stack.start("worker", sys.executable, *command, "--without-gossip", "--without-mingle")
    with company.acting("admin"):
        _, token = enroll_agent(name="edge")
    return stack.start_agent(f"{company.slug}-edge", token)


@pytest.fixture
def pages(browser: Browser, stack: Stack, company: TestCompany) -> Iterator[tuple[Page, Page]]:
    """The author's page and the approver's, each with cookies of its own."""
    contexts = [
        signed_in(browser, stack, company, role) for role in ("architect", "second_architect")
    ]
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def decision(agent: str, company: TestCompany, tool: str) -> str:
    place = f"{company.slug}/platform/api/gateway"
    question: dict[str, Any] = {
        "principal": f'User::"developer@{company.slug}.example"',
        "action": 'Action::"run_tool"',
        "resource": f'Tool::"{tool}"',
        "additional_entities": [
            {"uid": {"type": "Tool", "id": tool}, "attrs": {},
             "parents": [{"type": "Scope", "id": place}]}
        ],
    }  # fmt: skip
    return str(httpx.post(f"{agent}/v1/is_authorized", json=question).json()["decision"])


def propose(page: Page, why: str) -> str:
    """Propose the policy that the page shows; return the proposal's address."""
    page.get_by_role("link", name="Propose").first.click()
    page.locator("[name=justification]").fill(why)
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("#analysis")).to_be_visible()
    return page.url


def approve(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text("Proven free of conflicts")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Approve").first.click()
    page.locator("#approve-dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved, and applied as revision")).to_be_visible()


@pytest.mark.gap("UX-H5")
@pytest.mark.gap("UX-C2")
@pytest.mark.gap("UX-H6")
@pytest.mark.gap("UX-H4")
def test_words_become_a_policy_that_is_questioned_mended_escalated_enforced_and_undone(
    pages: tuple[Page, Page], company: TestCompany, agent: str
) -> None:
    author, approver = pages
    make_active(company, scope_id=company.scopes["gateway"].id, name="tools", cedar=TOOLS)
    wait_until(lambda: decision(agent, company, "mysql") == "Allow", what="Allow")
    gateway = str(company.scopes["gateway"].id)
    policy = _say(author, "Block MySQL", scope_id=gateway, choice="The server")
    address = _mend(author, "Databases are reached through the gateway.")
    _escalate(company, approver)
    approve(approver, address)
    wait_until(lambda: decision(agent, company, "mysql") == "Deny", what="Deny")
    assert decision(agent, company, "formatter") == "Allow"

    _widen(author, policy)
    approve(approver, propose(author, "No formatter either."))
    wait_until(lambda: decision(agent, company, "formatter") == "Deny", what="Deny")

    author.goto(f"{policy}versions/1/")
    author.get_by_role("button", name="Propose to go back to this").click()
    approve(approver, author.url)
    wait_until(lambda: decision(agent, company, "formatter") == "Allow", what="Allow again")
    assert decision(agent, company, "mysql") == "Deny"


def _say(page: Page, intent: str, *, scope_id: str, choice: str) -> str:
    page.goto("/policies/say/")
    page.get_by_label("Scope").select_option(scope_id)
    page.get_by_label("What do you want?").fill(intent)
    page.get_by_role("button", name="Read it").click()
    page.get_by_role("button", name=choice).click()
    expect(page.get_by_role("heading", name="This is what it means")).to_be_visible()
    page.get_by_role("button", name="Yes, write this draft").click()
    expect(page.get_by_role("link", name="Propose").first).to_be_visible()
    return page.url


def _mend(page: Page, why: str) -> str:
    policy = page.url
    address = propose(page, why)
    analysis = page.locator("#analysis")
    conflict = analysis.get_by_text("forbids a part of what the permission")
    expect(conflict).to_be_visible(timeout=60_000)
    expect(analysis.get_by_text("both apply").first).to_be_visible()

    page.goto(f"{policy}edit/")
    page.get_by_label("Mode").select_option("mandatory")
    page.get_by_role("button", name="Save the working copy").click()
    page.goto(address)
    page.get_by_role("button", name="Revise").first.click()
    page.locator("#revise-dialog").get_by_role("button", name="Revise").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Proven free of conflicts")).to_be_visible(timeout=60_000)
    return address


def _escalate(company: TestCompany, approver: Page) -> None:
    # As if it had been proposed 25 hours ago.
    with company.acting("tenant_admin"):
        times = ("level_since", "due_at", "expires_at", "next_step_at")
        pending = Proposal.objects.filter(state="pending")
        pending.update(**{name: F(name) - timedelta(hours=25) for name in times})
    tick()
    approver.goto("/inbox/")
    expect(approver.get_by_text("now waits for you too").first).to_be_visible(timeout=60_000)


def _widen(page: Page, policy: str) -> None:
    page.goto(f"{policy}edit/")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(WIDER)
    page.get_by_role("button", name="Save the working copy").click()
    expect(page.get_by_role("link", name="Propose").first).to_be_visible()
