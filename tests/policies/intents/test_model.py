"""What the grammar cannot read goes to a model, once; the grammar reads what comes back."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings
from pydantic import AnyHttpUrl, SecretStr

from apps.events.models import Event
from apps.kernel import clock
from apps.kernel.environment import BadEnvironment, read_environment
from apps.kernel.errors import Forbidden, RateLimited
from apps.policies.entrypoints.tasks import reword_intent as task
from apps.policies.intents import NotUnderstood, Understood, Waiting
from apps.policies.models import Rewording
from apps.policies.operations import record_rewording, reword_intent
from apps.policies.rewording import ModelFailed
from apps.policies.rewording.prompt import EXAMPLES
from apps.policies.rewordings import ask_model
from apps.policies.translating import translate_intent
from tests.environment import base_environment
from tests.policies.pages import text_of
from tests.web.sign_in import browser

pytestmark = [pytest.mark.django_db, pytest.mark.gap("UX-H5")]
INTENT = "bots should keep their hands off the terraform stuff"
READ = {"sentences": ["Agents may not write files in infra/**."], "question": ""}


class Model(ThreadingHTTPServer):
    """Speaks OpenAI's protocol on loopback and answers what the test says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[dict[str, Any]] = []
        self.answer: Any = READ
        self.status = 200


class _Answer(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.asked.append(
            {**json.loads(self.rfile.read(length)), "key": self.headers["Authorization"]}
        )
        content = self.server.answer
        text = content if isinstance(content, str) else json.dumps(content)
        message = {"role": "assistant", "content": text}
        body = {
            "id": "1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 700, "completion_tokens": 30, "total_tokens": 730},
        }  # fmt: skip
        data = json.dumps(body if self.server.status == 200 else {"error": "no"}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def model() -> Iterator[Model]:
    """A model that the settings name, for the test."""
    server = Model()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    environment = settings.ENVIRONMENT
    named = {
        "model_url": AnyHttpUrl(f"http://127.0.0.1:{server.server_port}/v1"),
        "model_name": "small-model",
        "model_api_key": SecretStr("sk-secret-1234"),
        "model_seconds": 5,
    }
    settings.ENVIRONMENT = environment.model_copy(update=named)
    yield server
    settings.ENVIRONMENT = environment
    server.shutdown()
    server.server_close()


def translate(company, intent=INTENT, **answers):
    with company.acting("tech_lead"):
        return translate_intent(
            scope_id=company.scopes["company"].id, intent=intent, answers=answers
        ).outcome


def answered(company):
    with company.acting("tech_lead"):
        kept = Rewording.objects.get()
    task(tenant_id=str(company.tenant_id), rewording_id=str(kept.id))


def kept_of(company):
    with company.acting("tech_lead"):
        return list(Rewording.objects.values_list("state", "tokens", "intent"))


def test_off_it_says_that_no_form_reads_it_and_asks_nobody(company):
    outcome = translate(company)

    assert isinstance(outcome, NotUnderstood)
    assert kept_of(company) == []


def test_the_model_rewords_once_and_the_grammar_reads_it(company, model):
    first = translate(company)
    answered(company)
    again = [translate(company, intent) for intent in (INTENT, INTENT.upper() + "  ")]

    assert isinstance(first, Waiting)
    assert all(isinstance(outcome, Understood) for outcome in again)
    assert again[0].draft.cedar == again[1].draft.cedar
    assert 'resource.path like "infra/*"' in again[0].draft.cedar
    assert again[0].notes == ("As small-model puts it: Agents may not write files in infra/**.",)
    assert again[0].draft.description == INTENT
    assert len(model.asked) == 1
    assert kept_of(company) == [("answered", 730, INTENT)]


def test_it_is_told_the_forms_and_examples_and_held_to_a_schema(company, model):
    translate(company)
    answered(company)
    (asked,) = model.asked

    told = json.dumps(asked["messages"])
    assert EXAMPLES[0][1][0] in told
    assert asked["temperature"] == 0
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert set(asked["response_format"]["json_schema"]["schema"]["properties"]) == {
        "sentences", "question",
    }  # fmt: skip
    assert asked["key"] == "Bearer sk-secret-1234"


def test_what_the_grammar_reads_never_reaches_the_model(company, model):
    assert isinstance(translate(company, "Block lodash below 4.17.21"), Understood)
    assert isinstance(translate(company, "Block deployments on Fridays"), NotUnderstood)
    assert (model.asked, kept_of(company)) == ([], [])


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ({"sentences": [], "question": "Which files?"}, 200, "Which files?"),
        ({"sentences": ["permit (principal, action, resource);"], "question": ""}, 200, "Neither"),
        ({"sentences": [], "question": ""}, 200, "Neither"),
        ("no JSON at all", 200, "no answer that can be used"),
        ({}, 500, "no answer that can be used"),
    ],
)
def test_what_cannot_be_used_is_told_and_becomes_no_draft(company, model, answer, status, said):
    model.answer, model.status = answer, status
    translate(company)
    answered(company)
    outcome = translate(company)

    assert isinstance(outcome, NotUnderstood)
    assert said in outcome.reason


