"""Spans around queries and outbound calls, told apart by what they do, never by their values."""

import functools
from collections.abc import Callable
from typing import Any

import httpx
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

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
