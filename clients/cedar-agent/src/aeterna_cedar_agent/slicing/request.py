"""Requests as slicing reads them; one that could be misread is left to the engine alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from aeterna_cedar_agent.slicing.world import MISSING, Uid

# A context up to this many characters is remembered: few differ from one request to the next.
SHORT = 500

_PLAIN_UID = re.compile(r'([^"]+)::"([^"\\]*)"')


@dataclass(frozen=True)
class Request:
    """One request: what the engine is asked, and its parts."""

    asked: dict[str, Any]
    principal: Uid
    action: Uid
    resource: Uid

    @cached_property
    def context(self) -> Any:
        """The context as Cedar JSON, or MISSING where it cannot be decoded."""
        text = self.asked.get("context")
        if text is None:
            return {}
        return _read_again(text) if len(text) <= SHORT else read_json(text)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for two requests that are the same question."""
        return (self.principal, self.action, self.resource, self.asked.get("context"))


def read_request(source: Mapping[str, Any]) -> Request | None:
    """Return the request in parts, or None where the engine alone can say what it means."""
    uids = [_uid(source.get(name)) for name in ("principal", "action", "resource")]
    principal, action, resource = uids
    if principal is None or action is None or resource is None:
        return None
    context = source.get("context")
    if context is None:
        return Request(dict(source), principal, action, resource)
    try:
        text = context if isinstance(context, str) else json.dumps(context)
    except (TypeError, ValueError, RecursionError):
        return None
    return Request({**source, "context": text}, principal, action, resource)


def read_json(text: str) -> Any:
    """Decode JSON, or return MISSING where it cannot be decoded or names a member twice."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return MISSING


def _uid(value: object) -> Uid | None:
    if isinstance(value, str):
        match = _PLAIN_UID.fullmatch(value)
        return Uid(*match.groups()) if match else None
    if isinstance(value, dict) and type(value.get("type")) is str and type(value.get("id")) is str:
        return Uid(value["type"], value["id"])
    return None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is named twice")
    return members


_read_again = lru_cache(maxsize=1_024)(read_json)
_DECODER = json.JSONDecoder(object_pairs_hook=_members)