def test_a_failure_is_tried_again_later_and_a_lost_question_too(company, model):
    model.status = 500
    translate(company)
    answered(company)
    model.status = 200
    assert isinstance(translate(company), NotUnderstood)
    with clock.at(clock.now() + timedelta(minutes=3)):
        assert isinstance(translate(company), Waiting)
    answered(company)
    assert isinstance(translate(company), Understood)
    with company.acting("tenant_admin"):
        types = list(Event.objects.filter(type__startswith="policy.reword").values_list("type"))
    assert types.count(("policy.reword_requested",)) == 2


def test_the_days_budget_ends_the_asking(company, model):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"model_tokens_per_day": 2_500})
    translate(company)
    refused = translate(company, "keep the robots out of the billing stuff")
    answered(company)

    assert isinstance(refused, NotUnderstood)
    assert "budget for the model is spent" in refused.reason
    with company.acting("tech_lead"), pytest.raises(RateLimited):
        reword_intent(scope_id=company.scopes["company"].id, intent="x", key="sha256:1")
    with clock.at(clock.now() + timedelta(days=1)):
        assert isinstance(translate(company, "keep the robots out of the billing stuff"), Waiting)


def test_two_companies_share_no_answer(company, other_company, model):
    translate(company)
    answered(company)

    assert isinstance(translate(other_company), Waiting)
    assert len(model.asked) == 1


def test_only_who_drafts_may_ask_and_only_the_service_answers(company, model):
    translate(company)
    with company.acting("developer"), pytest.raises(Forbidden):
        reword_intent(scope_id=company.scopes["company"].id, intent="x", key="sha256:1")
    with company.acting("tenant_admin"):
        kept = Rewording.objects.get()
    with company.acting("tenant_admin"), pytest.raises(Forbidden):
        record_rewording(rewording_id=kept.id, sentences=["Block lodash."])

    assert kept_of(company) == [("asked", 2_000, INTENT)]


def test_an_answer_that_is_kept_is_not_asked_for_again(company, model):
    class Silent:
        def reword(self, intent):
            raise ModelFailed("It must not be asked.")

    translate(company)
    answered(company)
    with company.acting("tech_lead"):
        kept = Rewording.objects.get()
    ask_model(tenant_id=company.tenant_id, rewording_id=kept.id, client=Silent())

    assert [row[0] for row in kept_of(company)] == ["answered"]


def test_the_page_waits_and_then_shows_how_the_model_puts_it(company, model):
    page = browser(company, "tech_lead")
    fields = {"scope_id": str(company.scopes["company"].id), "intent": INTENT}

    assert "the model is asked" in text_of(page.post("/policies/say/", fields))
    answered(company)
    assert "As small-model puts it" in text_of(page.post("/policies/say/", fields))


def test_a_model_needs_an_address_and_a_name():
    with pytest.raises(BadEnvironment, match="MODEL_URL and MODEL_NAME are set together"):
        read_environment({**base_environment(), "MODEL_URL": "http://127.0.0.1:1/v1"})
