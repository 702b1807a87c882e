"""Reading rules from JSON, naming each fault by its place, and writing the one canonical form."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from apps.kernel.errors import Invalid
from apps.orgs.types import Role, Severity

from .patterns import find_glob_fault, find_pattern_fault
from .types import (
    COMMON,
    FIELDS_OF,
    LEFT_OUT,
    MAX_LIST,
    MAX_RULES,
    MAX_TEXT,
    NEEDED,
    Ecosystem,
    Effect,
    Rule,
    Target,
)
from .versions import range_of

ID = re.compile(r"[a-z0-9-]{1,64}")
SCOPE_PATH = re.compile(r"[a-z0-9][a-z0-9-]{0,62}(/[a-z0-9][a-z0-9-]{0,62}){0,3}")
MODULE = re.compile(r"[\w@][\w@./:$-]*")
KEY = re.compile(r"[^\s.]+(\.[^\s.]+)*")
UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
LARGEST = 2**53

Fault = str | None


def parse_rules(value: object) -> tuple[Rule, ...]:
    """Return the rules in a JSON list, sorted by id; Invalid names every fault by its place."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _refusal(["The rules are a list."])
    if len(value) > MAX_RULES:
        raise _refusal([f"At most {MAX_RULES} rules; these are {len(value)}."])
    faults = [fault for index, item in enumerate(value) for fault in _faults_of(item, index)]
    if not faults:
        faults = list(_repeated(value))
    if faults:
        raise _refusal(faults)
    return tuple(sorted((_rule(item) for item in value), key=lambda rule: rule.id))


def parse_text(text: str) -> tuple[Rule, ...]:
    """Return the rules in JSON text; Invalid names the line, or the rule and its field."""
    if not text.strip():
        return ()
    try:
        return parse_rules(json.loads(text))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refusal([f"This is not JSON: {place}: {error.msg}."]) from error
    except (RecursionError, ValueError) as error:
        raise _refusal(["This nests too deep, or holds a number with too many digits."]) from error


