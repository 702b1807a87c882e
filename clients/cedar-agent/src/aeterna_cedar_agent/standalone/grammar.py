"""The schema in force, if there is one: what it says of policies, and how callers write it."""

import functools
import json
from typing import Any

import cedarpy

from aeterna_cedar_agent import nesting
from aeterna_cedar_agent.engine import RefusedError
from aeterna_cedar_agent.question import read_json
from aeterna_cedar_agent.shape import ShapeError, need_object, need_text
from aeterna_cedar_agent.standalone.content import NO_SCHEMA

# Remembered so that changing one policy among many validates that one.
REMEMBERED = 20_000


class Grammar:
    """A schema as text and parsed; without one everything that parses is right."""

    def __init__(self, text: str) -> None:
        """Parse a schema, as `read_schema` returns it, or raise RefusedError."""
        self.text = text
        self.handle = None if text == NO_SCHEMA else _parse(text)
        self._fault = functools.lru_cache(maxsize=REMEMBERED)(self._validate)

    def check(self, policy: str, *, text: str) -> None:
        """Raise RefusedError where the schema does not allow a policy's text."""
        fault = self._fault(text)
        if fault is not None:
            raise RefusedError(stage="validate", policy=policy, error=fault)

    def _validate(self, text: str) -> str | None:
        if self.handle is None:
            return None
        result = cedarpy.validate_policies(text, self.handle, release_gil=True)
        if result.validation_passed:
            return None
        return "; ".join(error.error for error in result.errors)


def read_schema(body: bytes) -> str:
    """Return the schema of a request body as it is kept, or raise ShapeError.

    It is Cedar's JSON form, `{"format": "cedar", "content": "…"}`, or Cedar's own syntax bare,
    which never begins with a brace; `{}` is none.
    """
    if not body.lstrip().startswith(b"{"):
        return _read_cedar(body)
    value = need_object(read_json(body), field="body")
    if value.keys() == {"format", "content"}:
        if value["format"] != "cedar":
            raise ShapeError(field="format", problem="must be cedar")
        return need_text(value["content"], field="content")
    return json.dumps(value) if value else NO_SCHEMA


def shown(text: str) -> Any:
    """Return a kept schema as callers read it: as the JSON it was, or Cedar's syntax named so."""
    if text == NO_SCHEMA:
        return {}
    return json.loads(text) if _is_json(text) else {"format": "cedar", "content": text}


def _read_cedar(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise ShapeError(field="body", problem=f"is not UTF-8 at byte {error.start}") from error
    if not text.strip():
        raise ShapeError(field="body", problem="is empty; DELETE takes the schema away")
    return text


def _parse(text: str) -> cedarpy.Schema:
    try:
        if _is_json(text):
            return cedarpy.Schema.from_json_str(text, release_gil=True)
        nesting.check_schema_text(text)
        return cedarpy.Schema.from_str(text, release_gil=True)
    except ValueError as error:
        raise RefusedError(stage="parse", error=f"schema: {error}") from error


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")
