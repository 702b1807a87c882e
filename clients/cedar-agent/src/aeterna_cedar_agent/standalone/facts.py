"""Entities as callers write them, and as they are served: parsed once, meaning fixed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cedarpy

from aeterna_cedar_agent import slicing
from aeterna_cedar_agent.engine import RefusedError
from aeterna_cedar_agent.entity_check import parse_entities
from aeterna_cedar_agent.revision import read_entities
from aeterna_cedar_agent.shape import need_list
from aeterna_cedar_agent.slicing.world import Uid

Rows = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Entities in JSON that says by itself what is an entity or an extension value, and parsed."""

    rows: Rows
    handle: cedarpy.Entities
    world: slicing.World


def read_rows(value: object) -> Rows:
    """Read a list of entities, or raise ShapeError naming the field."""
    rows = [_plain(row) for row in need_list(value, field="body")]
    return read_entities({"body": rows}, "body")


def parse_facts(rows: Rows, *, schema: cedarpy.Schema | None) -> Facts:
    """Parse entities by a schema, or raise RefusedError.

    What only the schema could tell, such as that an attribute is an entity, is written into the
    rows: they mean the same when the schema is taken away.
    """
    handle = parse_entities(rows, schema=schema)
    if isinstance(handle, str):
        raise RefusedError(stage="validate", error=handle)
    parsed = slicing.rows_of(handle)
    told = {Uid(row["uid"]["type"], row["uid"]["id"]): row for row in parsed}
    explicit = tuple(_explicit(row, told=told) for row in rows)
    return Facts(rows=explicit, handle=handle, world=slicing.World(parsed))


def _explicit(row: dict[str, Any], *, told: Mapping[Uid, dict[str, Any]]) -> dict[str, Any]:
    same = told.get(Uid(row["uid"]["type"], row["uid"]["id"]), row)
    tags = {"tags": same["tags"]} if same.get("tags") else {}
    return {"uid": row["uid"], "attrs": same["attrs"], "parents": row["parents"], **tags}


def _plain(row: object) -> object:
    if not isinstance(row, dict):
        return row
    changed = dict(row)
    if "uid" in row:
        changed["uid"] = _plain_uid(row["uid"])
    if isinstance(row.get("parents"), list):
        changed["parents"] = [_plain_uid(parent) for parent in row["parents"]]
    return changed


def _plain_uid(value: object) -> object:
    if isinstance(value, dict) and value.keys() == {"__entity"}:
        return value["__entity"]
    return value
