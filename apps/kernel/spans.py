"""Spans around queries, outbound calls and work done later: what they do, never their values."""

import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import httpx
from opentelemetry import propagate, trace
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode

from .telemetry import tracer

Transport = Callable[[httpx.HTTPTransport, httpx.Request], httpx.Response]
SERVER_ERROR = 500
_is_tracing: list[bool] = []


def trace_queries() -> None:
    """Make every database connection opened from now on record a span for each query."""
    _is_tracing[:] = [True]


def query_wrappers() -> list[Callable[..., Any]]:
    """Return what a new database connection wraps its queries in."""
    return [traced_query] if _is_tracing else []


def traced_query(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
) -> Any:
    """Run one query in a span with its text, whose values are placeholders, and its database."""
    if not trace.get_current_span().is_recording():
        return execute(sql, params, many, context)
    text = str(sql)
    attributes = {"db.system.name": "postgresql", "db.query.text": text}
    with tracer.start_as_current_span(
        text.split(None, 1)[0].upper() if text.strip() else "query",
        kind=SpanKind.CLIENT,
        attributes=attributes,
    ):
        return execute(sql, params, many, context)


def current_traceparent() -> str:
    """Return the W3C `traceparent` of the span at hand, to be kept; nothing without a trace."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent", "")


def started_span(
    name: str, *, attributes: Mapping[str, str], traceparent: str = ""
) -> AbstractContextManager[Span]:
    """Open a span for work that was asked for earlier, in the trace of `traceparent` if given.

    The span that is open here, if any, is then linked; else it is the parent.
    """
    here = trace.get_current_span().get_span_context()
    asked = propagate.extract({"traceparent": traceparent}) if traceparent else None
    return tracer.start_as_current_span(
        name,
        context=asked,
        kind=SpanKind.CONSUMER,
        attributes=dict(attributes),
        links=[Link(here)] if asked is not None and here.is_valid else [],
    )


def trace_outbound(handle: Transport) -> Transport:
    """Return `handle` with a span around each call, whose trace the called server may continue."""

    @functools.wraps(handle)
    def traced(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        attributes = {
            "http.request.method": request.method,
            "server.address": request.url.host,
            "url.path": request.url.path,
        }
        with tracer.start_as_current_span(
            f"{request.method} {request.url.host}", kind=SpanKind.CLIENT, attributes=attributes
        ) as span:
            propagate.inject(request.headers)
            response = handle(transport, request)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= SERVER_ERROR:
                span.set_status(Status(StatusCode.ERROR))
            return response

    return traced
