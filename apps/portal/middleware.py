"""Turns a domain error of a page into a page that explains it."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.kernel.errors import DomainError, Forbidden, Unauthenticated
from apps.kernel.tenancy import record_denial

from .entrypoints.errors import problem_page

SAFE_METHODS = ("GET", "HEAD")


class PageErrorMiddleware:
    """Map DomainError to a page of its status, recording a denial while the scope is open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page of a DomainError; other exceptions stay what they are."""
        if not isinstance(error, DomainError):
            return None
        if isinstance(error, Forbidden):
            record_denial(error)
        if isinstance(error, Unauthenticated):
            return HttpResponseRedirect(f"/sign-in/?{urlencode({'next': _wanted(request)})}")
        return problem_page(request, error)


def _wanted(request: HttpRequest) -> str:
    return request.get_full_path() if request.method in SAFE_METHODS else "/"
