"""One span per request, named by its route, continuing the caller's trace."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from opentelemetry import propagate
from opentelemetry.trace import SpanKind, Status, StatusCode

from ..telemetry import tracer

SERVER_ERROR = 500


class RequestSpanMiddleware:
    """Record each request as a span of the trace that its `traceparent` header names, if any."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        method = str(request.method)
        with tracer.start_as_current_span(
            method,
            context=propagate.extract(request.headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "url.path": request.path},
        ) as span:
            response = self.get_response(request)
            if request.resolver_match:
                span.update_name(f"{method} {request.resolver_match.route}")
                span.set_attribute("http.route", request.resolver_match.route)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= SERVER_ERROR:
                span.set_status(Status(StatusCode.ERROR))
            return response
