"""What may mend a mistake in Cedar text, from the message and the names that the schema knows."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

IGNORED = frozenset({"principal", "resource", "context"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that policy text may use, each list sorted."""

    types: tuple[str, ...]
    actions: tuple[str, ...]
    attributes: tuple[str, ...]

    @classmethod
    def of_schema(cls, schema: str) -> Self:
        """Return the names that a schema in Cedar's own notation declares."""
        text = re.sub(r"//[^\n]*", "", schema)
        groups = re.findall(r"\baction ((?:\w+,\s*)*\w+)", text)
        actions = {name for group in groups for name in re.findall(r"\w+", group)}
        return cls(
            types=tuple(sorted(set(re.findall(r"\bentity (\w+)", text)))),
            actions=tuple(sorted(actions)),
            attributes=tuple(sorted(set(re.findall(r"(\w+)\??:", text)) - IGNORED)),
        )


def suggest(message: str, names: Names) -> str:
    """Return one sentence that says what may mend it; empty if there is nothing to say."""
    for pattern, answer in ANSWERS:
        match = pattern.search(message)
        if match:
            return answer(match, names)
    return ""


def _say(text: str) -> Callable[[re.Match[str], Names], str]:
    return lambda _match, _names: text


def _close(word: str, known: Iterable[str], shape: str, *, all_of: str) -> str:
    options = sorted(known)
    lowered = {name.lower(): name for name in options}
    found = get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    if found:
        return f"Did you mean {shape.format(lowered[found[0]])}?"
    return f"{all_of}: {_listed(options)}."


def _listed(options: Sequence[str]) -> str:
    return ", ".join(options)


def _entity(match: re.Match[str], names: Names) -> str:
    return _close(match[1], names.types, "`{}`", all_of="The types are")


def _action(match: re.Match[str], names: Names) -> str:
    return _close(match[1], names.actions, '`Action::"{}"`', all_of="The actions are")


def _attribute(match: re.Match[str], names: Names) -> str:
    return _close(match[1], names.attributes, "`{}`", all_of="The attributes are")


def _optional(match: re.Match[str], _names: Names) -> str:
    name = match[1]
    return f"It may be absent: ask `has {name}` first, as in `context has {name} && …`."


def _effect(match: re.Match[str], _names: Names) -> str:
    meant = {"allow": "permit", "deny": "forbid", "block": "forbid"}.get(match[1].lower())
    return f"Write `{meant}`." if meant else "A statement starts with `permit` or `forbid`."


ANSWERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Names], str]], ...] = (
    (re.compile(r"'=' is not a valid operator"), _say("To compare, write `==`.")),
    (re.compile(r"^Unexpected `and`"), _say("For and, write `&&`.")),
    (re.compile(r"^Unexpected `or`"), _say("For or, write `||`.")),
    (re.compile(r"^Unexpected `not`"), _say("For not, write `!`.")),
    (re.compile(r"^Unexpected `[&|]`"), _say("Write both signs: `&&` or `||`.")),
    (re.compile(r"^Unexpected `'`"), _say('Put text in double quotes: `"text"`.')),
    (re.compile(r"^Unexpected `(?:permit|forbid|@)`"), _say("End the statement before with `;`.")),
    (re.compile(r"^Unexpected end"), _say("Close every bracket, then end the statement with `;`.")),
    (re.compile(r"string is not closed"), _say('Close it with `"`.')),
    (re.compile(r"[Ii]nvalid policy effect: (\w+)"), _effect),
    (re.compile(r"(?i)unrecognized entity type `(?:\w+::)*(\w+)`"), _entity),
    (re.compile(r'(?i)unrecognized action `(?:\w+::)*Action::"([^"]*)"`'), _action),
    (re.compile(r"optional attribute `(\w+)`"), _optional),
    (re.compile(r"(?i)attribute `(\w+)`.* not found"), _attribute),
    (re.compile(r"Expected an entity uid"), _say('Name it by its type, as in `Action::"deploy"`.')),
    (re.compile(r"types Long and String"), _say("A number is written without quotes.")),
)
