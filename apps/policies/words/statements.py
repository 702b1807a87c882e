"""Statements of Cedar as sentences: who may or may not do what, when, and unless what."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy

from .expressions import name_entity, tell
from .vocabulary import ACTIONS, GROUPS, KINDS


@dataclass(frozen=True, slots=True)
class Telling:
    """One statement in words: the whole sentence, and the parts it is made of."""

    effect: str
    sentence: str
    who: str
    what: str
    when: tuple[str, ...]
    unless: tuple[str, ...]


def tell_policy(cedar: str) -> tuple[Telling, ...]:
    """Return each statement of valid Cedar in words, in the order of the text; ValueError if not.

    What no words are known for is quoted as Cedar.
    """
    if not cedar.strip():
        return ()
    told = json.loads(cedarpy.policies_to_json_str(cedar))
    if told["templates"]:
        raise ValueError("a template has no one meaning: name the principal and the resource")
    statements = told["staticPolicies"]
    return tuple(_telling(statements[name]) for name in sorted(statements, key=_number))


def _number(name: str) -> int:
    return int(name.removeprefix("policy"))


def _telling(policy: Mapping[str, Any]) -> Telling:
    is_permit = policy["effect"] == "permit"
    who = _who(policy["principal"], is_permit=is_permit)
    what = _what(policy["action"], policy["resource"])
    when = tuple(tell(c["body"]) for c in policy["conditions"] if c["kind"] == "when")
    unless = tuple(tell(c["body"]) for c in policy["conditions"] if c["kind"] == "unless")
    sentence = f"{who} {what}{_conditions(when, unless)}."
    return Telling(policy["effect"], sentence, who, what, when, unless)


def _conditions(when: Sequence[str], unless: Sequence[str]) -> str:
    # Another statement may permit the same in other cases, so that `only` would be wrong.
    said = f" when {_joined(when, 'and')}" if when else ""
    return said + (f", unless {_joined(unless, 'or')}" if unless else "")


def _joined(parts: Sequence[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else f" {word} ".join(f"({part})" for part in parts)


def _who(scope: Mapping[str, Any], *, is_permit: bool) -> str:
    who, is_one = _principal(scope)
    if is_one:
        return f"{who} {'may' if is_permit else 'may not'}"
    return f"{'Any' if is_permit else 'No'}{who} may"


def _principal(scope: Mapping[str, Any]) -> tuple[str, bool]:
    if scope["op"] == "==":
        name = name_entity(scope["entity"])
        return name[0].upper() + name[1:], True
    kind = "body" if scope["op"] != "is" else _kind_of(scope["entity_type"])
    place = scope.get("in", {}).get("entity") if scope["op"] == "is" else scope.get("entity")
    if not place:
        return kind, False
    through = "who is, or belongs to," if place["type"] == "User" else "in"
    return f"{kind} {through} {name_entity(place)}", False


def _kind_of(entity_type: str) -> str:
    named = KINDS.get(entity_type, f"a {entity_type}")
    return " " + named.partition(" ")[2]


def _what(action: Mapping[str, Any], resource: Mapping[str, Any]) -> str:
    names = _actions(action)
    done = _one_of([_said(name) for name in names]) if names else "do anything"
    kinds = {kind for name in names for kind in ACTIONS.get(name, ("", ("?",)))[1]}
    return done + _on(resource, kinds)


def _said(name: str) -> str:
    return ACTIONS[name][0] if name in ACTIONS else f'do "{name}"'


def _one_of(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def _actions(scope: Mapping[str, Any]) -> list[str]:
    if scope["op"] == "All":
        return []
    entities = scope["entities"] if "entities" in scope else [scope["entity"]]
    names = [entity["id"] for entity in entities]
    if scope["op"] == "==":
        return names
    spread = [one for name in names for one in GROUPS.get(name, (name,))]
    return list(dict.fromkeys(spread))


def _on(scope: Mapping[str, Any], kinds: set[str]) -> str:
    if scope["op"] == "All":
        return ""
    if scope["op"] == "==":
        return f", namely {name_entity(scope['entity'])}"
    place = scope.get("in", {}).get("entity") if scope["op"] == "is" else scope["entity"]
    where = f" in {name_entity(place)}" if place else ""
    if scope["op"] == "is" and kinds != {scope["entity_type"]}:
        return f", where that is {KINDS.get(scope['entity_type'], scope['entity_type'])}{where}"
    return where
