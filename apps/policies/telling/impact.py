"""Who gains and who loses, in words, with the names that the reader may see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.orgs.queries import list_agents, list_visible_users, permitted_scope_ids, scope_places

from .circumstances import tell_when
from .places import Places
from .requests import tell_action

Json = Mapping[str, Any]
HIDDEN = "hidden"
# Where something is done has a column of its own.
WORDS = {"deploy": "deploy"}
NOBODY = "Nobody's access changes today."
NOBODY_TRIED = "Nobody's access changes today in any of the cases that were tried."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactLine:
    """One person or agent, and what they gain or lose, where and when.

    `kind` is User, Agent or hidden: `hidden` counts those whom the reader may not see.
    """

    kind: str
    id: UUID | None
    name: str
    hidden: int
    effect: str
    action: str
    words: str
    where: str
    when: str
    is_sampled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Somebody the reader may see."""

    kind: str
    id: UUID
    name: str


class ImpactTelling:
    """A report in words for the actor in scope; lines are made as they are asked for."""

    def __init__(self, report: Json) -> None:
        """Read names of people, agents and places once."""
        self.report = report
        self.counts: Mapping[str, int] = report["counts"]
        self.rows: Sequence[Json] = report["rows"]
        self._seen = _people_and_agents()
        self._places = _places()
        self._who = [self._seen.get(tuple(uid)) for uid in report["who"]]
        self._sizes = [self._size(row) for row in self.rows]

    @property
    def total(self) -> int:
        """Return how many lines there are."""
        return sum(self._sizes)

    @property
    def summary(self) -> str:
        """Say in one sentence whom the change concerns."""
        if not self.rows:
            return NOBODY_TRIED if self.notes else NOBODY
        people, agents = self.counts["people"], self.counts["agents"]
        parts = [_count(people, "person", "people"), _count(agents, "agent", "agents")]
        told = " and ".join(part for part in parts if part)
        effects = {row["effect"] for row in self.rows}
        does = "gain" if effects == {"gains"} else "lose" if effects == {"loses"} else ""
        return f"{told} would {does} access." if does else f"Access changes for {told}."

    @property
    def notes(self) -> list[str]:
        """Say what the answer does not cover."""
        notes = []
        if self.report["is_sampled"]:
            notes.append(
                "Some conditions can be met in more ways than can be tried: there, examples were "
                "tried, and requests between them may be decided otherwise."
            )
        if self.report["is_cut"]:
            notes.append(
                f"This is not all: at most {self.report['limit']:,} requests are put to Cedar, and "
                f"at most {len(self.rows):,} kinds of change are listed."
            )
        if self.report["unread"]:
            notes.append("A policy in force could not be read and is left out.")
        notes += [
            f"Whether anybody may {tell_action(action)} could not be tried."
            for action in self.report["untried"]
        ]
        return notes

    def lines(self, start: int, count: int) -> list[ImpactLine]:
        """Return the lines from one on, in order."""
        found: list[ImpactLine] = []
        before = 0
        for row, size in zip(self.rows, self._sizes, strict=True):
            if before + size > start and len(found) < count:
                skip = max(0, start - before)
                wanted = skip + count - len(found)
                found += list(self._lines(row))[skip:wanted]
            before += size
        return found

    def _lines(self, row: Json) -> Iterator[ImpactLine]:
        shared = {
            "effect": row["effect"],
            "action": row["action"],
            "words": WORDS.get(row["action"]) or tell_action(row["action"]),
            "where": self._places.tell([self.report["what"][at] for at in row["what"]]),
            "when": tell_when(row["when"], is_sampled=row["is_sampled"]),
            "is_sampled": row["is_sampled"],
        }
        hidden = 0
        for one in (self._who[at] for at in row["who"]):
            if one is None:
                hidden += 1
            else:
                yield ImpactLine(kind=one.kind, id=one.id, name=one.name, hidden=0, **shared)
        if hidden:
            whom = _count(hidden, "person or agent", "people and agents")
            name = f"{whom} whom you may not see"
            yield ImpactLine(kind=HIDDEN, id=None, name=name, hidden=hidden, **shared)

    def _size(self, row: Json) -> int:
        seen = sum(self._who[at] is not None for at in row["who"])
        return seen + (seen < len(row["who"]))


def _people_and_agents() -> dict[tuple[str, ...], Seen]:
    people = list_visible_users().values_list("id", "email", "name")
    agents = list_agents().values_list("id", "name")
    return {
        **{("User", email): Seen(kind="User", id=id, name=name) for id, email, name in people},
        **{("Agent", str(id)): Seen(kind="Agent", id=id, name=name) for id, name in agents},
    }


def _places() -> Places:
    seen = frozenset(permitted_scope_ids("org.view"))
    known = scope_places()
    return Places(known.values(), seen=(place for id, place in known.items() if str(id) in seen))


def _count(number: int, one: str, many: str) -> str:
    return "" if number == 0 else f"{number:,} {one if number == 1 else many}"
