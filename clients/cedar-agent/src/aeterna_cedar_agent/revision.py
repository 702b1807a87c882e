"""One published revision as a value: policies, schema and entities that belong together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aeterna_cedar_agent import digest
from aeterna_cedar_agent.shape import (
    need_list,
    need_object,
    need_text,
    take,
    take_list,
    take_text,
    take_whole,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy of a revision; `cedar` may hold several statements."""

    id: str
    version: int
    name: str
    cedar: str

    def as_json(self) -> dict[str, Any]:
        """Return the policy as the protocol writes it."""
        return {"id": self.id, "version": self.version, "name": self.name, "cedar": self.cedar}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision with the digest its publisher claims for it, and the JWS that signs for both."""

    number: int
    digest: str
    schema: str
    policies: tuple[Policy, ...]
    entities: tuple[dict[str, Any], ...]
    manifest: str

    def computed_digest(self) -> str:
        """Digest what is really here, to compare with the claimed digest."""
        return digest.content_digest(
            schema=self.schema,
            policies=[policy.as_json() for policy in self.policies],
            entities=self.entities,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the revision as the protocol writes it."""
        return {
            "revision": self.number,
            "digest": self.digest,
            "schema": self.schema,
            "policies": [policy.as_json() for policy in self.policies],
            "entities": list(self.entities),
            "manifest": self.manifest,
        }


def read_revision(source: Mapping[str, Any]) -> Revision:
    """Read a revision from decoded JSON, or raise ShapeError naming the field."""
    return Revision(
        number=take_whole(source, "revision"),
        digest=take_text(source, "digest"),
        schema=take_text(source, "schema", empty=True),
        policies=read_policies(source, "policies"),
        entities=read_entities(source, "entities"),
        manifest=take_text(source, "manifest"),
    )


def read_policies(source: Mapping[str, Any], key: str, *, within: str = "") -> tuple[Policy, ...]:
    """Read a required list of policies, or raise ShapeError."""
    field = f"{within}.{key}" if within else key
    rows = enumerate(take_list(source, key, within=within))
    return tuple(_policy(value, field=f"{field}[{place}]") for place, value in rows)


def read_entities(
    source: Mapping[str, Any], key: str, *, within: str = ""
) -> tuple[dict[str, Any], ...]:
    """Read a required list of entities, or raise ShapeError."""
    field = f"{within}.{key}" if within else key
    rows = enumerate(take_list(source, key, within=within))
    return tuple(_entity(value, field=f"{field}[{place}]") for place, value in rows)


def check_uid(value: object, *, field: str) -> tuple[str, str]:
    """Return the type and id of an entity's address, or raise ShapeError."""
    uid = need_object(value, field=field)
    kind = need_text(uid.get("type"), field=f"{field}.type")
    return kind, need_text(uid.get("id"), field=f"{field}.id", empty=True)


def _policy(value: object, *, field: str) -> Policy:
    row = need_object(value, field=field)
    return Policy(
        id=take_text(row, "id", within=field),
        version=take_whole(row, "version", within=field),
        name=take_text(row, "name", within=field, empty=True),
        cedar=take_text(row, "cedar", within=field, empty=True),
    )


def _entity(value: object, *, field: str) -> dict[str, Any]:
    row = need_object(value, field=field)
    uid, uid_field = take(row, "uid", within=field)
    check_uid(uid, field=uid_field)
    attrs, attrs_field = take(row, "attrs", within=field)
    need_object(attrs, field=attrs_field)
    parents, parents_field = take(row, "parents", within=field)
    for place, parent in enumerate(need_list(parents, field=parents_field)):
        check_uid(parent, field=f"{parents_field}[{place}]")
    return row
