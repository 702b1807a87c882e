"""DRF's view of the actor that the middleware already authenticated."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from .problems import CHALLENGE


class ActorAuthentication(BaseAuthentication):
    """Hand DRF the person behind `request.actor`; a session must also pass CSRF."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        actor = getattr(request._request, "actor", None)
        return (request._request.user, actor) if actor else None

    def authenticate_header(self, _request: Request) -> str:
        return CHALLENGE


class ActorScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document tells the ways to authenticate."""

    target_class = ActorAuthentication
    name = ["bearer", "session"]

    def get_security_definition(self, _auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "description": "A personal or service token, or an access token of an identity "
                "provider of the company.",
            },
            {
                "type": "apiKey",
                "in": "cookie",
                "name": "aeterna_session",
                "description": "A browser's session; a write also needs the X-CSRFToken header.",
            },
        ]
