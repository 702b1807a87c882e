"""Lists in pages: keyset cursors and filters, both in the address."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ..errors import Invalid
from .csv_export import csv_url

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list and the addresses of the rows around them; empty where there are none."""

    rows: list[Any]
    previous_url: str = ""
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """One choice of a filter bar; `options` maps values to what people read."""

    name: str
    label: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bar:
    """What components/filter_bar.html needs, as one object."""

    search: dict[str, str]
    filters: list[dict[str, Any]]
    chips: list[dict[str, str]]
    clear_url: str
    csv_url: str
    values: dict[str, str] = field(default_factory=dict)


def address(request: HttpRequest, **changes: str) -> str:
    """Return this address with some of its values changed, or taken out where empty."""
    query = request.GET.copy()
    query.pop("cursor", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def page_of(
    request: HttpRequest, rows: QuerySet[Any], *, order: Sequence[str], size: int = PAGE
) -> Page:
    """Return the page of `rows` that the address asks for; Invalid if its cursor is malformed.

    `order` names fields, `-` for descending, the last one unique; related fields use `__`.
    """
    is_back, values = _read(request.GET.get("cursor", ""), len(order))
    wanted = [_flipped(name) for name in order] if is_back else list(order)
    rows = rows.order_by(*wanted)
    try:
        found = list((rows.filter(_after(wanted, values)) if values else rows)[: size + 1])
    except (ValidationError, ValueError, TypeError) as error:
        raise _bad_cursor() from error
    has_more, found = len(found) > size, found[:size]
    if is_back:
        found.reverse()
    return Page(
        rows=found,
        previous_url=_url(request, "b", found[:1], order)
        if _is_before(values, is_back, has_more)
        else "",
        next_url=_url(request, "f", found[-1:], order) if is_back or has_more else "",
    )


def filter_bar(
    request: HttpRequest,
    *,
    placeholder: str,
    filters: Sequence[Filter] = (),
    extra: Mapping[str, str] | None = None,
) -> Bar:
    """Return the filter bar of a list; `extra` names further values in use for their chips."""
    values = {one.name: request.GET.get(one.name, "") for one in filters}
    text = request.GET.get("q", "").strip()
    named = {one.name: (one.label, one.options.get(values[one.name], "")) for one in filters}
    named |= {name: (label, request.GET.get(name, "")) for name, label in (extra or {}).items()}
    named["q"] = ("Text", text)
    return Bar(
        search={"name": "q", "value": text, "placeholder": placeholder},
        filters=[_drawn(one, values[one.name]) for one in filters],
        chips=[
            {"name": label, "value": shown, "remove_url": address(request, **{name: ""})}
            for name, (label, shown) in named.items()
            if shown
        ],
        clear_url=request.path,
        csv_url=csv_url(request),
        values=values,
    )


def _drawn(one: Filter, value: str) -> dict[str, Any]:
    options = [{"value": key, "text": text} for key, text in one.options.items()]
    return {"name": one.name, "label": one.label, "value": value, "options": options}


def _is_before(values: list[Any], is_back: bool, has_more: bool) -> bool:
    return has_more if is_back else bool(values)


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    condition = Q()
    for index, name in enumerate(order):
        same = {bare.lstrip("-"): values[at] for at, bare in enumerate(order[:index])}
        side = "lt" if name.startswith("-") else "gt"
        condition |= Q(**same, **{f"{name.lstrip('-')}__{side}": values[index]})
    return condition


def _url(request: HttpRequest, way: str, edge: Sequence[Any], order: Sequence[str]) -> str:
    if not edge:
        return ""
    values = [_value(edge[0], name.lstrip("-")) for name in order]
    text = json.dumps([way, *values], cls=DjangoJSONEncoder, separators=(",", ":"))
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return address(request, cursor=cursor)


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _read(cursor: str, length: int) -> tuple[bool, list[Any]]:
    if not cursor:
        return False, []
    try:
        way, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error) as error:
        raise _bad_cursor() from error
    if way not in ("f", "b") or len(values) != length or not all(map(_is_plain, values)):
        raise _bad_cursor()
    return way == "b", values


def _is_plain(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.isprintable())


def _bad_cursor() -> Invalid:
    return Invalid(fields={"cursor": ["This is not a place in the list."]})
