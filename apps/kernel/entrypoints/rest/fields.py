"""Types of members and parameters: as strict as JSON allows, and exact in the schema."""

import base64
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
LATEST_YEAR = 9000
MAX_LIMIT = 200


def _clean(value: str) -> str:
    if CONTROL.search(value):
        raise ValueError("Control characters are not allowed.")
    return value


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not RFC3339.fullmatch(value):
        raise ValueError("Give an RFC 3339 time with its zone, such as 2027-01-31T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise ValueError("There is no such time.") from error
    if not 1 < moment.year < LATEST_YEAR:
        raise ValueError(f"Choose a year before {LATEST_YEAR}.")
    return moment.astimezone(UTC)


def _decoded(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("Give it as base64.")
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise ValueError("This is not base64.") from error


def _flag(value: object) -> bool:
    if value not in ("true", "false"):
        raise ValueError("Choose true or false.")
    return value == "true"


def _count(value: object) -> int:
    # The limits are told apart from the digits, so that 0 and 1000 get the better message.
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,6}", value):
        raise ValueError(f"Give a number from 1 to {MAX_LIMIT}.")
    return int(value)


Line = Annotated[str, StringConstraints(min_length=1, max_length=120), AfterValidator(_clean)]
"""One line for people, such as a name."""

Text = Annotated[str, AfterValidator(_clean)]
"""Text without control characters; each use says how long it may be."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Flag = Annotated[
    bool, BeforeValidator(_flag), WithJsonSchema({"type": "string", "enum": ["true", "false"]})
]
"""A yes or no of the address."""

Base64 = Annotated[
    bytes,
    BeforeValidator(_decoded),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
"""A file; JSON has no bytes."""

Limit = Annotated[int, BeforeValidator(_count), Field(ge=1, le=MAX_LIMIT)]


def unset(**constraints: Any) -> Any:
    """Return a member that may be left out, which is not the same as null."""
    return Field(default=None, json_schema_extra=_without_default, **constraints)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)
