"""Domain errors as RFC 9457 problem documents."""

from typing import Any

from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.kernel.errors import (
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from apps.kernel.tenancy import record_denial

MEDIA_TYPE = "application/problem+json"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem document of an expected error; None lets Django answer 500."""
    problem = as_domain_error(error)
    if problem is None:
        set_rollback()
        return None
    if isinstance(problem, Forbidden):
        record_denial(problem)
    request = context["request"]
    response = Response(
        document(problem, request_id=request._request.id),
        status=problem.status,
        content_type=MEDIA_TYPE,
    )
    if isinstance(problem, RateLimited):
        response["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, Unauthenticated):
        response["WWW-Authenticate"] = 'Bearer realm="aeterna"'
    return response


def document(problem: DomainError, *, request_id: str) -> dict[str, Any]:
    """Return the members of a problem document, as RFC 9457 names them, with our own beside."""
    return {
        "type": f"urn:aeterna:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "fields": problem.fields,
        "request_id": request_id,
        **problem.extra(),
    }


def as_domain_error(error: Exception) -> DomainError | None:
    """Return the domain error that says what `error` says, or None if nobody expected it."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, exceptions.ValidationError):
        return Invalid(fields=_fields(error.detail))
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Unauthenticated()
    if isinstance(error, exceptions.Throttled):
        return RateLimited(retry_after=max(1, round(error.wait or 1)))
    if isinstance(error, exceptions.APIException):
        return _other(error)
    return None


def not_found(request: Any, exception: Exception | None = None) -> JsonResponse:
    """Return the problem document for an address below /api/ that leads nowhere."""
    problem = NotFound("There is nothing at this address.")
    return JsonResponse(
        document(problem, request_id=request.id), status=problem.status, content_type=MEDIA_TYPE
    )


def _other(error: exceptions.APIException) -> DomainError:
    kind = type(
        error.__class__.__name__,
        (DomainError,),
        {"status": error.status_code, "code": str(error.default_code), "title": str(error.detail)},
    )
    problem: DomainError = kind(str(error.detail))
    return problem


def _fields(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, item in detail.items():
            found |= _fields(item, f"{prefix}.{name}" if prefix else str(name))
        return found
    items = detail if isinstance(detail, list) else [detail]
    return {prefix or "body": [str(item) for item in items]}
