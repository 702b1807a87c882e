"""The content digest both sides of the agent protocol compute, independent of order."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

PREFIX = "sha256:"


def canonical(value: object) -> bytes:
    """Return the one JSON encoding of a value: sorted keys, no spaces, UTF-8 unescaped.

    Raises ValueError for text that UTF-8 cannot carry.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def digest_bytes(content: bytes) -> str:
    """Return `sha256:` and 64 hexadecimal digits."""
    return PREFIX + hashlib.sha256(content).hexdigest()


def policies_digest(policies: Iterable[Mapping[str, Any]]) -> str:
    """Digest id, version, name and Cedar text of every policy, sorted by id."""
    rows = [{key: row[key] for key in ("id", "version", "name", "cedar")} for row in policies]
    return digest_bytes(canonical(sorted(rows, key=lambda row: str(row["id"]))))


def schema_digest(schema: str) -> str:
    """Digest the schema text as it stands."""
    return digest_bytes(schema.encode())


def entities_digest(entities: Iterable[Mapping[str, Any]]) -> str:
    """Digest all entities sorted by type and id, each with its parents sorted alike."""
    rows = [{**row, "parents": sorted(row["parents"], key=_uid_key)} for row in entities]
    return digest_bytes(canonical(sorted(rows, key=lambda row: _uid_key(row["uid"]))))


def content_digest(
    *,
    schema: str,
    policies: Iterable[Mapping[str, Any]],
    entities: Iterable[Mapping[str, Any]],
) -> str:
    """Digest one revision's whole content; equal content gives an equal digest in any order."""
    parts = {
        "policies": policies_digest(policies),
        "schema": schema_digest(schema),
        "entities": entities_digest(entities),
    }
    return digest_bytes(canonical(parts))


def _uid_key(uid: Mapping[str, str]) -> tuple[str, str]:
    return uid["type"], uid["id"]
