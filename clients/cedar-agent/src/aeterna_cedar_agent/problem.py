"""The one form of error answer: reason, description and code."""

import http

from aiohttp import web


def problem(code: int, description: str) -> web.Response:
    """Return an error answer; the reason is the status code's own phrase."""
    value = {"reason": http.HTTPStatus(code).phrase, "description": description, "code": code}
    return web.json_response(value, status=code)
