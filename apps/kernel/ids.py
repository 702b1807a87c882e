"""Identifiers: time-ordered UUIDs made by the server."""

import secrets
import time
import uuid


def uuid7() -> uuid.UUID:
    """Return a new UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def request_id() -> str:
    """Return a new opaque id that ties together everything one request caused."""
    return uuid7().hex
