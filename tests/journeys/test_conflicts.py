"""A change that contradicts what is in force is stopped, shown with an example, and accepted."""

import sys

import pytest
from playwright.sync_api import Browser, expect

from tests.factories.company import TestCompany
from tests.factories.policy import make_active, make_policy
from tests.journeys.signed_in import signed_in
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.gap("UX-C2")]
READ = 'permit (principal, action == Action::"read_file", resource);\n'
NO_ENV = """forbid (principal is Agent, action == Action::"read_file", resource)
when { resource has path && resource.path like "*.env" };
"""


@pytest.fixture
def worker(stack: Stack) -> None:
    """A worker beside the portal, as one process."""
    if "worker" not in stack.children:
        command = ("-m", "celery", "-A", "aeterna_portal", "worker", "--pool", "solo")
        stack.start("worker", sys.executable, *command, "--without-gossip", "--without-mingle")


@pytest.mark.usefixtures("worker")
def test_a_conflict_is_shown_blocks_the_approval_and_is_accepted_with_a_reason(
    browser: Browser, stack: Stack, committed_company: TestCompany
) -> None:
    make_active(committed_company, name="baseline", cedar=READ)
    policy = make_policy(committed_company, name="no-env", cedar=NO_ENV)

    author = signed_in(browser, stack, committed_company, "architect").new_page()
    author.goto(f"/proposals/about/{policy.id}/new/")
    author.locator("[name=justification]").fill("Secrets are read by people only.")
    author.get_by_role("button", name="Propose").click()
    conflict = author.locator("#analysis").get_by_text("forbids a part of what the permission")
    expect(conflict).to_be_visible(timeout=60_000)
    expect(author.get_by_text("An agent could read the file “.env”: both apply.")).to_be_visible()
    expect(author.get_by_role("button", name="Accept the conflicts")).to_have_count(0)

    approver = signed_in(browser, stack, committed_company, "second_architect").new_page()
    approver.goto(author.url)
    approver.get_by_role("button", name="Approve").first.click()
    approver.locator("#approve-dialog").get_by_role("button", name="Approve").click()
    expect(
        approver.get_by_text("1 conflict with what is in force must be resolved")
    ).to_be_visible()

    approver.get_by_role("button", name="Accept the conflicts").click()
    dialog = approver.locator("#accept-dialog")
    dialog.get_by_label("Reason").fill("People keep reading them; agents must not.")
    dialog.get_by_role("button", name="Accept them").click()
    accepted = approver.locator("#analysis").get_by_text("Accepted by Second Architect")
    expect(accepted).to_be_visible()

    approver.get_by_role("button", name="Approve").first.click()
    approver.locator("#approve-dialog").get_by_role("button", name="Approve").click()
    expect(approver.get_by_text("Approved and applied")).to_be_visible()
    for page in (author, approver):
        page.context.close()