def dump_rules(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Return the canonical JSON list: by id, keys sorted, what is left out not named."""
    return [_dumped(rule) for rule in sorted(rules, key=lambda rule: rule.id)]


def rules_text(rules: Iterable[Rule] | Sequence[Mapping[str, Any]]) -> str:
    """Return rules as text for people, one field a line; empty for none."""
    items = [_dumped(rule) if isinstance(rule, Rule) else dict(rule) for rule in rules]
    if not items:
        return ""
    return json.dumps(items, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _refusal(faults: list[str]) -> Invalid:
    return Invalid("The rules are not valid.", fields={"rules": faults})


def _faults_of(item: object, index: int) -> list[str]:
    place = f"rules[{index}]"
    if not isinstance(item, Mapping):
        return [f"{place}: a rule is an object."]
    target: Any = item.get("target")
    if not _is_one_of(target, Target):
        return [f"{place}.target: choose one of {', '.join(Target)}."]
    known = (*COMMON, *FIELDS_OF[Target(target)])
    faults = [
        f"{place}.{name}: a {target} rule has no such field." for name in item if name not in known
    ]
    faults += [
        f"{place}.{name}: this is needed."
        for name in ("id", "effect", *NEEDED[Target(target)])
        if item.get(name) in (None, "")
    ]
    if faults:
        return faults
    return [
        f"{place}.{name}: {fault}"
        for name, given in item.items()
        if (fault := CHECKS[name](given, item))
    ]


def _repeated(items: Sequence[Any]) -> Iterable[str]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item["id"] in seen:
            yield f"rules[{index}].id: another rule is {item['id']} too."
        seen.add(item["id"])


def _rule(item: Mapping[str, Any]) -> Rule:
    target = Target(item["target"])
    values = {**LEFT_OUT.get(target, {}), **item, "target": target}
    values["effect"] = Effect(item["effect"])
    if "ecosystem" in item:
        values["ecosystem"] = Ecosystem(item["ecosystem"])
    for name in ("alternatives", "except_in", "roles"):
        values[name] = tuple(item.get(name, ()))
    return Rule(**cast("Any", values))


def _dumped(rule: Rule) -> dict[str, Any]:
    left_out = LEFT_OUT.get(rule.target, {})
    found: dict[str, Any] = {}
    for name in sorted((*COMMON, *FIELDS_OF[rule.target])):
        value = getattr(rule, name)
        if value in (None, "", ()) or left_out.get(name) == value:
            continue
        found[name] = list(value) if isinstance(value, tuple) else value
    return {name: str(v) if type(v) in ENUMS else v for name, v in found.items()}


ENUMS = (Target, Effect, Ecosystem)


def _is_one_of(value: object, kind: Any) -> bool:
    return isinstance(value, str) and value in {one.value for one in kind}


def _check_choice(kind: Any) -> Callable[[Any, Mapping[str, Any]], Fault]:
    return lambda value, _item: (
        None if _is_one_of(value, kind) else f"choose one of {', '.join(kind)}."
    )


def _check_id(value: Any, _item: Mapping[str, Any]) -> Fault:
    if isinstance(value, str) and ID.fullmatch(value):
        return None
    return "use 1 to 64 of a-z, 0-9 and -."


def _check_text(value: Any, _item: Mapping[str, Any]) -> Fault:
    if not isinstance(value, str):
        return "this is text."
    if len(value) > MAX_TEXT:
        return f"at most {MAX_TEXT} characters; these are {len(value)}."
    if UNFIT.search(value):
        return "control characters are not allowed."
    return None


def _check_list(
    check: Callable[[Any, Mapping[str, Any]], Fault],
) -> Callable[[Any, Mapping[str, Any]], Fault]:
    def check_all(value: Any, item: Mapping[str, Any]) -> Fault:
        if not isinstance(value, list | tuple):
            return "this is a list."
        if len(value) > MAX_LIST:
            return f"at most {MAX_LIST}; these are {len(value)}."
        return next((fault for one in value if (fault := check(one, item))), None)

    return check_all


def _check_scope(value: Any, _item: Mapping[str, Any]) -> Fault:
    if isinstance(value, str) and SCOPE_PATH.fullmatch(value):
        return None
    return "name a place by its slugs, such as company/organization/team."


def _check_shape(pattern: re.Pattern[str], words: str) -> Callable[[Any, Mapping[str, Any]], Fault]:
    def check(value: Any, item: Mapping[str, Any]) -> Fault:
        fault = _check_text(value, item)
        return fault or (None if pattern.fullmatch(value) else words)

    return check


def _check_pattern(value: Any, item: Mapping[str, Any]) -> Fault:
    if item.get("equals") is not None:
        return "give either a pattern or a value, not both."
    return _check_text(value, item) or find_pattern_fault(value)


def _check_glob(value: Any, item: Mapping[str, Any]) -> Fault:
    return _check_text(value, item) or find_glob_fault(value)


def _check_equals(value: Any, item: Mapping[str, Any]) -> Fault:
    if isinstance(value, str):
        empty = "leave this out to ask only that there is a value."
        return _check_text(value, item) if value else empty
    if isinstance(value, int | float) and not -LARGEST <= value <= LARGEST:
        return "give a number that every program reads alike."
    if value is not None and not isinstance(value, int | float):
        return "give a text, a number, true or false."
    return None


def _check_versions(value: Any, item: Mapping[str, Any]) -> Fault:
    fault = _check_text(value, item)
    if fault or not value or not _is_one_of(item.get("ecosystem"), Ecosystem):
        return fault
    try:
        range_of(Ecosystem(item["ecosystem"]), value)
    except ValueError as error:
        return f"{error}."
    return None


CHECKS: dict[str, Callable[[Any, Mapping[str, Any]], Fault]] = {
    "id": _check_id,
    "target": _check_choice(Target),
    "effect": _check_choice(Effect),
    "severity": _check_choice(Severity),
    "message": _check_text,
    "alternatives": _check_list(_check_text),
    "except_in": _check_list(_check_scope),
    "roles": _check_list(_check_choice(Role)),
    "ecosystem": _check_choice(Ecosystem),
    "name": _check_text,
    "versions": _check_versions,
    "path": _check_glob,
    "file": _check_glob,
    "pattern": _check_pattern,
    "module": _check_shape(MODULE, "name a module, such as requests or lodash/fp."),
    "key": _check_shape(KEY, "name a setting by its parts, such as tool.ruff.line-length."),
    "equals": _check_equals,
}
