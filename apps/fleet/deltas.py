"""What changed from one revision to another, as the agent protocol tells it."""

import json
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from apps.policies.types import Bundle

Row = dict[str, Any]


def delta_between(base: Bundle, head: Bundle) -> dict[str, Any]:
    """Return the frame that turns `base` into `head`; a schema that stayed is left out."""
    frame = {
        "type": "delta",
        "base": {"revision": base.revision, "digest": base.digest},
        "revision": head.revision,
        "digest": head.digest,
        "policies": _changes(base.policies, head.policies, name=lambda row: row["id"]),
        "entities": _changes(base.entities, head.entities, name=_uid),
        "manifest": head.manifest,
    }
    return frame if base.schema == head.schema else {**frame, "schema": head.schema}


def snapshot_of(bundle: Bundle) -> dict[str, Any]:
    """Return the frame that carries a whole revision."""
    return {
        "type": "snapshot",
        "revision": bundle.revision,
        "digest": bundle.digest,
        "previous_digest": bundle.previous_digest,
        "schema": bundle.schema,
        "policies": bundle.policies,
        "entities": bundle.entities,
        "manifest": bundle.manifest,
    }


def encoded(frame: dict[str, Any]) -> str:
    """Return a frame as it travels."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def _changes(
    base: Sequence[Row], head: Sequence[Row], *, name: Callable[[Row], Hashable]
) -> dict[str, Any]:
    held = {name(row): row for row in base}
    wanted = {name(row) for row in head}
    return {
        "changed": [row for row in head if held.get(name(row)) != row],
        "removed": [_address(row) for row in base if name(row) not in wanted],
    }


def _uid(row: Row) -> tuple[str, str]:
    return row["uid"]["type"], row["uid"]["id"]


def _address(row: Row) -> Any:
    return row["uid"] if "uid" in row else row["id"]
