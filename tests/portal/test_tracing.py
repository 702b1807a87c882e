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

from aeterna_portal.tracing import start_tracing
from apps.kernel import spans
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
