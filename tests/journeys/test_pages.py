"""Every page of the portal, looked at by axe in both themes, wide and narrow."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Response, Route

from apps.kernel import errors
from apps.kernel.ids import uuid7
from apps.policies.bundles import write_bundle
from tests.environment import ROOT
from tests.factories.company import TestCompany, make_company
from tests.factories.policy import FORBID
from tests.journeys.signed_in import signed_in
from tests.journeys.stack import Stack
from tests.policies.test_bundles import RULES, carried
from tests.web.everything import Things, addresses, furnish, routes

pytestmark = pytest.mark.journey
AXE = ROOT / "assets" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What a theme or a width can change; the rest of a page is the same in every look.
BY_LOOK = [
    "aria-hidden-focus", "button-name", "color-contrast", "label", "link-in-text-block",
    "link-name", "scrollable-region-focusable", "target-size",
]  # fmt: skip
LOOK = """async ([only, theme]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const other = theme === "dark" ? "aeterna-light" : "aeterna-dark";
  while (document.documentElement.dataset.theme === other) await frame();
  await frame();
  await frame();
  const found = await axe.run(document, {
    runOnly: only, resultTypes: ["violations"], reporter: "v2", preload: false,
  });
  return found.violations.map((one) => [
    one.id, one.help, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)),
  ]);
}"""
WATCH = """window.reports = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.reports.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});"""
SIZES = {1280: 900, 390: 844}
LOOKS = [("light", 1280), ("dark", 390)]
OTHER_LOOKS = [("dark", 1280), ("light", 390)]
# One table stands for all that operators see, as one class draws them; the rest are slow.
STANDS_FOR_ALL = ("operator/orgs/user/", "operator/policies/policy/")
# What a signed-in person cannot look at, each with the reason.
NO_PAGES = {
    "metrics": "text for Prometheus",
    "healthz": "JSON for load balancers",
    "readyz": "JSON for load balancers",
    "sign-in/<slug:provider>/": "leads to an identity provider, and none is set up",
    "sign-in/<slug:provider>/callback/": "is where an identity provider leads back to",
    "operator/jsi18n/": "a script of Django admin",
    "operator/autocomplete/": "JSON of Django admin",
}


def is_page(route: str) -> bool:
    if route in NO_PAGES or route.startswith("opal/"):
        return False  # below /opal/ is JSON for OPAL clients
    return not route.startswith("api/") or route.endswith("docs/")


def walked() -> list[Any]:
    """Return the routes of pages as parameters of a test, most of the operators' marked slow."""
    kept = [route for route in routes() if is_page(route)]
    lesser = [r for r in kept if r.count("/") > 1 and r.startswith("operator/")]
    slow = {route for route in lesser if not route.startswith(STANDS_FOR_ALL)}
    return [pytest.param(r, marks=pytest.mark.slow) if r in slow else r for r in kept]


@pytest.fixture(scope="module")
def furnished(stack: Stack, django_db_blocker: Any) -> Iterator[tuple[TestCompany, Things]]:
    """A committed company that has one of everything; it stays behind."""
    with django_db_blocker.unblock():
        company = make_company(slug=f"c-{uuid7().hex[-12:]}")
        yield company, furnish(company)


@pytest.fixture(scope="module")
def empty(stack: Stack, django_db_blocker: Any) -> Iterator[TestCompany]:
    """A committed company that was only just founded; it stays behind."""
    with django_db_blocker.unblock():
        yield make_company(slug=f"c-{uuid7().hex[-12:]}")


@pytest.fixture(scope="module")
def full_view(
    browser: Browser, stack: Stack, furnished: tuple[TestCompany, Things]
) -> Iterator["View"]:
    with view_of(browser, stack, furnished[0]) as view:
        yield view


@pytest.fixture(scope="module")
def empty_view(browser: Browser, stack: Stack, empty: TestCompany) -> Iterator["View"]:
    with view_of(browser, stack, empty) as view:
        yield view


def view_of(browser: Browser, stack: Stack, company: TestCompany) -> "View":
    return View(signed_in(browser, stack, company, "tenant_admin"))


