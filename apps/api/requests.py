"""Reading a request: body, address and preconditions, each strictly and naming what is wrong."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from pydantic import BaseModel, ValidationError
from rest_framework.exceptions import UnsupportedMediaType

from apps.kernel.entrypoints.rest import Route

from .negotiation import JSON
from .problems import Malformed, TooLarge, invalid

DRY_RUN = "Aeterna-Dry-Run"
MAX_PROBLEMS = 50
MAX_NAME = 100
TAG = re.compile(r'"(\d{1,9})-[0-9a-f]{16}"')
ONE_TAG = r'^(\*|(W/)?"[!#-~]*")$'
MAX_TAG = 255
UNKNOWN_VERSION = 0
"""No row has this version, so a tag that was never handed out is stale."""
MESSAGES = {
    "extra_forbidden": "There is no such member.",
    "missing": "This is needed.",
}


def read_body(request: HttpRequest, route: Route, raw: bytes) -> dict[str, Any]:
    """Return the body's members that were given; raise Malformed or Invalid.

    A route that takes nothing accepts an empty body or an empty object.
    """
    if route.takes is None:
        if raw.strip() not in (b"", b"{}"):
            raise invalid({"body": ["This takes no body."]})
        return {}
    if not raw and not any(field.is_required() for field in route.takes.model_fields.values()):
        raw = b"{}"
    elif request.content_type != JSON:
        raise UnsupportedMediaType(str(request.content_type)[:MAX_NAME])
    try:
        body = route.takes.model_validate_json(raw)
    except ValidationError as error:
        raise _refusal(error, whole="body") from error
    return given(body)


def read_query(request: HttpRequest, route: Route) -> dict[str, Any]:
    """Return the parameters of the address, those left out at their defaults; raise Invalid."""
    twice = [name[:MAX_NAME] for name, values in request.GET.lists() if len(values) > 1]
    if twice:
        raise invalid({name: ["Give it once."] for name in twice[:MAX_PROBLEMS]})
    try:
        query = route.query.model_validate(request.GET.dict())
    except ValidationError as error:
        raise _refusal(error, whole="query", extra="There is no such parameter.") from error
    values = dict(query)
    dirty = [name for name, value in values.items() if isinstance(value, str) and "\x00" in value]
    if dirty:
        raise invalid({name: ["Control characters are not allowed."] for name in dirty})
    return {name: value for name, value in values.items() if value is not None}


def expected_version(request: HttpRequest, route: Route) -> dict[str, int]:
    """Return `expected_version` as If-Match names it, or nothing; raise Malformed.

    Two tags cannot be checked in one step, and silently ignoring a precondition would lose
    somebody's update: both are refused.
    """
    header = request.headers.get("If-Match")
    if header is None or header == "*":
        return {}
    if not route.is_versioned:
        raise Malformed("This address knows no If-Match.", fields={"If-Match": ["Leave it out."]})
    if not re.fullmatch(ONE_TAG, header) or len(header) > MAX_TAG:
        raise Malformed("Give one entity tag.", fields={"If-Match": ["Give one entity tag."]})
    match = TAG.fullmatch(header)
    return {"expected_version": int(match[1]) if match else UNKNOWN_VERSION}


def is_dry_run(request: HttpRequest) -> bool:
    """Tell whether a write is only to be tried; raise Malformed for any value but true."""
    header = request.headers.get(DRY_RUN)
    if header not in (None, "true"):
        raise Malformed(f"{DRY_RUN} can only be true.", fields={DRY_RUN: ["Give true."]})
    return header is not None


def given(body: BaseModel) -> dict[str, Any]:
    """Return the members that a caller gave, nested ones as they are."""
    return {name: getattr(body, name) for name in body.model_fields_set}


def raw_body(request: HttpRequest) -> bytes:
    """Return the body's bytes; raise TooLarge."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    # A chunked body announces no length, so that the middleware could not refuse it.
    raw = request.read(limit + 1) if not request.headers.get("Content-Length") else request.body
    if len(raw) > limit:
        raise TooLarge(f"At most {limit} bytes.")
    return raw


def _refusal(error: ValidationError, *, whole: str, extra: str = "") -> Exception:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    if problems[0]["type"] == "json_invalid":
        return Malformed(problems[0]["msg"], fields={whole: [problems[0]["msg"]]})
    fields: dict[str, list[str]] = {}
    for problem in problems[:MAX_PROBLEMS]:
        name = ".".join(str(part) for part in problem["loc"])[:MAX_NAME] or whole
        fields.setdefault(name, []).append(_message(problem, extra))
    return invalid(fields)


def _message(problem: Mapping[str, Any], extra: str) -> str:
    if problem["type"] == "extra_forbidden" and extra:
        return extra
    known = MESSAGES.get(problem["type"])
    return known or f"{str(problem['msg']).removeprefix('Value error, ')}".rstrip(".") + "."


def names_of(models: Sequence[type[BaseModel] | None]) -> list[str]:
    """Return the names of all members of `models`."""
    return [name for model in models if model for name in model.model_fields]
