"""Checks of decoded JSON values, each failure naming the field and what it must be."""

from collections.abc import Mapping
from typing import Any

type_names = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


class ShapeError(ValueError):
    """A value that is missing, of the wrong type or out of range; `field` says which."""

    def __init__(self, *, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def describe(value: object) -> str:
    """Name the JSON type of a value for an error message."""
    return type_names.get(type(value), type(value).__name__)


def need_object(value: object, *, field: str) -> dict[str, Any]:
    """Return the value as an object, or raise ShapeError."""
    if isinstance(value, dict):
        return value
    raise ShapeError(field=field, problem=f"must be an object, not {describe(value)}")


def need_list(value: object, *, field: str) -> list[Any]:
    """Return the value as a list, or raise ShapeError."""
    if isinstance(value, list):
        return value
    raise ShapeError(field=field, problem=f"must be a list, not {describe(value)}")


def need_text(value: object, *, field: str, empty: bool = False) -> str:
    """Return the value as text that UTF-8 can carry, or raise ShapeError."""
    if not isinstance(value, str):
        raise ShapeError(field=field, problem=f"must be a string, not {describe(value)}")
    if not value and not empty:
        raise ShapeError(field=field, problem="must not be empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ShapeError(field=field, problem="holds half of a surrogate pair") from None
    return value


def need_whole(value: object, *, field: str, least: int = 0) -> int:
    """Return the value as a whole number of at least `least`, or raise ShapeError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ShapeError(field=field, problem=f"must be a whole number, not {describe(value)}")
    if not least <= value < 2**63:
        raise ShapeError(field=field, problem=f"must be from {least} to 2^63 - 1")
    return value


def take(source: Mapping[str, Any], key: str, *, within: str = "") -> tuple[Any, str]:
    """Return a required member and its full field name, or raise ShapeError."""
    field = f"{within}.{key}" if within else key
    if key not in source:
        raise ShapeError(field=field, problem="is missing")
    return source[key], field


def take_object(
    source: Mapping[str, Any], key: str, *, within: str = ""
) -> tuple[dict[str, Any], str]:
    """Return a required object member and its full field name, or raise ShapeError."""
    value, field = take(source, key, within=within)
    return need_object(value, field=field), field


def take_text(source: Mapping[str, Any], key: str, *, within: str = "", empty: bool = False) -> str:
    """Return a required text member, or raise ShapeError."""
    value, field = take(source, key, within=within)
    return need_text(value, field=field, empty=empty)


def take_whole(source: Mapping[str, Any], key: str, *, within: str = "", least: int = 0) -> int:
    """Return a required whole number member, or raise ShapeError."""
    value, field = take(source, key, within=within)
    return need_whole(value, field=field, least=least)


def take_list(source: Mapping[str, Any], key: str, *, within: str = "") -> list[Any]:
    """Return a required list member, or raise ShapeError."""
    value, field = take(source, key, within=within)
    return need_list(value, field=field)
