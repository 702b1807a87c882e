"""Writing an answer: one resource with its entity tag, or a page of them."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags, quote_etag
from pydantic import BaseModel, TypeAdapter

from apps.kernel.entrypoints.listing import page_of
from apps.kernel.entrypoints.rest import Route
from apps.kernel.errors import ProgrammingError

from .negotiation import JSON

VARY = "Accept, Aeterna-Company, Authorization, Cookie"
PREFIX = "/api/v1/"


def render(request: HttpRequest, route: Route, result: Any, query: Mapping[str, Any]) -> Any:
    """Return the answer to what `route.call` returned."""
    if route.answers is None:
        return HttpResponse(status=route.status)
    if route.order:
        return _json(_page(request, route, result, query), route.status)
    resource = route.answers.model_validate(result, from_attributes=True)
    response = _json(
        resource.__pydantic_serializer__.to_json(resource, by_alias=True), route.status
    )
    if route.told_once:
        response["Cache-Control"] = "no-store"
    elif not isinstance(result, Sequence):
        tag = entity_tag(response.content, getattr(resource, "version", None))
        response["ETag"] = tag
        if request.method in ("GET", "HEAD") and _is_known(request, tag):
            return _not_modified(response)
    if route.located:
        place = PREFIX + route.located.format(id=_member(resource, "id"))
        response["Location"] = request.build_absolute_uri(place)
    return response


def entity_tag(content: bytes, version: int | None) -> str:
    """Return a strong tag: a digest of the representation, behind the version if there is one."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    return quote_etag(digest if version is None else f"{version}-{digest}")


def _page(request: HttpRequest, route: Route, rows: Any, query: Mapping[str, Any]) -> bytes:
    if not isinstance(rows, QuerySet):
        raise ProgrammingError(f"{route.name} must return a queryset")
    page = page_of(request, rows, order=route.order, size=query["limit"])
    found = route.present(page.rows) if route.present else page.rows
    adapter = _adapter(route.answers)
    results = adapter.dump_json(adapter.validate_python(found, from_attributes=True), by_alias=True)
    links = [_absolute(request, url) for url in (page.next_url, page.previous_url)]
    return b'{"results":%b,"next":%b,"previous":%b}' % (results, *links)


def _absolute(request: HttpRequest, url: str) -> bytes:
    address: bytes = LINK.dump_json(request.build_absolute_uri(url) if url else None)
    return address


LINK: TypeAdapter[str | None] = TypeAdapter(str | None)


@cache
def _adapter(model: type[BaseModel] | None) -> TypeAdapter[Any]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def _json(content: bytes, status: int) -> HttpResponse:
    response = HttpResponse(content, status=status, content_type=JSON)
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = VARY
    return response


def _member(resource: BaseModel, name: str) -> Any:
    return getattr(resource, name, None)


def _is_known(request: HttpRequest, tag: str) -> bool:
    known = [
        item.removeprefix("W/") for item in parse_etags(request.headers.get("If-None-Match", ""))
    ]
    return tag in known or "*" in known


def _not_modified(response: HttpResponse) -> HttpResponse:
    empty = HttpResponse(status=304)
    for name in ("ETag", "Cache-Control", "Vary"):
        empty[name] = response[name]
    return empty
