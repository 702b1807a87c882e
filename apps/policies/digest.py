"""The canonical digest of a revision, as the agent protocol defines it."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any


def canonical(value: Any) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces, UTF-8 as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    """Return `sha256:` and the hex digest of the UTF-8 bytes of `text`."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def policy_digest(*, cedar: str, rules: Sequence[dict[str, Any]]) -> str:
    """Return the digest of what a policy says; without rules it is that of its Cedar text."""
    return sha256(canonical({"cedar": cedar, "rules": list(rules)}) if rules else cedar)


def canonical_policies(policies: Sequence[dict[str, Any]]) -> str:
    """Return the canonical text of policy entries, sorted by id."""
    return canonical(sorted(policies, key=lambda policy: str(policy["id"])))


def canonical_entities(entities: Sequence[dict[str, Any]]) -> str:
    """Return the canonical text of Cedar entities, sorted by uid, parents sorted too."""
    ordered = [
        {**entity, "parents": sorted(entity["parents"], key=_uid_key)} for entity in entities
    ]
    return canonical(sorted(ordered, key=lambda entity: _uid_key(entity["uid"])))


def revision_digest(*, policies: str, schema: str, entities: str) -> str:
    """Return the digest of a revision from the digests of its parts."""
    return sha256(canonical({"policies": policies, "schema": schema, "entities": entities}))


def _uid_key(uid: dict[str, str]) -> tuple[str, str]:
    return (uid["type"], uid["id"])
