"""Cross-site request forgery where Django's middleware looks away: views made exempt."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


class _Check(CsrfViewMiddleware):
    def _reject(self, _request: HttpRequest, reason: str) -> Any:
        return reason


def find_csrf_fault(request: HttpRequest, view: Callable[..., Any]) -> str | None:
    """Return why a request to an exempt `view` may be forged, or None if it cannot be."""
    if not getattr(view, "csrf_exempt", False):
        return None  # the middleware has judged it already
    check = _Check(_unused)
    check.process_request(request)
    return check.process_view(request, _unused, (), {})  # type: ignore[return-value]


def _unused(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()
