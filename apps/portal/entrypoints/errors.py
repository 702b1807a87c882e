"""Pages that say what went wrong and what to do next."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.kernel.errors import DomainError, Forbidden, NotFound

PAGES = {403: "errors/403.html", 404: "errors/404.html", 429: "errors/429.html"}


def problem_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Return the page of a domain error with its status."""
    template = PAGES.get(error.status, "errors/422.html")
    response = render(request, template, _context(request, error), status=error.status)
    if "retry_after" in error.extra():
        response["Retry-After"] = str(error.extra()["retry_after"])
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for a form that could not prove where it came from."""
    detail = "The form expired or came from elsewhere. Go back, reload the page and try again."
    context = {**_context(request, DomainError(detail)), "reason": reason}
    return render(request, "errors/422.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the page for an address that leads nowhere."""
    return problem_page(request, NotFound("There is nothing at this address."))


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
