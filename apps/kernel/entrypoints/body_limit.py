"""Refuses a body that is too large before anything reads it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

TOO_LARGE = 413


class BodyLimitMiddleware:
    """Answer 413 with the limit when a request announces or carries too much."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = request.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > limit:
            return JsonResponse(
                {
                    "type": "about:blank",
                    "title": "The body is too large",
                    "status": TOO_LARGE,
                    "code": "too_large",
                    "detail": f"At most {limit} bytes.",
                },
                status=TOO_LARGE,
                content_type="application/problem+json",
            )
        return self.get_response(request)
