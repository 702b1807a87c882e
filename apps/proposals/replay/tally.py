"""What a replay or a shadow found, counted by whom and what it concerns."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from apps.fleet.types import RecordedRequest

from ..types import FLIPS, ReplayOutcome

# How many lines of what would be decided otherwise are kept; what is beyond is only counted.
ROWS = 2_000


class _Line(NamedTuple):
    outcome: ReplayOutcome
    principal: str
    action: str
    resource: str
    agent: str


class _Example(NamedTuple):
    decided_at: datetime
    id: UUID
    recorded: str


@dataclass
class Tally:
    """Counts of outcomes, and a line for each kind of request that would be decided otherwise."""

    limit: int = ROWS
    counts: Counter[ReplayOutcome] = field(default_factory=Counter)
    beyond: int = 0
    _lines: dict[_Line, tuple[int, _Example]] = field(default_factory=dict)

    @classmethod
    def resumed(cls, report: Mapping[str, Any], *, limit: int = ROWS) -> Self:
        """Return the tally that `as_json` gave this report of; an empty report is a new one."""
        counts = {ReplayOutcome(name): count for name, count in report.get("counts", {}).items()}
        lines = dict(_read(line) for line in report.get("lines", ()))
        return cls(limit, Counter(counts), report.get("beyond", 0), lines)

    @property
    def done(self) -> int:
        return self.counts.total()

    @property
    def different(self) -> int:
        return sum(self.counts[outcome] for outcome in FLIPS)

    def add(self, found: Iterable[tuple[RecordedRequest, ReplayOutcome]]) -> None:
        """Count decisions in any order; of each line the newest is kept as its example."""
        for row, outcome in found:
            self.counts[outcome] += 1
            if outcome in FLIPS:
                self._note(row, outcome)

    def _note(self, row: RecordedRequest, outcome: ReplayOutcome) -> None:
        line = _Line(outcome, row.principal, row.action, row.resource, row.agent)
        example = _Example(row.decided_at, row.id, row.decision)
        known = self._lines.get(line)
        if known is None and len(self._lines) >= self.limit:
            self.beyond += 1
            return
        count, newest = known or (0, example)
        self._lines[line] = (count + 1, max(newest, example))

    def as_json(self) -> dict[str, Any]:
        """Return counts and lines as JSON values, those that concern most decisions first."""
        ordered = sorted(self._lines.items(), key=lambda item: (-item[1][0], item[0]))
        return {
            "counts": {outcome.value: self.counts[outcome] for outcome in ReplayOutcome},
            "beyond": self.beyond,
            "lines": [_told(line, count, example) for line, (count, example) in ordered],
        }


def _told(line: _Line, count: int, example: _Example) -> dict[str, Any]:
    return {
        **line._asdict(),
        "outcome": line.outcome.value,
        "count": count,
        "decision_id": str(example.id),
        "decided_at": example.decided_at.isoformat(),
        "recorded": example.recorded,
    }


def _read(told: Mapping[str, Any]) -> tuple[_Line, tuple[int, _Example]]:
    outcome = ReplayOutcome(told["outcome"])
    line = _Line(outcome, told["principal"], told["action"], told["resource"], told["agent"])
    moment = datetime.fromisoformat(told["decided_at"])
    return line, (told["count"], _Example(moment, UUID(told["decision_id"]), told["recorded"]))
