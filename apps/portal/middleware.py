"""Turns a domain error of a page into a page that explains it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.kernel.errors import DomainError, Forbidden, Unauthenticated
from apps.kernel.tenancy import record_denial

from .entrypoints.errors import problem_page


class PageErrorMiddleware:
    """Map DomainError to a page of its status, recording a denial while the scope is open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        if isinstance(error, Forbidden):
            record_denial(error)
        if isinstance(error, Unauthenticated):
            return redirect(f"/sign-in/?next={request.path}")
        return problem_page(request, error)
