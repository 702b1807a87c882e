"""What changed since a revision, and the revision that it makes of that one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aeterna_cedar_agent.revision import (
    Policy,
    Revision,
    check_uid,
    read_entities,
    read_policies,
)
from aeterna_cedar_agent.shape import (
    need_text,
    take_list,
    take_object,
    take_text,
    take_whole,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The changes from a base revision to the next wanted one; schema None is that of the base."""

    base_number: int
    base_digest: str
    number: int
    digest: str
    schema: str | None
    policies: tuple[Policy, ...]
    removed_policies: frozenset[str]
    entities: tuple[dict[str, Any], ...]
    removed_entities: frozenset[tuple[str, str]]
    manifest: str

    def fits(self, held: Revision | None) -> bool:
        """Tell whether this starts from what is held."""
        if held is None:
            return False
        return (held.number, held.digest) == (self.base_number, self.base_digest)

    def apply(self, held: Revision) -> Revision:
        """Return the whole revision, in the order in which the portal tells one."""
        policies = {item.id: item for item in held.policies if item.id not in self.removed_policies}
        policies.update((item.id, item) for item in self.policies)
        entities = {
            uid: row for row in held.entities if (uid := _uid(row)) not in self.removed_entities
        }
        entities.update((_uid(row), row) for row in self.entities)
        return replace(
            held,
            number=self.number,
            digest=self.digest,
            schema=held.schema if self.schema is None else self.schema,
            policies=tuple(
                policies[name] for name in sorted(policies.keys() - self.removed_policies)
            ),
            entities=tuple(
                entities[uid] for uid in sorted(entities.keys() - self.removed_entities)
            ),
            manifest=self.manifest,
        )


def read_delta(source: Mapping[str, Any]) -> Delta:
    """Read a delta from decoded JSON, or raise ShapeError naming the field."""
    base, within = take_object(source, "base")
    policies, policies_field = take_object(source, "policies")
    entities, entities_field = take_object(source, "entities")
    gone = enumerate(take_list(policies, "removed", within=policies_field))
    lost = enumerate(take_list(entities, "removed", within=entities_field))
    return Delta(
        base_number=take_whole(base, "revision", within=within),
        base_digest=take_text(base, "digest", within=within),
        number=take_whole(source, "revision"),
        digest=take_text(source, "digest"),
        schema=take_text(source, "schema", empty=True) if "schema" in source else None,
        policies=read_policies(policies, "changed", within=policies_field),
        removed_policies=frozenset(
            need_text(value, field=f"{policies_field}.removed[{place}]") for place, value in gone
        ),
        entities=read_entities(entities, "changed", within=entities_field),
        removed_entities=frozenset(
            check_uid(value, field=f"{entities_field}.removed[{place}]") for place, value in lost
        ),
        manifest=take_text(source, "manifest"),
    )


def _uid(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["uid"]["type"], row["uid"]["id"]
