"""Every refusal as an RFC 9457 problem document."""

from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions

from apps.kernel.errors import (
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from apps.kernel.tenancy import record_denial

logger = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="aeterna"'
BUSY_SECONDS = 1


class Malformed(DomainError):
    """The request cannot be read at all: not JSON, or a header that means nothing."""

    code = "malformed"
    title = "The request cannot be read"
    status = 400


class TooLarge(DomainError):
    """The body is larger than the portal reads."""

    code = "too_large"
    title = "The body is too large"
    status = 413


class Busy(DomainError):
    """A request with the same Idempotency-Key is being carried out right now."""

    code = "busy"
    title = "The same request is being carried out"
    status = 409

    def extra(self) -> dict[str, Any]:
        return {"retry_after": BUSY_SECONDS}


class Broken(DomainError):
    """Something nobody expected; what it was is in the log under the request id."""

    code = "internal"
    title = "Something went wrong here"
    status = 500


def handle(error: Exception, context: dict[str, Any]) -> JsonResponse:
    """Return the problem document of any error; one that nobody expected is logged, not told."""
    problem = as_domain_error(error)
    if problem is None:
        logger.error("unexpected error", exc_info=error)
        problem = Broken("It is on record under this request id.")
    if isinstance(problem, Forbidden):
        record_denial(problem)
    response = answer(context["request"]._request, problem)
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


def answer(request: HttpRequest, problem: DomainError) -> JsonResponse:
    """Return the answer that tells a problem."""
    response = JsonResponse(
        document(problem, request_id=getattr(request, "id", "")),
        status=problem.status,
        content_type=MEDIA_TYPE,
    )
    response["Cache-Control"] = "no-store"
    retry_after = problem.extra().get("retry_after")
    if retry_after:
        response["Retry-After"] = str(retry_after)
    if isinstance(problem, RateLimited):
        response["RateLimit"] = f'"default";r=0;t={problem.retry_after}'
    if isinstance(problem, Unauthenticated):
        response["WWW-Authenticate"] = CHALLENGE
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
    match error:
        case DomainError():
            return error
        case Http404():
            return NotFound()
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return Unauthenticated()
        case RequestDataTooBig():
            return TooLarge()
        case exceptions.APIException():
            return _other(error)
    return None


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Return the problem document for an address below /api/ that leads nowhere."""
    return answer(request, NotFound("There is nothing at this address."))


def server_error(request: HttpRequest) -> JsonResponse:
    """Return the problem document for an error outside of any view."""
    return answer(request, Broken("It is on record under this request id."))


def invalid(fields: dict[str, list[str]]) -> Invalid:
    """Return the refusal of input, with the culprits in its text too."""
    named = ", ".join(list(fields)[:10])
    return Invalid(f"The input is not valid: {named}." if named else "", fields=fields)


def _other(error: exceptions.APIException) -> DomainError:
    kind = type(
        error.__class__.__name__,
        (DomainError,),
        {"status": error.status_code, "code": str(error.default_code), "title": str(error.detail)},
    )
    problem: DomainError = kind(str(error.detail))
    return problem
