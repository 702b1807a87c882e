"""The doors to break-glasses: pages and REST, banners, and who is told."""

from typing import Any

import pytest

from apps.notifications.models import Notification
from apps.policies.models import BreakGlass, Policy
from apps.policies.operations import add_test
from apps.policies.playground import ask
from apps.policies.testing import read_question, run_tests
from tests.api.rest import caller, done, refused
from tests.factories.policy import make_active
from tests.notifications.delivering import deliver
from tests.policies.pages import text_of
from tests.web.sign_in import browser

pytestmark = pytest.mark.django_db
LIST = "/policies/break-glasses/"
REST = "/api/v1/break-glasses"


def asked(company: Any, **changes: Any) -> dict[str, Any]:
    values = {
        "principals": [company.users["developer"].email],
        "actions": ["run_tool"],
        "resources": ['Tool::"hammer"'],
        "reason": "The site is down.",
        "minutes": 30,
    }
    return {**values, **changes}


def lines(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as the form sends them."""
    joined = {name: "\r\n".join(values[name]) for name in ("principals", "resources")}
    return {**values, **joined}


def test_it_is_checked_opened_seen_ended_and_reviewed_in_the_browser(company: Any) -> None:
    admin, other = browser(company, "admin"), browser(company, "tenant_admin")
    assert "None was ever opened" in text_of(admin.get(LIST))

    checked = admin.post(f"{LIST}open/", lines(asked(company)) | {"check": "1"})
    assert "Would be allowed" in text_of(checked)
    with company.acting("admin"):
        assert not BreakGlass.objects.exists()

    opened = admin.post(f"{LIST}open/", lines(asked(company)))
    assert opened.status_code == 302
    address = opened["Location"]
    for page in ("/", "/policies/", "/fleet/"):
        assert "A break-glass is open" in text_of(other.get(page)), page
    assert "What you found" not in text_of(admin.get(address))

    assert admin.post(f"{address}end/").status_code == 302
    assert "A break-glass is open" not in text_of(other.get("/"))
    assert other.post(f"{address}review/", {"note": " "}).status_code == 422
    assert other.post(f"{address}review/", {"note": "It was right."}).status_code == 302
    assert "It was right." in text_of(admin.get(address))
    assert "It was right." in admin.get(f"{LIST}?format=csv").content.decode()


def test_a_wrong_form_says_what_is_wrong_and_opens_nothing(company: Any) -> None:
    admin = browser(company, "admin")
    values = lines(asked(company, resources=["hammer"]))
    answer = admin.post(f"{LIST}open/", values)
    assert answer.status_code == 422
    assert 'hammer is not of the form Type::"id".' in answer.context["form"].errors["resources"]
    with company.acting("admin"):
        assert not BreakGlass.objects.exists()


def test_who_may_not_open_one_sees_them_and_no_button(company: Any) -> None:
    viewer = browser(company, "viewer")
    assert "Open a break-glass" not in text_of(viewer.get(LIST))
    assert viewer.get(f"{LIST}open/").status_code == 403


def test_all_of_it_goes_over_rest_too(company: Any) -> None:
    admin, other = caller(company, "admin"), caller(company, "tenant_admin")
    opened = done(admin.send("POST", REST, asked(company)), 201)
    assert opened["state"] == "open"
    assert [row["id"] for row in done(other.send("GET", REST))["results"]] == [opened["id"]]
    place = f"{REST}/{opened['id']}"
    assert done(other.send("GET", place))["cedar"].startswith("permit (")
    assert done(admin.send("POST", f"{place}/end", {"reason": "Done."}))["state"] == "ended"
    refused(admin.send("POST", f"{place}/review", {"note": "Mine."}), 403)
    found = done(other.send("POST", f"{place}/review", {"note": "Fine."}))
    assert (found["state"], found["note"]) == ("reviewed", "Fine.")
    refused(caller(company, "viewer").send("POST", REST, asked(company)), 403)


def test_every_administrator_is_told_when_it_opens_and_when_it_is_over(company: Any) -> None:
    caller(company, "admin").send("POST", REST, asked(company))
    with company.acting("admin"):
        glass = BreakGlass.objects.get()
    caller(company, "admin").send("POST", f"{REST}/{glass.id}/end", {})
    deliver(company)
    with company.acting("tenant_admin"):
        rows = Notification.objects.filter(kind__startswith="break_glass.").order_by("id")
        told = {(row.recipient.email, row.kind) for row in rows}
        assert {kind for _, kind in told} == {"break_glass.opened", "break_glass.ended"}
        assert {row.path for row in rows} == {f"{LIST}{glass.id}/"}


def test_too_many_combinations_are_refused(company: Any) -> None:
    resources = [f'Tool::"{number}"' for number in range(10)]
    actions = ["run_tool", "read_file", "write_file", "use_dependency", "deploy", "call_model"]
    answer = caller(company, "admin").send(
        "POST", REST, asked(company, resources=resources, actions=actions)
    )
    assert answer.status_code == 422
    assert answer.json()["fields"]["resources"] == [
        "These are 60 combinations; a break-glass has at most 50."
    ]


def test_a_kept_test_finds_the_same_while_a_break_glass_is_open(company: Any) -> None:
    values = asked(company)
    question = {
        "principal": values["principals"][0],
        "action": "run_tool",
        "resource_type": "Tool",
        "resource_id": "hammer",
    }
    policy = make_active(company, name="reading")
    with company.acting("tech_lead"):
        add_test(policy_id=policy.id, name="no hammer", question=question, expected="deny")
    done(caller(company, "admin").send("POST", REST, values), 201)
    with company.acting("architect"):
        (result,) = run_tests(Policy.objects.select_related("scope").get(id=policy.id))
        assert result.has_passed
        assert ask(read_question(question)).now.is_allowed
