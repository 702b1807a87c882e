"""Pages that say what went wrong and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.kernel.errors import DomainError, NotFound

PAGES = {403: "errors/403.html", 404: "errors/404.html", 429: "errors/429.html"}


def problem_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Return the page of a domain error with its status."""
    template = PAGES.get(error.status, "errors/422.html")
    context = {"problem": error, "policies": error.extra().get("policies", [])}
    return render(request, template, context, status=error.status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for a form that could not prove where it came from."""
    error = DomainError("The form expired or came from elsewhere. Go back, reload and try again.")
    error.__dict__["status"] = 403
    return render(request, "errors/422.html", {"problem": error, "reason": reason}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the page for an address that leads nowhere."""
    return problem_page(request, NotFound("There is nothing at this address."))
