"""Spans of requests, operations, queries and outbound calls."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import httpx
import pytest
from django.db import connections
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aeterna_portal.celery import app
from apps.events.models import Delivery, Event
from apps.events.relay import run_due
from apps.events.subscriptions import SUBSCRIPTIONS, Subscription
from apps.events.types import DeliveryState
from apps.kernel import spans
from apps.kernel.errors import Conflict
from apps.kernel.tenancy import across_tenants
from apps.kernel.tracing import start_tracing
from apps.orgs.operations import create_organization
from tests.web.sign_in import browser


@pytest.fixture
def recorded(monkeypatch):
    """Spans of this test, through a provider that ends with it."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("aeterna")
    for place in (
        "apps.kernel.spans.tracer",
        "apps.kernel.operation.tracer",
        "apps.kernel.entrypoints.request_span.tracer",
    ):
        monkeypatch.setattr(place, tracer)
    return exporter


def test_without_an_endpoint_nothing_is_set_up(settings):
    settings.ENVIRONMENT = SimpleNamespace(otel_exporter_otlp_endpoint="")
    before = trace.get_tracer_provider()
    assert start_tracing(service="x") is None
    assert trace.get_tracer_provider() is before


def test_a_request_its_operation_and_its_queries_are_one_trace(company, recorded):
    client = browser(company, "architect")
    parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    path = f"/organization/scopes/{company.scopes['platform'].id}/teams/new/"
    connection = connections["default"]
    with connection.execute_wrapper(spans.traced_query):
        client.post(path, {"name": "Data", "slug": "data"}, headers={"traceparent": parent})
    found = {span.name: span for span in recorded.get_finished_spans()}
    request = found["POST organization/scopes/<uuid:scope_id>/teams/new/"]
    assert f"{request.context.trace_id:032x}" == "a" * 32
    assert request.attributes["http.response.status_code"] == 302
    assert found["team.create"].parent.span_id == request.context.span_id
    insert = found["INSERT"]
    assert insert.context.trace_id == request.context.trace_id
    assert "data" not in insert.attributes["db.query.text"].lower().split("values")[-1]


class Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/down" else 200)
        self.end_headers()
        self.wfile.write(self.headers.get("traceparent", "").encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Echo) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def test_an_outbound_call_hands_its_trace_on(recorded, server, monkeypatch):
    traced = spans.trace_outbound(httpx.HTTPTransport.handle_request)
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", traced)
    answer = httpx.get(f"{server}/up?secret=1")
    [span] = recorded.get_finished_spans()
    assert f"{span.context.trace_id:032x}" in answer.text
    assert span.attributes["url.path"] == "/up"
    assert "secret" not in str(dict(span.attributes))
    httpx.get(f"{server}/down")
    assert not recorded.get_finished_spans()[-1].status.is_ok


@pytest.fixture
def only(monkeypatch):
    """Let one function be the only subscriber of new organizations, and nothing else be due."""

    def subscribe(handle):
        for name in list(SUBSCRIPTIONS):
            monkeypatch.delitem(SUBSCRIPTIONS, name)
        ours = Subscription(name="tests.handle", types=frozenset({"org.created"}), handle=handle)
        monkeypatch.setitem(SUBSCRIPTIONS, ours.name, ours)
        with across_tenants("start with nothing to deliver"):
            rows = Delivery.objects.filter(state=DeliveryState.PENDING)
            rows.update(state=DeliveryState.DISCARDED)

    return subscribe


def happen(company):
    """Make an organization; return its event and what the relay has to do about it."""
    with company.acting("admin"):
        create_organization(name="New", slug="new")
        event = Event.objects.get(type="org.created", resource_name="New")
        return event, Delivery.objects.get(event=event)


def test_a_delivery_goes_on_in_the_trace_of_its_operation(committed_company, recorded, only):
    only(lambda _: None)
    event, delivery = happen(committed_company)
    assert run_due() == 1
    found = {span.name: span for span in recorded.get_finished_spans()}
    operation, delivered = found["org.init"], found["deliver tests.handle"]
    assert delivered.context.trace_id == operation.context.trace_id
    assert delivered.parent.span_id == operation.context.span_id
    assert dict(delivered.attributes) == {
        "aeterna.tenant_id": str(committed_company.tenant_id),
        "aeterna.event_id": str(event.id),
        "aeterna.event_type": "org.created",
        "aeterna.delivery_id": str(delivery.id),
        "aeterna.request_id": event.request_id,
    }


def test_a_delivery_that_fails_is_an_error_of_its_span(committed_company, recorded, only):
    def fail(_):
        raise Conflict("not now")

    only(fail)
    happen(committed_company)
    run_due()
    found = {span.name: span for span in recorded.get_finished_spans()}
    delivered = found["deliver tests.handle"]
    assert not delivered.status.is_ok
    assert delivered.events[0].attributes["exception.message"] == "not now"


def test_without_a_trace_deliveries_keep_none(committed_company, only):
    only(lambda _: None)
    _, delivery = happen(committed_company)
    assert delivery.traceparent == ""
    assert run_due() == 1


def task_named(name):
    """Return a task as a worker finds it, which imports every app's tasks as it starts."""
    app.loader.import_default_modules()
    return app.tasks[name]


def test_a_task_is_a_span_that_its_deliveries_name(committed_company, recorded, only):
    only(lambda _: None)
    happen(committed_company)
    task_named("events.deliver_due").apply(task_id="t-1").get()
    found = {span.name: span for span in recorded.get_finished_spans()}
    task, delivered = found["task events.deliver_due"], found["deliver tests.handle"]
    assert task.parent is None
    assert task.attributes["messaging.message.id"] == "t-1"
    assert delivered.context.trace_id == found["org.init"].context.trace_id
    assert [link.context.span_id for link in delivered.links] == [task.context.span_id]


def test_a_task_that_fails_is_an_error_of_its_span(recorded, monkeypatch):
    monkeypatch.setattr("apps.events.entrypoints.tasks.run_due", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        task_named("events.deliver_due").apply().get()
    [task] = recorded.get_finished_spans()
    assert (task.name, task.status.is_ok) == ("task events.deliver_due", False)


def test_a_broken_traceparent_costs_nothing_but_the_trace(recorded):
    for broken in ("nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"):
        with spans.started_span("work", attributes={}, traceparent=broken):
            pass
    assert [span.parent for span in recorded.get_finished_spans()] == [None, None]
