"""Parts of one intent that cannot both hold."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from ..rules.types import Ecosystem
from ..rules.versions import ANY, intersect, is_within, range_of
from .asking import Contradiction
from .pieces import Piece
from .statements import Statement, Who

SUBJECT = ("target", "ecosystem", "name", "path", "pattern", "module", "file", "key")


def require_consistent(pieces: Sequence[Piece]) -> None:
    """Raise Contradiction, naming both parts, if two parts of an intent cannot both hold."""
    for one, other in combinations(pieces, 2):
        if isinstance(one, Statement) and isinstance(other, Statement):
            _compare_statements(one, other)
        elif isinstance(one, dict) and isinstance(other, dict):
            _compare_rules(one, other)
    for piece in pieces:
        if isinstance(piece, dict) and piece.get("ecosystem") and piece.get("versions"):
            _require_some_version(piece)


def _require_some_version(rule: dict[str, Any]) -> None:
    if not intersect(_range(rule), ANY):
        raise Contradiction(f"No version of {rule['name']} is {rule['versions']}.")


def _compare_rules(one: dict[str, Any], other: dict[str, Any]) -> None:
    effects = {one["effect"], other["effect"]}
    if len(effects) == 1:
        _compare_alike(one, other)
        return
    if any(_subject(one, name) != _subject(other, name) for name in SUBJECT):
        return
    if one.get("equals") != other.get("equals") or _is_excepted(one) or _is_excepted(other):
        return
    if one["target"] == "dependency" and not _collide(one, other, effects):
        return
    named = one.get("name") or one.get("path") or one.get("module") or one.get("key")
    words = {"forbid": "forbidden", "require": "required", "allow": "allowed"}
    raise Contradiction(f"{named} is both {words[one['effect']]} and {words[other['effect']]}.")


def _compare_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    if one["effect"] != "require" or one["target"] not in ("dependency", "config"):
        if one["effect"] == "forbid" and one["target"] == "dependency":
            _require_a_way(one, other)
        return
    if any(_subject(one, name) != _subject(other, name) for name in SUBJECT):
        return
    if one["target"] == "config" and one.get("equals") != other.get("equals"):
        raise Contradiction(
            f"{one['key']} cannot be both {one.get('equals')} and {other.get('equals')}."
        )
    if one["target"] == "dependency" and not intersect(_range(one), _range(other)):
        raise Contradiction(
            f"No version of {one['name']} is both {one['versions']} and {other['versions']}."
        )


def _require_a_way(one: dict[str, Any], other: dict[str, Any]) -> None:
    # Two bans that leave no version at all were meant as bounds that cannot both hold.
    same = one.get("ecosystem") == other.get("ecosystem") and one["name"] == other["name"]
    if same and one.get("versions") and other.get("versions"):
        held = (*_range(one), *_range(other))
        if is_within(ANY, held):
            raise Contradiction(
                f"{one['versions']} and {other['versions']} forbid every version of {one['name']}."
            )


def _collide(one: dict[str, Any], other: dict[str, Any], effects: set[str]) -> bool:
    if effects == {"forbid", "require"}:
        forbidden, required = (one, other) if one["effect"] == "forbid" else (other, one)
        return is_within(_range(required), _range(forbidden))
    if effects == {"forbid", "allow"}:
        forbidden, allowed = (one, other) if one["effect"] == "forbid" else (other, one)
        return is_within(_range(forbidden), _range(allowed))
    return False


def _range(rule: dict[str, Any]) -> Any:
    versions = rule.get("versions")
    return range_of(Ecosystem(rule["ecosystem"]), versions) if versions else ANY


def _subject(rule: dict[str, Any], name: str) -> Any:
    value = rule.get(name)
    return str(value).removeprefix("**/") if name == "path" and value else value


def _is_excepted(rule: dict[str, Any]) -> bool:
    return bool(rule.get("except_in") or rule.get("roles"))


def _compare_statements(one: Statement, other: Statement) -> None:
    if one.effect == other.effect:
        return
    forbid, permit = (one, other) if one.effect == "forbid" else (other, one)
    if not _is_about(forbid, permit) or not _is_among(permit.who, forbid.who):
        return
    if set(forbid.when) - set(permit.when):
        return
    if any(_is_met(condition, permit) for condition in forbid.unless):
        return
    if forbid.unless and permit.when:
        return
    raise Contradiction(
        f"It allows and forbids the same: {', '.join(permit.actions).replace('_', ' ')}. What is "
        "forbidden stays forbidden; say “except” where that is meant."
    )


def _is_about(forbid: Statement, permit: Statement) -> bool:
    if not set(forbid.actions) & set(permit.actions):
        return False
    return not forbid.place or forbid.place == permit.place or permit.place.startswith(
        f"{forbid.place}/"
    )  # fmt: skip


def _is_among(inner: Who, outer: Who) -> bool:
    if outer == Who() or inner == outer:
        return True
    if outer.kind and inner.kind == outer.kind:
        return not outer.roles and (not outer.place or inner.place == outer.place)
    return False


def _is_met(condition: str, permit: Statement) -> bool:
    return condition in permit.when or condition in (permit.who.as_condition(), permit.who.test())
