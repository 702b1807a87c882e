"""Secrets never reach a log, an event or an error: only their last four characters do."""

import re
from typing import Any

SECRET_WORDS = ("secret", "password", "token", "authorization", "cookie", "private_key")
VISIBLE = 4
# The portal's own tokens are known by their form, wherever they stand.
TOKEN = re.compile(r"aet_[a-z]_[0-9a-f]{32}_[A-Za-z0-9_-]{20,}|whsec_[A-Za-z0-9+/=_-]{20,}")


def masked(value: str) -> str:
    """Return `[REDACTED:…last4]`; a value too short to hide shows nothing of itself."""
    tail = value[-VISIBLE:] if len(value) > 2 * VISIBLE else ""
    return f"[REDACTED:…{tail}]"


def is_secret_name(name: str) -> bool:
    """Tell whether a field of this name holds a secret."""
    lowered = name.lower()
    return any(lowered == word or lowered.endswith(f"_{word}") for word in SECRET_WORDS)


def mask(value: Any, *, name: str = "") -> Any:
    """Return `value` with what stands under a secret's name, and every token, masked."""
    if isinstance(value, dict):
        # Whatever a secret's name holds is secret, however it is nested.
        outer = name if is_secret_name(name) else ""
        return {key: mask(item, name=outer or str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item, name=name) for item in value]
    if not isinstance(value, str):
        return value
    if is_secret_name(name):
        return masked(value)
    return TOKEN.sub(lambda found: masked(found[0]), value)
