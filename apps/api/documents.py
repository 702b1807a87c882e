"""The OpenAPI document and the page that shows it."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from .manual import chapters


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI 3.1 document; it is the same for everybody."""
    response = HttpResponse(openapi_text(), content_type="application/json")
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the reference; it is the same for everybody."""
    document = openapi_document()
    info = document["info"]
    return render(request, "api/docs.html", {"info": info, "chapters": chapters(document)})


@cache
def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of this release."""
    generator: Any = SchemaGenerator
    document: dict[str, Any] = generator().get_schema(request=None, public=True)
    return document


@cache
def openapi_text() -> str:
    """Return the OpenAPI document as `manage.py spectacular --format openapi-json` writes it."""
    text: bytes = OpenApiJsonRenderer().render(openapi_document(), renderer_context={})
    return text.decode()
