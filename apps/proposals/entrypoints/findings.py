"""What a replay or a shadow found, as pages, files and REST tell it."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_url
from apps.orgs.queries import get_root

from ..models import Proposal
from ..types import FLIPS, NOT_REPLAYED, ReplayOutcome

PAGE, FIRST, BIGGEST = 50, 200, 20
HEADER = (
    "outcome", "principal", "action", "resource", "agent", "count", "recorded", "decided_at",
    "decision_id",
)  # fmt: skip
# What the lines are counted by: the member of a line, and what the page calls it.
SIDES = {
    "principal": "By person and agent",
    "action": "By action",
    "resource": "By resource",
    "agent": "By the agent that decided",
}


@dataclass(frozen=True, slots=True)
class Share:
    """How many decisions of one kind would be different; `name` says by whom or about what."""

    name: str
    allowed: int
    denied: int


class Findings(ABC):
    """What would be different by a report of recorded decisions; nothing by an empty one."""

    __slots__ = ()

    @property
    @abstractmethod
    def report(self) -> Mapping[str, Any]:
        """Return the report as it is kept."""

    @property
    def lines(self) -> Sequence[Mapping[str, Any]]:
        lines: Sequence[Mapping[str, Any]] = self.report.get("lines", ())
        return lines

    @property
    def counts(self) -> Mapping[str, int]:
        return self.report.get("counts") or {}

    @property
    def different(self) -> int:
        return sum(self.counts.get(outcome, 0) for outcome in FLIPS)

    @property
    def not_replayed(self) -> list[dict[str, Any]]:
        """Return why decisions could not be decided again, with how many each, if any."""
        found = ((reason, self.counts.get(reason, 0)) for reason in NOT_REPLAYED)
        return [
            {"reason": reason, "count": count, "words": NOT_REPLAYED[reason]}
            for reason, count in found
            if count
        ]

    def shares(self, side: str) -> list[Share]:
        """Return how many would be different by `side` of a line, the biggest first."""
        allowed: Counter[str] = Counter()
        denied: Counter[str] = Counter()
        for line in self.lines:
            is_gain = line["outcome"] == ReplayOutcome.NEWLY_ALLOWED
            (allowed if is_gain else denied)[line[side]] += line["count"]
        names = {*allowed, *denied}
        ordered = sorted(names, key=lambda name: (-allowed[name] - denied[name], name))
        return [Share(name, allowed[name], denied[name]) for name in ordered]

    @property
    def sides(self) -> list[dict[str, Any]]:
        """Return each way of counting with its biggest shares, and how many more there are."""
        found = []
        for side, title in SIDES.items():
            shares = self.shares(side)
            more = max(0, len(shares) - BIGGEST)
            found.append({"name": side, "title": title, "shares": shares[:BIGGEST], "more": more})
        return found

    def as_found(self, *, offset: int, count: int) -> dict[str, Any]:
        """Return what was found as REST tells it."""
        return {
            "counts": dict(self.counts),
            "not_replayed": self.not_replayed,
            "coverage": self.report.get("coverage"),
            **{f"by_{side}": self.shares(side) for side in SIDES},
            "beyond": self.report.get("beyond", 0),
            "lines_total": len(self.lines),
            "offset": offset,
            "lines": list(self.lines[offset : offset + count]),
        }

    def as_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return it as a page shows it."""
        return {
            "view": self,
            "lines": self.lines[:FIRST],
            "more": max(0, len(self.lines) - FIRST),
            "csv_url": csv_url(request),
        }

    def as_rows(self) -> Iterator[list[Any]]:
        """Return the lines as rows of a file under HEADER."""
        for line in self.lines:
            yield [line[name] for name in HEADER]


def require_findings(proposal: Proposal) -> None:
    """Raise Forbidden unless the actor may see the proposal and recorded decisions."""
    authorize("proposal.view", proposal.as_resource())
    authorize("decision.view", get_root().as_resource())
