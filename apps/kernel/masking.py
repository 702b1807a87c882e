"""Secrets never reach a log, an event or an error: only their last four characters do."""

from typing import Any

SECRET_WORDS = ("secret", "password", "token", "authorization", "cookie", "private_key")
VISIBLE = 4


def masked(value: str) -> str:
    """Return `[REDACTED:…last4]`; a value too short to hide shows nothing of itself."""
    tail = value[-VISIBLE:] if len(value) > 2 * VISIBLE else ""
    return f"[REDACTED:…{tail}]"


def is_secret_name(name: str) -> bool:
    """Tell whether a field of this name holds a secret."""
    lowered = name.lower()
    return any(lowered == word or lowered.endswith(f"_{word}") for word in SECRET_WORDS)


def mask(value: Any, *, name: str = "") -> Any:
    """Return `value` with every string under a secret's name masked, at any depth."""
    if isinstance(value, dict):
        return {key: mask(item, name=str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item, name=name) for item in value]
    if isinstance(value, str) and is_secret_name(name):
        return masked(value)
    return value
