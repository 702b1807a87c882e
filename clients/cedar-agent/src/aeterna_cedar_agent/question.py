"""An authorization question read from a request body, each fault naming its field."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aeterna_cedar_agent.shape import (
    ShapeError,
    need_list,
    need_object,
    need_text,
    take,
)

MAX_BATCH = 1_000

_ENTITIES = ("principal", "action", "resource")
_KNOWN = frozenset((*_ENTITIES, "context", "additional_entities"))
_UID = re.compile(r'((?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)::"((?:[^"\\]|\\.)*+)"', re.ASCII | re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-7][0-9A-Fa-f])|u\{([0-9A-Fa-f]{1,6})\}|(.))", re.DOTALL)
_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", "'": "'", '"': '"'}


class QuestionError(ShapeError):
    """A question that cannot be answered because a field of it is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this principal do this action on this resource? Context and entities as JSON text.

    `entities` stand in for those that are served, `additional_entities` are added to them.
    """

    principal: dict[str, str]
    action: dict[str, str]
    resource: dict[str, str]
    context: str
    additional_entities: str | None
    entities: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialQuestion:
    """A question that leaves open whatever of it is None."""

    principal: dict[str, str] | None
    action: dict[str, str] | None
    resource: dict[str, str] | None
    context: str | None
    additional_entities: str | None
    entities: str | None


def read_partial(source: Mapping[str, Any], *, is_governed: bool = True) -> PartialQuestion:
    """Read a question that leaves parts open, or raise ShapeError naming the field."""
    if is_governed:
        _refuse_unknown(source, prefix="")
    named = {
        name: _uid(source, name, within="") for name in _ENTITIES if source.get(name) is not None
    }
    context = source.get("context")
    return PartialQuestion(
        principal=named.get("principal"),
        action=named.get("action"),
        resource=named.get("resource"),
        context=None if context is None else _context(context, field="context"),
        additional_entities=_entities(source, "additional_entities", prefix=""),
        entities=_entities(source, "entities", prefix=""),
    )


def read_body(content: bytes) -> dict[str, Any]:
    """Decode a JSON object, or raise ShapeError saying where it breaks."""
    return need_object(read_json(content), field="body")


def read_json(content: bytes) -> Any:
    """Decode any JSON value, or raise ShapeError saying where it breaks."""
    try:
        return json.loads(content.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ShapeError(field="body", problem=f"is not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise ShapeError(field="body", problem="nests too deep") from error
    except ValueError as error:
        raise ShapeError(field="body", problem=f"is not JSON: {error}") from error


def read_question(
    source: Mapping[str, Any], *, within: str = "", is_governed: bool = True
) -> Question:
    """Read one question from a decoded body, or raise ShapeError naming the field.

    Where nobody governs, entities may be replaced, and unknown members count for nothing.
    """
    prefix = f"{within}." if within else ""
    if is_governed:
        _refuse_unknown(source, prefix=prefix)
    return Question(
        principal=_uid(source, "principal", within=within),
        action=_uid(source, "action", within=within),
        resource=_uid(source, "resource", within=within),
        context=_context(source.get("context"), field=f"{prefix}context"),
        additional_entities=_entities(source, "additional_entities", prefix=prefix),
        entities=_entities(source, "entities", prefix=prefix),
    )


def read_batch(source: Mapping[str, Any], *, is_governed: bool = True) -> list[Question]:
    """Read up to MAX_BATCH questions under `requests`, or raise ShapeError naming the field."""
    unknown = next((key for key in source if key != "requests"), None)
    if unknown is not None:
        raise ShapeError(field=printable(unknown), problem="is not a field of a batch")
    value, field = take(source, "requests")
    rows = need_list(value, field=field)
    if len(rows) > MAX_BATCH:
        raise ShapeError(field=field, problem=f"holds {len(rows)} items, at most {MAX_BATCH}")
    fields = [f"requests[{place}]" for place in range(len(rows))]
    return [
        read_question(need_object(row, field=field), within=field, is_governed=is_governed)
        for field, row in zip(fields, rows, strict=True)
    ]


def printable(text: str) -> str:
    """Return text short and encodable enough to stand in an error message."""
    return text[:100].encode("utf-8", "replace").decode()


def parse_uid(text: str, *, field: str) -> dict[str, str]:
    """Read Cedar's `Type::"id"` form with its string escapes, or raise ShapeError."""
    match = _UID.fullmatch(text)
    if match is None:
        raise ShapeError(field=field, problem='must be an entity such as User::"alice"')
    kind, quoted = match.groups()
    return {"type": kind, "id": _unescape(quoted, field=field)}


def _unescape(quoted: str, *, field: str) -> str:
    def plain(match: re.Match[str]) -> str:
        two_digits, braces, simple = match.groups()
        if two_digits or braces:
            return _character(int(two_digits or braces, 16), field=field)
        if simple not in _SIMPLE_ESCAPES:
            raise ShapeError(field=field, problem=f"has an unknown escape \\{printable(simple)}")
        return _SIMPLE_ESCAPES[simple]

    return _ESCAPE.sub(plain, quoted)


def _character(code: int, *, field: str) -> str:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise ShapeError(field=field, problem=f"escapes {code:#x}, which is no character")
    return chr(code)


def _uid(source: Mapping[str, Any], key: str, *, within: str) -> dict[str, str]:
    value, field = take(source, key, within=within)
    return parse_uid(need_text(value, field=field), field=field)


def _context(value: object, *, field: str) -> str:
    if value is None:
        return "{}"
    return _dump(need_object(value, field=field), field=field)


def _entities(source: Mapping[str, Any], key: str, *, prefix: str) -> str | None:
    value, field = source.get(key), prefix + key
    if value is None:
        return None
    return _dump(need_list(value, field=field), field=field)


def _dump(value: object, *, field: str) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        raise ShapeError(field=field, problem="holds half of a surrogate pair") from None
    except RecursionError:
        raise ShapeError(field=field, problem="nests too deep") from None
    except ValueError:
        raise ShapeError(field=field, problem="holds a number that is too large") from None
    return text


def _refuse_unknown(source: Mapping[str, Any], *, prefix: str) -> None:
    if "entities" in source:
        problem = "cannot be replaced, the portal governs them; use additional_entities"
        raise ShapeError(field=f"{prefix}entities", problem=problem)
    unknown = next((key for key in source if key not in _KNOWN), None)
    if unknown is not None:
        raise ShapeError(field=prefix + printable(unknown), problem="is not a field of a request")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
