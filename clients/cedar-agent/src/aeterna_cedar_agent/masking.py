"""What must not leave the machine: members of a context or an entity, masked by their names."""

import json
from collections.abc import Set
from typing import Any

from aeterna_cedar_agent.status import clip

VISIBLE = 4
SECRET_WORDS = ("secret", "password", "token", "authorization", "cookie", "private_key")


def masked(entry: dict[str, Any], *, names: Set[str]) -> dict[str, Any]:
    """Return a log entry whose members of these names, and all secrets, are masked.

    A masked value reads `[REDACTED:…last4]`; one too short to hide shows nothing of itself.
    """
    return {
        **entry,
        "context": _walk(entry.get("context"), names=names),
        "entities": _walk(entry.get("entities"), names=names),
    }


def _walk(value: Any, *, names: Set[str]) -> Any:
    if isinstance(value, dict):
        return {
            clip(key): _hide(item) if _is_hidden(key, names=names) else _walk(item, names=names)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_walk(item, names=names) for item in value]
    return clip(value, length=1_000_000) if isinstance(value, str) else value


def _is_hidden(key: str, *, names: Set[str]) -> bool:
    lowered = key.lower()
    if lowered in names:
        return True
    return any(lowered == word or lowered.endswith(f"_{word}") for word in SECRET_WORDS)


def _hide(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    tail = clip(text)[-VISIBLE:] if len(text) > 2 * VISIBLE else ""
    return f"[REDACTED:…{tail}]"
