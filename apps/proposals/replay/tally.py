"""What a replay found, counted by whom and what it concerns."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.fleet.types import RecordedRequest

from ..types import FLIPS, ReplayOutcome

# How many lines of what would be decided otherwise are kept; what is beyond is only counted.
ROWS = 2_000

_Line = tuple[ReplayOutcome, str, str, str, str]


@dataclass
class Tally:
    """Counts of outcomes, and a line for each kind of request that would be decided otherwise."""

    limit: int = ROWS
    counts: Counter[ReplayOutcome] = field(default_factory=Counter)
    beyond: int = 0
    _lines: dict[_Line, list[Any]] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.counts.total()

    def add(self, found: Iterable[tuple[RecordedRequest, ReplayOutcome]]) -> None:
        """Count decisions; of each line the newest is kept as its example, rows come in order."""
        for row, outcome in found:
            self.counts[outcome] += 1
            if outcome in FLIPS:
                self._note(row, outcome)

    def _note(self, row: RecordedRequest, outcome: ReplayOutcome) -> None:
        line = (outcome, row.principal, row.action, row.resource, row.agent)
        known = self._lines.get(line)
        if known is None and len(self._lines) >= self.limit:
            self.beyond += 1
            return
        count = known[0] + 1 if known else 1
        self._lines[line] = [count, row]

    def as_json(self) -> dict[str, Any]:
        """Return counts and lines as JSON values, those that concern most decisions first."""
        ordered = sorted(self._lines.items(), key=lambda item: (-item[1][0], item[0]))
        return {
            "counts": {outcome.value: self.counts[outcome] for outcome in ReplayOutcome},
            "beyond": self.beyond,
            "lines": [_line(line, count, row) for line, (count, row) in ordered],
        }


def _line(line: _Line, count: int, row: RecordedRequest) -> dict[str, Any]:
    outcome, principal, action, resource, agent = line
    return {
        "outcome": outcome.value,
        "principal": principal,
        "action": action,
        "resource": resource,
        "agent": agent,
        "count": count,
        "decision_id": str(row.id),
        "decided_at": row.decided_at.isoformat(),
        "recorded": row.decision,
    }
