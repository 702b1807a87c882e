"""The circumstances under which somebody gains or loses something, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
ALWAYS, ALWAYS_TRIED = "always", "in every case that was tried"
NAMES = {
    "mfa": "a second factor",
    "hour": "the hour",
    "source": "the source",
    "reason": "the reason",
}


def tell_when(terms: Sequence[Json], *, is_sampled: bool) -> str:
    """Return conditions in words; the other values of each attribute change nothing."""
    if not terms:
        return ALWAYS_TRIED if is_sampled else ALWAYS
    told = " and ".join(_term(term) for term in terms)
    return f"when {told}{' (examples were tried)' if is_sampled else ''}"


def _term(term: Json) -> str:
    name = NAMES.get(term["name"], f"the {term['name']}")
    if term["name"] == "mfa" and term["root"] == "context":
        return _or([_flag(option) for option in term["options"]])
    options = _joined(term["options"])
    has_absent = any(option["says"] == "absent" for option in options)
    said = [_option(option) for option in options if option["says"] != "absent"]
    parts = [f"{name} is {_or(said)}"] if said else []
    return _or([*parts, *([f"{name} is not given"] if has_absent else [])])


def _flag(option: Json) -> str:
    if option["says"] == "absent":
        return "nothing is said of a second factor"
    return "a second factor was given" if option["value"] else "no second factor was given"


def _joined(options: Sequence[Json]) -> list[Json]:
    """Return options with numbers that follow on one another as one range."""
    found: list[Json] = []
    for option in options:
        low, high = _ends(option)
        last = _ends(found[-1]) if found else (None, None)
        if found and low is not None and last[1] is not None and low == last[1] + 1:
            found[-1] = {"says": "range", "low": last[0], "high": high}
        else:
            found.append(option)
    return found


def _ends(option: Json) -> tuple[int | None, int | None]:
    if option["says"] == "range":
        return option["low"], option["high"]
    value = option.get("value")
    is_number = option["says"] == "is" and type(value) is int
    return (value, value) if is_number else (None, None)


def _option(option: Json) -> str:
    says = option["says"]
    if says == "range":
        return _range(option["low"], option["high"])
    if says == "like":
        return _like(option)
    if says == "holds":
        return f"just {_quoted(option['value'])}" if option["value"] else "empty"
    if says == "other":
        return "anything else"
    value = option["value"]
    return f"“{value}”" if isinstance(value, str) else str(value).lower()


def _range(low: int | None, high: int | None) -> str:
    if low is None:
        return "any number" if high is None else f"{high} or less"
    return f"{low} or more" if high is None else f"{low} to {high}"


def _like(option: Json) -> str:
    like = f"like {_quoted(option['patterns'])}"
    but = f" but not {_quoted(option['unlike'])}" if option["unlike"] else ""
    return f"{like}{but}"


def _quoted(texts: Sequence[str]) -> str:
    return " and ".join(f"“{text}”" for text in texts)


def _or(parts: Sequence[str]) -> str:
    return " or ".join(parts)
