"""DRF's view of the actor that the middleware already authenticated."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class ActorAuthentication(BaseAuthentication):
    """Hand DRF the person behind `request.actor`; a session must also pass CSRF."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        actor = getattr(request._request, "actor", None)
        return (request._request.user, actor) if actor else None

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="aeterna"'
