"""One log line and one metric per request, under a request id that every answer carries."""

import re
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

from ..ids import request_id

logger = structlog.get_logger("aeterna.request")
REQUEST_SECONDS = Histogram(
    "aeterna_request_seconds", "Duration of requests", ["method", "route", "status"]
)
HEADER = "X-Request-Id"
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
FORM = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestLogMiddleware:
    """Give each request an id, taking a well-formed one from the caller, and log how it ended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request.id = given if FORM.fullmatch(given) else request_id()  # type: ignore[attr-defined]
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request.id):  # type: ignore[attr-defined]
            response = self.get_response(request)
            self._record(request, response, time.perf_counter() - started)
        response[HEADER] = request.id  # type: ignore[attr-defined]
        return response

    def _record(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        match = request.resolver_match
        route = match.route if match else "unmatched"
        method = request.method if request.method in METHODS else "other"
        REQUEST_SECONDS.labels(method, route, response.status_code).observe(seconds)
        logger.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
