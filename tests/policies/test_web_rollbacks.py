"""Rolling back from the page of a version, and what everybody reads while it is open."""

from typing import Any

import pytest

from apps.policies.models import Rollback
from tests.policies.pages import text_of
from tests.policies.test_rollbacks import BAD, WHY, enforced, make_bad, roll_back
from tests.web.sign_in import browser

pytestmark = pytest.mark.django_db
BANNER = "Rolled back to v1 without approval"


def test_an_administrator_rolls_back_and_everybody_reads_it(company: Any) -> None:
    policy = make_bad(company)
    client = browser(company, "admin")
    first = f"/policies/{policy.id}/versions/1/"
    assert f'action="{first}roll-back/"' in text_of(client.get(first))
    seen = {"reason": WHY, "hours": 4, "expected_version": policy.version + 2}

    response = client.post(f"{first}roll-back/", seen)

    assert response.status_code == 302, text_of(response)
    page = text_of(browser(company, "viewer").get(response["Location"]))
    assert BANNER in page
    assert WHY in page
    assert "confirm-rollback" not in page
    assert "confirm-rollback" not in text_of(client.get(response["Location"]))
    assert "confirm-rollback" in text_of(browser(company, "architect").get(response["Location"]))


def test_what_is_missing_is_named_in_the_dialog_and_nothing_is_done(company: Any) -> None:
    policy = make_bad(company)
    place = f"/policies/{policy.id}/versions/1/roll-back/"
    response = browser(company, "admin").post(place, {"hours": 100, "expected_version": 1})
    assert response.status_code == 422
    page = text_of(response)
    assert "Nothing was rolled back." in page
    assert "data-dialog-open" in page
    assert enforced(company) == [BAD]


def test_it_is_confirmed_or_ended_from_the_page(company: Any) -> None:
    policy = make_bad(company)
    rollback = roll_back(company, policy)
    place = f"/policies/rollbacks/{rollback.id}"
    assert browser(company, "admin").post(f"{place}/confirm/").status_code == 403
    assert browser(company, "developer").post(f"{place}/end/").status_code == 403
    assert browser(company, "architect").post(f"{place}/confirm/").status_code == 302
    assert browser(company, "admin").post(f"{place}/end/").status_code == 409
    assert BANNER not in text_of(browser(company, "viewer").get(f"/policies/{policy.id}/"))
    with company.acting("admin"):
        assert Rollback.objects.get().state == "confirmed"


def test_it_is_offered_to_administrators_only(company: Any) -> None:
    policy = make_bad(company)
    page = f"/policies/{policy.id}/versions/1/"
    assert "roll-back/" not in text_of(browser(company, "architect").get(page))
    assert (
        browser(company, "architect")
        .post(f"{page}roll-back/", {"hours": 1, "reason": WHY, "expected_version": 3})
        .status_code
        == 403
    )
    assert enforced(company) == [BAD]
