"""A condition of a policy in words; what no words are known for is quoted as it stands."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cedarpy

from apps.orgs.types import ROLE_TITLES, Role

from .vocabulary import (
    BETWEEN,
    COMPARISONS,
    EXTENSIONS,
    FACTS,
    KINDS,
    NOUNS,
    VARIABLES,
)

Expression = Mapping[str, Any]
# Comparisons that are false of an attribute that is absent, so that `has` before them adds nothing.
POSITIVE = ("==", "<", "<=", ">", ">=", "like", "contains", "containsAll", "containsAny", ".")

PLURAL = ("roles of whoever asks", "capabilities", "tags")


def tell(expression: Expression) -> str:
    """Return what must be true, such as `its path ends in ".env" and the hour is less than 6`."""
    ((kind, parts),) = expression.items()
    teller = TELLERS.get(kind)
    return (teller(parts, expression) if teller else "") or _quoted(expression)


def _all_of(parts: Any, expression: Expression) -> str:
    terms = _flat("&&", expression)
    kept = [term for i, term in enumerate(terms) if not _is_implied(term, terms[i + 1 :])]
    return " and ".join(_inner(term) for term in kept)


def _any_of(parts: Any, expression: Expression) -> str:
    return "either " + " or ".join(_inner(term) for term in _flat("||", expression))


def _flat(operator: str, expression: Expression) -> list[Expression]:
    if operator not in expression:
        return [expression]
    sides = expression[operator]
    return [*_flat(operator, sides["left"]), *_flat(operator, sides["right"])]


def _inner(term: Expression) -> str:
    is_compound = any(kind in term for kind in ("&&", "||", "if-then-else"))
    return f"({tell(term)})" if is_compound else tell(term)


def _is_implied(term: Expression, later: Sequence[Expression]) -> bool:
    if "has" not in term:
        return False
    wanted = {".": term["has"]}
    return any(_is_positive_about(wanted, one) for one in later)


def _is_positive_about(attribute: Expression, term: Expression) -> bool:
    if term == attribute:
        return True
    if "||" in term:
        return all(_is_positive_about(attribute, one) for one in _flat("||", term))
    ((kind, parts),) = term.items()
    if kind not in POSITIVE or not isinstance(parts, Mapping):
        return False
    return attribute in (parts.get("left"), parts.get("right"))


def _not(parts: Any, _expression: Expression) -> str:
    inner = parts["arg"]
    fact = _fact(inner)
    return fact[1] if fact else f"it is not so that ({tell(inner)})"


def _compare(kind: str) -> Callable[[Any, Expression], str]:
    def told(parts: Any, _expression: Expression) -> str:
        fact = _fact(parts["left"])
        truth = parts["right"].get("Value")
        if fact and kind in ("==", "!=") and isinstance(truth, bool):
            return fact[0] if truth == (kind == "==") else fact[1]
        left, right = _noun(parts["left"]), _noun(parts["right"])
        return f"{left} {COMPARISONS[kind]} {right}" if left and right else ""

    return told


def _like(parts: Any, _expression: Expression) -> str:
    noun = _noun(parts["left"])
    shape = _pattern(parts["pattern"])
    return f"{noun} {shape}" if noun and shape else ""


def _pattern(parts: Sequence[Any]) -> str:
    wild = [part == "Wildcard" for part in parts]
    text = "".join(part["Literal"] for part in parts if part != "Wildcard")
    inside = json.dumps(text, ensure_ascii=False)
    if not any(wild):
        return f"is {inside}"
    if sum(wild) == 1 and wild[0]:
        return f"ends in {inside}" if text else "is anything"
    if sum(wild) == 1 and wild[-1]:
        return f"starts with {inside}"
    if sum(wild) == 2 and wild[0] and wild[-1] and text:
        return f"contains {inside}"
    shape = "".join("*" if part == "Wildcard" else part["Literal"] for part in parts)
    if "*" in text:
        return ""
    return f"fits {json.dumps(shape, ensure_ascii=False)}, where * stands for any text"


def _has(parts: Any, _expression: Expression) -> str:
    attribute = {".": {"left": parts["left"], "attr": parts["attr"]}}
    if _fact(attribute):
        return "it is known whether a second factor was used"
    noun = _noun(attribute)
    verb = "are" if noun.endswith(PLURAL) else "is"
    return f"{noun} {verb} known" if noun else ""


def _attribute(_parts: Any, expression: Expression) -> str:
    fact = _fact(expression)
    noun = _noun(expression)
    return fact[0] if fact else (f"{noun} is true" if noun else "")


def _between(kind: str) -> Callable[[Any, Expression], str]:
    def told(parts: Any, _expression: Expression) -> str:
        role = _role(kind, parts)
        if role:
            return role
        left, right = _noun(parts["left"]), _noun(parts["right"])
        return f"{left} {BETWEEN[kind]} {right}" if left and right else ""

    return told


def _role(kind: str, parts: Any) -> str:
    held = parts["left"].get(".", {})
    if kind != "contains" or held.get("attr") != "roles":
        return ""
    who, value = held["left"], parts["right"].get("Value")
    if value not in {role.value for role in Role}:
        return ""
    name = ROLE_TITLES[Role(value)]
    noun = "whoever asks" if who == {"Var": "principal"} else _noun(who)
    return f"{noun} holds the role {name}" if noun else ""


def _within(parts: Any, _expression: Expression) -> str:
    left, right = _noun(parts["left"]), _noun(parts["right"])
    return f"{left} is in {right}" if left and right else ""


def _is(parts: Any, _expression: Expression) -> str:
    noun = _noun(parts["left"])
    kind = KINDS.get(parts["entity_type"])
    if not noun or not kind:
        return ""
    where = f" in {_noun(parts['in'])}" if "in" in parts else ""
    return f"{noun} is {kind}{where}"


def _extension(kind: str) -> Callable[[Any, Expression], str]:
    def told(parts: Any, _expression: Expression) -> str:
        left, right = _noun(parts[0]), _noun(parts[1])
        return f"{left} {EXTENSIONS[kind]} {right}" if left and right else ""

    return told


def _choice(parts: Any, _expression: Expression) -> str:
    condition, then, other = (_inner(parts[name]) for name in ("if", "then", "else"))
    return f"if {condition}, then {then}, and otherwise {other}"


def _value(parts: Any, _expression: Expression) -> str:
    return {True: "always", False: "never"}[parts] if isinstance(parts, bool) else ""


def _fact(expression: Expression) -> tuple[str, str] | None:
    held = expression.get(".", {})
    return FACTS.get((held["left"].get("Var", ""), held["attr"])) if held else None


def _noun(expression: Expression) -> str:
    """Return what names a value in a sentence; empty if no words are known for it."""
    ((kind, parts),) = expression.items()
    if kind == "Var":
        return VARIABLES[parts]
    if kind == "Value":
        return _named_value(parts)
    if kind == "Set":
        named = [_noun(one) for one in parts]
        return f"[{', '.join(named)}]" if all(named) else ""
    if kind == ".":
        return _named_attribute(parts) or _quoted(expression)
    return _quoted(expression)


def _named_attribute(parts: Any) -> str:
    left, attribute = parts["left"], parts["attr"]
    if "Var" in left:
        return NOUNS.get((left["Var"], attribute), "")
    owner = {".": {"left": {"Var": "principal"}, "attr": "owner"}}
    return "the roles of the agent's owner" if left == owner and attribute == "roles" else ""


def _named_value(value: Any) -> str:
    entity = value.get("__entity") if isinstance(value, Mapping) else None
    if entity:
        return name_entity(entity)
    is_plain = isinstance(value, str | bool | int)
    return json.dumps(value, ensure_ascii=False) if is_plain else ""


def name_entity(entity: Mapping[str, str]) -> str:
    """Return what names one entity, such as `the scope meridian/payments`."""
    kind = KINDS.get(entity["type"], entity["type"]).partition(" ")
    name = json.dumps(entity["id"], ensure_ascii=False)
    return f"the {kind[2] or kind[0]} {name}"


def _quoted(expression: Expression) -> str:
    return f"`{as_cedar(expression)}`"


def as_cedar(expression: Expression) -> str:
    """Return an expression of the syntax tree as Cedar text on one line."""
    everything = {"op": "All"}
    policy = {
        "effect": "permit",
        "principal": everything,
        "action": everything,
        "resource": everything,
        "conditions": [{"kind": "when", "body": expression}],
    }
    held = {"templates": {}, "staticPolicies": {"p": policy}, "templateLinks": []}
    text = cedarpy.policies_from_json_str(json.dumps(held))
    body = text[text.index("{") + 1 : text.rindex("}")]
    return body.strip()


TELLERS: Mapping[str, Callable[[Any, Expression], str]] = {
    "&&": _all_of,
    "||": _any_of,
    "!": _not,
    "like": _like,
    "has": _has,
    ".": _attribute,
    "in": _within,
    "is": _is,
    "if-then-else": _choice,
    "Value": _value,
    **{kind: _compare(kind) for kind in COMPARISONS},
    **{kind: _between(kind) for kind in BETWEEN},
    **{kind: _extension(kind) for kind in EXTENSIONS},
}
