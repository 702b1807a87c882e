"""What Django answers itself: a problem document below /api/, a page everywhere else."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from apps.api.problems import Broken, Malformed, TooLarge, answer
from apps.kernel.errors import DomainError, Forbidden, NotFound
from apps.portal.entrypoints.errors import failure_page, problem_page

API = "/api"


class Forged(DomainError):
    """A write that could not prove where it came from."""

    code = "csrf"
    title = "Where the request came from is not proven"
    status = 403


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 413 for a body past the limit, 400 for whatever else cannot be read."""
    if isinstance(exception, RequestDataTooBig):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return _told(request, TooLarge(f"The body is too large: at most {limit} bytes."))
    return _told(request, Malformed("The request cannot be read."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403 for what a view refused without asking for a decision."""
    return _told(request, Forbidden("This is not allowed."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404 for an address that leads nowhere."""
    return _told(request, NotFound("There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 from nothing but the request: whatever else there is may be what broke."""
    if _is_api(request):
        return answer(request, Broken("It is on record under this request id."))
    return failure_page(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 for a form that expired or came from elsewhere."""
    if _is_api(request):
        return answer(request, Forged("Send the X-CSRFToken header with a session, or a token."))
    detail = "The form expired or came from elsewhere. Go back, reload the page and try again."
    return problem_page(request, Forged(detail))


def _told(request: HttpRequest, error: DomainError) -> HttpResponse:
    return answer(request, error) if _is_api(request) else problem_page(request, error)


def _is_api(request: HttpRequest) -> bool:
    path = request.path_info
    return path == API or path.startswith(f"{API}/")
