"""What policies speak of by name: the values near which their decisions turn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .extension_calls import LITERALS
from .extensions import WIDTHS, address_number
from .policies import Policy
from .terms import LONG_MAX, LONG_MIN


@dataclass
class Literals:
    """The literals of policies by type, each number with its neighbours."""

    numbers: dict[str, set[int]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=lambda: {"", "a"})
    addresses: set[tuple[bool, int, int]] = field(
        default_factory=lambda: {(False, 2130706433, 0), (True, 1, 0)}
    )
    entities: dict[str, set[str]] = field(default_factory=dict)

    def note_number(self, kind: str, number: int) -> None:
        near = {number - 1, number, number + 1}
        held = self.numbers.setdefault(kind, {0, LONG_MIN, LONG_MAX})
        held |= {one for one in near if LONG_MIN <= one <= LONG_MAX}

    def note_address(self, text: str) -> None:
        is_six, number, host = address_number(text)
        width = WIDTHS[is_six]
        for near in (number - 1, number, number + (1 << host) - 1, number + (1 << host)):
            if 0 <= near < 2**width:
                self.addresses |= {(is_six, near, 0), (is_six, number, host)}


def literals_of(policies: Iterable[Policy]) -> Literals:
    """Return every literal of the policies."""
    found = Literals()
    for policy in policies:
        _walk(policy.body, found)
    return found


def _walk(body: Any, found: Literals) -> None:
    if isinstance(body, list):
        for one in body:
            _walk(one, found)
    elif isinstance(body, Mapping):
        if set(body) == {"type", "id"}:
            found.entities.setdefault(body["type"], set()).add(body["id"])
        for key, held in body.items():
            _note(key, held, found)
            _walk(held, found)


def _note(key: str, held: Any, found: Literals) -> None:
    if key == "Value" and isinstance(held, str):
        found.texts.add(held)
    elif key == "Value" and isinstance(held, int) and not isinstance(held, bool):
        found.note_number("Long", held)
    elif key == "pattern":
        found.texts |= {_filled(held, "", ""), _filled(held, "x", ""), _filled(held, "", "x")}
    elif isinstance(held, list) and len(held) == 1 and isinstance(held[0], dict):
        text = held[0].get("Value")
        if isinstance(text, str) and key in LITERALS:
            found.note_number(key, LITERALS[key](text))
        elif isinstance(text, str) and key == "ip":
            found.note_address(text)


def _filled(pattern: list[Any], wild: str, tail: str) -> str:
    parts = (wild if part == "Wildcard" else part["Literal"] for part in pattern)
    return "".join(parts) + tail
