"""Intents over REST and on the page: questions, what it means, and a draft that is then written."""

import json
from html import unescape
from typing import Any

import pytest

from apps.policies.models import Policy
from tests.api.rest import caller, done, refused
from tests.factories.company import TestCompany
from tests.policies.pages import policies_of, text_of
from tests.web.sign_in import browser

pytestmark = [pytest.mark.django_db, pytest.mark.gap("UX-H5")]
PAGE = "/policies/say/"


def asked(company: TestCompany, intent: str, **more: Any) -> dict[str, Any]:
    return {"scope_id": str(company.scopes["company"].id), "intent": intent, **more}


def test_rest_asks_and_then_answers_with_a_draft_that_can_be_written(company):
    person = caller(company, "tech_lead")

    question = done(person.post("policies/translate", asked(company, "Block MySQL")))
    answers = {question["key"]: "server"}
    told = done(person.post("policies/translate", asked(company, "Block MySQL", answers=answers)))

    assert (question["outcome"], question["draft"]) == ("ambiguous", None)
    assert [choice["value"] for choice in question["choices"]] == ["driver", "server", "both"]
    assert (told["outcome"], told["answers"]) == ("understood", answers)
    assert policies_of(company) == []
    written = done(person.post("policies", told["draft"]), status=201)
    assert written["cedar"] == told["draft"]["cedar"]
    assert written["rules"] == told["draft"]["rules"]
    assert told["explanation"]["statements"][0]["sentence"].startswith("Nobody may run a tool")


def test_a_place_that_is_named_holds_the_draft(company):
    told = done(
        caller(company, "tech_lead").post(
            "policies/translate", asked(company, "In the Platform organization, block left-pad")
        )
    )

    assert told["draft"]["scope_id"] == str(company.scopes["platform"].id)


def test_a_place_that_the_reader_may_not_see_is_not_known(company, other_company):
    theirs = other_company.scopes["platform"].name
    told = done(
        caller(company, "tech_lead").post(
            "policies/translate", asked(company, "Block left-pad in the Astronomy team")
        )
    )

    assert (told["outcome"], told["part"]) == ("not_understood", "astronomy")
    assert theirs not in json.dumps(told).replace(company.scopes["platform"].name, "")


def test_who_may_not_draft_there_may_not_ask(company):
    answer = caller(company, "developer").post(
        "policies/translate", asked(company, "Block left-pad")
    )

    assert refused(answer, 403)["code"] == "forbidden"


def test_the_page_asks_tells_what_it_means_and_writes_the_draft(company):
    page = browser(company, "tech_lead")
    fields = asked(company, "Block MySQL")

    question = text_of(page.post(PAGE, fields))
    meant = unescape(
        text_of(page.post(PAGE, {**fields, "key": "service:mysql", "answer": "driver"}))
    )

    assert "the client libraries, the server, or both?" in question
    assert "Forbids mysql (npm)." in meant
    hidden = dict(
        part.split('" value="', 1)
        for part in meant.partition("Yes, write")[0].rpartition("<form")[2].split('name="')[1:]
        if '" value="' in part
    )
    values = {name: value.partition('">')[0] for name, value in hidden.items()}
    values.pop("csrfmiddlewaretoken")
    answer = page.post("/policies/new/", values)
    assert answer.status_code == 302
    with company.acting("tenant_admin"):
        (policy,) = Policy.objects.all()
    assert (policy.description, policy.severity) == ("Block MySQL", "block")
    assert {rule["effect"] for rule in policy.rules} == {"forbid"}


@pytest.mark.parametrize(
    ("intent", "said"),
    [
        ("Block lodash and require lodash", "This contradicts itself."),
        ("Block deployments on Fridays", "a policy cannot tell days apart"),
        ("Do good things", "This is not a form that is read without a model."),
        ("", "This field is required."),
    ],
)
def test_the_page_says_why_it_cannot_be_read_and_writes_nothing(company, intent, said):
    shown = unescape(text_of(browser(company, "tech_lead").post(PAGE, asked(company, intent))))

    assert said in shown
    assert "Yes, write this draft" not in shown
    assert policies_of(company) == []


def test_what_was_tampered_with_is_asked_again(company):
    page = browser(company, "tech_lead")
    fields = asked(company, "Block MySQL", answers="[1, 2", key="service:mysql", answer="fly")

    assert "the client libraries, the server, or both?" in text_of(page.post(PAGE, fields))


def test_a_developer_does_not_see_the_page(company):
    assert browser(company, "developer").get(PAGE).status_code == 403