class View:
    """A browser that looks at pages and remembers what was wrong with them."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.add_init_script(WATCH)
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.axe = Path(AXE).read_text(encoding="utf-8")

    def __enter__(self) -> "View":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def _hear(self, message: Any) -> None:
        # The status of an error page is the page's own, and looked at by the test.
        if message.type == "error" and "the server responded with a status" not in message.text:
            self.complaints.append(message.text)

    def open(self, address: str) -> Response:
        """Open a page as it is first seen: light and wide."""
        self.complaints.clear()
        self._dress(*LOOKS[0])
        response = self.page.goto(address)
        assert response is not None
        return response

    def problems(self, looks: list[tuple[str, int]]) -> list[str]:
        """Return what is wrong with the open page in any of `looks`."""
        self.page.evaluate(self.axe)
        found: list[str] = []
        only = {"type": "tag", "values": TAGS}
        for theme, width in looks:
            self._dress(theme, width)
            where = f"{theme} {width}"
            found += [
                f"{where}: {json.dumps(one)}" for one in self.page.evaluate(LOOK, [only, theme])
            ]
            only = {"type": "rule", "values": BY_LOOK}
            excess = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{where}: {excess} pixels too wide"] if excess > 0 else []
        found += [f"console: {text}" for text in self.complaints]
        return found + [f"policy: {text}" for text in self.page.evaluate("window.reports")]

    def _dress(self, theme: str, width: int) -> None:
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        self.page.set_viewport_size({"width": width, "height": SIZES[width]})


def looked_at(view: View, address: str, looks: list[tuple[str, int]]) -> int:
    """Return the status of an address; if it is a page, nothing may be wrong with it."""
    try:
        response = view.open(address)
    except Error:  # a browser has no page for an error without a body
        assert view.context.request.get(address).status == 405, address
        return 0
    if response.request.redirected_from is not None:
        return 0
    assert "text/html" in response.headers["content-type"], (address, response.headers)
    assert "\n".join(view.problems(looks)) == "", address
    return response.status


def test_the_walk_finds_the_portals_pages() -> None:
    pages = [route for route in routes() if is_page(route)]
    assert {"", "proposals/<uuid:proposal_id>/", "operator/", "api/v1/docs/"} <= {*pages}
    assert {*NO_PAGES} <= {*routes()}


@pytest.mark.parametrize("route", walked())
def test_nothing_is_wrong_with_a_page(
    route: str, full_view: View, furnished: tuple[TestCompany, Things]
) -> None:
    for address in addresses(route, furnished[1]):
        assert looked_at(full_view, address, LOOKS) in (0, 200, *expected(route)), address


@pytest.mark.slow
@pytest.mark.parametrize("route", walked())
def test_nothing_is_wrong_with_a_page_in_the_other_looks(
    route: str, full_view: View, furnished: tuple[TestCompany, Things]
) -> None:
    for address in addresses(route, furnished[1]):
        assert looked_at(full_view, address, OTHER_LOOKS) in (0, 200, *expected(route)), address


def expected(route: str) -> tuple[int, ...]:
    """Return the statuses besides 200 with which a route may answer whoever may see everything."""
    if route.startswith("operator/"):
        return (403, 404)  # nothing can be added or deleted there, and much has no page
    return (409,) if "companies" in route else ()


def lists() -> list[str]:
    """Return the routes of pages that show less in a company where nothing happened yet."""
    same = ("operator/", "api/", "sign-", "palette/", "policies/validate/", "settings/about/")
    named = [route for route in routes() if is_page(route) and "<" not in route]
    return [route for route in named if not route.startswith(same) and not route.endswith("new/")]


@pytest.mark.parametrize("route", lists())
def test_nothing_is_wrong_with_an_empty_page(route: str, empty_view: View) -> None:
    assert looked_at(empty_view, f"/{route}", LOOKS) in (0, 200, 403)


ERRORS = [
    errors.NotFound("There is nothing at this address."),
    errors.Forbidden("Your roles do not reach this."),
    errors.Conflict("Somebody was faster."),
    errors.Stale("It is at version 3 now."),
    errors.Invalid(fields={"name": ["Too long."]}),
    errors.RateLimited(retry_after=20),
    errors.Unavailable("The database does not answer."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error.status))
def test_nothing_is_wrong_with_an_error_page(error: Any, full_view: View, rf: Any) -> None:
    from apps.portal.entrypoints.errors import problem_page

    show(full_view, problem_page(rf.get("/shown/"), error))


def test_nothing_is_wrong_with_the_page_of_a_failure(full_view: View, rf: Any) -> None:
    from apps.portal.entrypoints.errors import failure_page

    show(full_view, failure_page(rf.get("/shown/")))


# Of each form that answers with a page of its own: its address, what is filled in, what is pressed.
ANSWERS = {
    "a token, this once": ("/settings/tokens/new/", {"Name": "laptop"}, "Create token"),
    "an agent's token": ("/fleet/enroll/", {"Name": "laptop"}, "Enroll"),
    "a form with errors": ("/organization/new/", {}, "Create organization"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_is_wrong_with_what_a_form_answers(name: str, full_view: View) -> None:
    address, values, button = ANSWERS[name]
    full_view.open(address)
    for label, value in values.items():
        full_view.page.get_by_label(label).fill(value)
    with full_view.page.expect_navigation():
        full_view.page.locator("main").get_by_role("button", name=button, exact=True).click()
    assert "\n".join(full_view.problems(LOOKS)) == ""


def test_nothing_is_wrong_with_what_an_import_would_do(full_view: View) -> None:
    bundle = write_bundle(
        [
            carried("in force", cedar=FORBID, mode="mandatory"),
            carried("brought along", rules=RULES, is_in_force=False),
            carried("waiting", severity="block"),
            carried("nowhere", path="sales"),
        ]
    )
    full_view.open("/proposals/import/")
    page = full_view.page
    file = {"name": "b.zip", "mimeType": "application/zip", "buffer": bundle.content}
    page.get_by_label("Bundle", exact=True).set_input_files(file)  # type: ignore[arg-type]
    page.get_by_label("Why these policies").fill("As over there.")
    with page.expect_navigation():
        page.get_by_role("button", name="Preview").click()
    for summary in page.get_by_text("Show what it says").all():
        summary.click()
    assert "\n".join(full_view.problems(LOOKS)) == ""


def show(view: View, response: Any) -> None:
    """Look at a page that was made here as if the portal had answered with it."""

    def answer(route: Route) -> None:
        route.fulfill(
            status=response.status_code, content_type="text/html", body=response.content.decode()
        )

    view.context.route("**/shown/", answer)
    try:
        assert view.open("/shown/").status == response.status_code
        assert "\n".join(view.problems(LOOKS)) == ""
    finally:
        view.context.unroute("**/shown/")
