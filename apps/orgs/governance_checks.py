"""Rules for the input of a change to governance, each complaint naming its field."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any

from apps.kernel.errors import Invalid

from .governance import Preset, Setting, Terms, terms_from
from .types import Role, RoleResolution, Severity

LONGEST_HOURS = 365 * 24
KIND = re.compile(r"^[a-z_]{0,32}$")


def clean_setting(setting: str, value: Any) -> tuple[Setting, dict[str, Any]]:
    """Return the setting and its value in canonical form; Invalid naming what is wrong."""
    chosen = Setting(_choice(setting, "setting", Setting))
    if not isinstance(value, dict):
        raise Invalid(fields={"value": ["This must be an object."]})
    cleaners: Mapping[Setting, Callable[[dict[str, Any]], dict[str, Any]]] = {
        Setting.PRESET: lambda v: {"preset": _choice(v.get("preset"), "preset", Preset)},
        Setting.ROLE_RESOLUTION: lambda v: {
            "role_resolution": _choice(v.get("role_resolution"), "role_resolution", RoleResolution)
        },
        Setting.RULE: lambda v: {**_place(v), "terms": clean_terms(v.get("terms", {})).as_json()},
        Setting.RULE_REMOVED: _place,
    }
    return chosen, cleaners[chosen](value)


def clean_terms(values: Any) -> Terms:
    """Return the terms that `values` describe; Invalid naming every field that is wrong."""
    if not isinstance(values, dict):
        raise Invalid(fields={"terms": ["This must be an object."]})
    problems = {name: ["There is no such term."] for name in values if name not in TERM_CHECKS}
    for name, value in values.items():
        problem = TERM_CHECKS[name](value) if name in TERM_CHECKS else None
        if problem:
            problems[name] = [problem]
    if problems:
        raise Invalid(fields=problems)
    return terms_from(values)


def _place(value: dict[str, Any]) -> dict[str, Any]:
    kind = value.get("kind", "")
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        raise Invalid(fields={"kind": ["This is not a kind of change."]})
    floor = value.get("severity_floor", Severity.INFO)
    return {"kind": kind, "severity_floor": _choice(floor, "severity_floor", Severity)}


def _choice(value: Any, field: str, options: type[StrEnum]) -> str:
    if not isinstance(value, str) or value not in set(options):
        raise Invalid(fields={field: [f"Choose one of {', '.join(options)}."]})
    return str(options(value))


def _number(low: int, high: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return None if is_number and low <= value <= high else f"A whole number, {low} to {high}."

    return check


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "Say true or false."


def _role(value: Any) -> str | None:
    is_role = isinstance(value, str) and (value == "" or value in set(Role))
    return None if is_role else f"Leave it empty or choose one of {', '.join(Role)}."


def _severity(value: Any) -> str | None:
    is_severity = isinstance(value, str) and value in set(Severity)
    return None if is_severity else f"Choose one of {', '.join(Severity)}."


def _percents(value: Any) -> str | None:
    percent = _number(1, 99)
    is_list = isinstance(value, list | tuple) and len(value) <= 5
    is_fine = is_list and all(percent(item) is None for item in value)
    is_rising = is_fine and all(a < b for a, b in pairwise(value))
    return None if is_rising else "Up to five rising whole numbers, 1 to 99."


TERM_CHECKS: Mapping[str, Callable[[Any], str | None]] = {
    "required_approvals": _number(1, 10),
    "approver_role": _role,
    "auto_approve_role": _role,
    "allows_direct": _flag,
    "review_hours": _number(0, LONGEST_HOURS),
    "reminder_percents": _percents,
    "escalates": _flag,
    "expiry_hours": _number(1, LONGEST_HOURS),
    "agent_max_severity": _severity,
    "agents_may_approve": _flag,
}
