"""Pages ask once when their socket opens: something may have happened since they were made."""

import pytest
from playwright.sync_api import Browser

from apps.proposals.operations import approve_proposal
from tests.factories.company import TestCompany
from tests.factories.policy import make_proposal
from tests.journeys.signed_in import signed_in
from tests.journeys.stack import Stack

pytestmark = pytest.mark.journey


def test_a_page_reads_again_when_it_starts_to_listen(
    browser: Browser, stack: Stack, committed_company: TestCompany
) -> None:
    proposal = make_proposal(committed_company)
    with committed_company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
    context = signed_in(browser, stack, committed_company, "architect")
    page = context.new_page()
    address = f"{stack.url}/proposals/{proposal.id}/"
    with page.expect_request(
        lambda request: request.url == address and "hx-request" in request.headers
    ):
        page.goto(address)
    context.close()
