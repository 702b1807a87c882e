"""Entities parsed against a schema, with the first entity at fault named where that fails."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import cedarpy


def parse_entities(
    entities: Sequence[Mapping[str, Any]], *, schema: cedarpy.Schema | None
) -> cedarpy.Entities | str:
    """Return the parsed entities, or as text why they, or the schema, do not allow it."""
    try:
        text = json.dumps(entities)
        return cedarpy.Entities.from_json_str(text, schema, release_gil=True)
    except (ValueError, RecursionError) as error:
        return _explain(entities, schema=schema, error=error)


def _explain(
    entities: Sequence[Mapping[str, Any]], *, schema: cedarpy.Schema | None, error: Exception
) -> str:
    uids = Counter(_name(entity) for entity in entities)
    repeated = next((uid for uid, times in uids.items() if times > 1), None)
    if repeated is not None:
        return f"entity {repeated} occurs more than once"
    for entity in entities:
        try:
            cedarpy.Entities.from_json_str(json.dumps([entity]), schema, release_gil=True)
        except (ValueError, RecursionError) as own:
            return f"entity {_name(entity)}: {own}"
    return f"entities: {error}"


def _name(entity: Mapping[str, Any]) -> str:
    uid = entity["uid"]
    return f"{uid['type']}::{json.dumps(uid['id'], ensure_ascii=False)}"
