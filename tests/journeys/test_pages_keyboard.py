"""The portal by keyboard alone: palette, lists, verbs, dialogs, the skip link."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories.company import TestCompany
from tests.factories.policy import make_policy, make_proposal
from tests.journeys.signed_in import signed_in
from tests.journeys.stack import Stack

pytestmark = pytest.mark.journey
Opened = Callable[[str], Page]
# Ends when a live update is in the page.
SWAPPED = """() => ({
  promise: new Promise((done) => document.addEventListener("htmx:after:swap", done, {once: true})),
})"""


@pytest.fixture
def opened(browser: Browser, stack: Stack, committed_company: TestCompany) -> Iterator[Opened]:
    """Open a page as an architect, in a browser of their own."""
    context = signed_in(browser, stack, committed_company, "second_architect")
    page = context.new_page()

    def at(address: str) -> Page:
        page.goto(address)
        expect(page.locator("html[data-enhanced]")).to_be_attached()
        return page

    yield at
    context.close()


def test_the_palette_opens_finds_and_goes(opened: Opened) -> None:
    page = opened("/policies/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("gateway")
    found = page.get_by_role("option", name="Gateway")
    expect(found).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Gateway")


def test_the_palette_gives_the_focus_back(opened: Opened) -> None:
    page = opened("/organization/")
    search = page.get_by_role("searchbox")
    search.focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(search).to_be_focused()


def test_rows_are_walked_and_opened(opened: Opened, committed_company: TestCompany) -> None:
    for name in ("aleph", "beth", "gimel"):
        make_policy(committed_company, name=name)
    page = opened("/policies/")
    for key, name in (("j", "aleph"), ("j", "beth"), ("j", "gimel"), ("k", "beth")):
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("beth")


def test_a_decision_needs_no_mouse(opened: Opened, committed_company: TestCompany) -> None:
    proposal = make_proposal(committed_company)
    page = opened(f"/proposals/{proposal.id}/")
    approve = page.locator(".decision-bar").get_by_role("button", name="Approve")
    approve.focus()
    page.keyboard.press("a")
    note = page.get_by_label("Note")
    expect(note).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#approve-dialog")).to_be_hidden()
    expect(approve).to_be_focused()

    page.keyboard.press("a")
    page.keyboard.type("Agreed.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#merge-title")).to_have_text("Approved and applied")


@pytest.mark.parametrize("is_open", [False, True], ids=["on the page", "in the dialog"])
def test_a_live_update_leaves_the_focus_where_it_is(
    opened: Opened, committed_company: TestCompany, is_open: bool
) -> None:
    proposal = make_proposal(committed_company)
    page = opened(f"/proposals/{proposal.id}/")
    expect(page.locator("[data-live-status]").first).to_have_attribute("data-state", "connected")
    approve = page.locator(".decision-bar").get_by_role("button", name="Approve")
    approve.focus()
    if is_open:
        page.keyboard.press("a")
        page.keyboard.type("Agreed.")
    swapped = page.evaluate_handle(SWAPPED)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('live:proposals', {detail: {}}))")
    page.evaluate("async (swap) => { await swap.promise; }", swapped)
    if is_open:
        expect(page.get_by_label("Note")).to_have_value("Agreed.")
        page.keyboard.press("Escape")
    expect(approve).to_be_focused()


def test_keys_do_nothing_while_somebody_writes(
    opened: Opened, committed_company: TestCompany
) -> None:
    proposal = make_proposal(committed_company)
    page = opened(f"/proposals/{proposal.id}/")
    page.keyboard.press("c")
    comment = page.get_by_role("textbox", name="Comment")
    expect(comment).to_be_focused()
    page.keyboard.type("a r j ?")
    expect(comment).to_have_value("a r j ?")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_places_and_help_are_a_key_away(opened: Opened) -> None:
    page = opened("/")
    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", level=1)).to_have_text("Policies")


def test_the_first_stop_skips_to_the_content(opened: Opened) -> None:
    page = opened("/policies/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_an_address_with_a_dialog_opens_it_once(
    opened: Opened, committed_company: TestCompany
) -> None:
    proposal = make_proposal(committed_company)
    page = opened(f"/proposals/{proposal.id}/#approve-dialog")
    dialog = page.locator("#approve-dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert "#" not in page.url


def test_several_proposals_are_decided_without_a_mouse(
    opened: Opened, committed_company: TestCompany
) -> None:
    rule = {"id": "readme", "target": "file", "effect": "require", "path": "README.md"}
    for name in ("aleph", "beth", "gimel"):
        make_proposal(committed_company, name=name, cedar="", rules=[rule])
    page = opened("/proposals/")
    rows = page.locator("[data-row-list] tr")
    expect(rows).to_have_count(3)
    for key in ("j", "x", "j", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("[data-chosen-count]")).to_have_text("2 selected")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reject 2 proposals")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Not like this.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rejected. Its author may revise it.")).to_have_count(2)
    expect(page.get_by_role("link", name="beth")).to_have_count(0)


def test_a_selection_outlives_a_live_update(opened: Opened, committed_company: TestCompany) -> None:
    make_proposal(committed_company, name="aleph")
    page = opened("/proposals/")
    expect(page.locator("[data-live-status]").first).to_have_attribute("data-state", "connected")
    page.get_by_role("link", name="Select all on this page").click()
    expect(page.locator("[data-chosen-count]")).to_have_text("1 selected")
    make_proposal(committed_company, name="beth")
    expect(page.locator("[data-row-list] tr")).to_have_count(2)
    expect(page.get_by_role("checkbox", name="aleph")).to_be_checked()
    expect(page.get_by_role("checkbox", name="beth")).not_to_be_checked()
    expect(page.locator("[data-chosen-count]")).to_have_text("1 selected")


def test_one_proposal_leads_to_the_next(opened: Opened, committed_company: TestCompany) -> None:
    first, _ = (make_proposal(committed_company, name=name) for name in ("aleph", "beth"))
    page = opened(f"/proposals/{first.id}/")
    heading = page.get_by_role("heading", level=1)
    page.keyboard.press("j")
    expect(heading).to_contain_text("beth")
    expect(page.locator("html[data-enhanced]")).to_be_attached()
    page.keyboard.press("k")
    expect(heading).to_contain_text("aleph")
