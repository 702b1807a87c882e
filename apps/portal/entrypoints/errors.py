"""Pages that say what went wrong and what to do next."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from apps.kernel.errors import DomainError, Forbidden

SERVER_ERROR = 500
PAGES = {404: "errors/404.html", 429: "errors/429.html"}


def problem_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Return the page of a domain error with its status."""
    is_denial = isinstance(error, Forbidden)
    template = "errors/403.html" if is_denial else PAGES.get(error.status, "errors/422.html")
    response = render(request, template, _context(request, error), status=error.status)
    if "retry_after" in error.extra():
        response["Retry-After"] = str(error.extra()["retry_after"])
    return response


def failure_page(request: HttpRequest) -> HttpResponse:
    """Return the page of an error nobody expected, made without reading anything stored."""
    context = {"request_id": getattr(request, "id", "")}
    return HttpResponse(render_to_string("errors/500.html", context), status=SERVER_ERROR)


def _context(request: HttpRequest, error: DomainError) -> dict[str, Any]:
    decision = error.decision if isinstance(error, Forbidden) else None
    return {
        "detail": error.detail,
        "action": decision.action if decision else "",
        "resource": decision.resource.name if decision else "",
        "policies": [{"name": name} for name in error.extra().get("policies", [])],
        "problems": [
            {"text": f"{field}: {text}"} for field, texts in error.fields.items() for text in texts
        ],
        "title": error.title,
        "retry_after": error.extra().get("retry_after"),
        "request_id": getattr(request, "id", ""),
    }
