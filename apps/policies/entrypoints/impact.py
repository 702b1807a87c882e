"""How who gains and who loses is told: over REST, on pages, as a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from pydantic import Field

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_url
from apps.kernel.entrypoints.listing import address
from apps.kernel.entrypoints.rest import Body, Limit, Query, Resource, unset
from apps.kernel.errors import Invalid

from .. import queries
from ..cedar import require_valid
from ..impacts import facts_digest, find_impact, impact_of_text, working_copy_of
from ..models import Impact, Policy
from ..telling.impact import ImpactLine, ImpactTelling
from .scopes import require_somewhere
from .serializers import Cedar

PAGE, FIRST, LAST = 50, 10, 1_000_000
CSV_HEADER = ("kind", "who", "id", "effect", "action", "where", "when", "is_sampled")
ONLY_RULES = (
    "This policy has only rules. Rules are what projects are checked for: they neither give nor "
    "take access, so nobody gains or loses any by them."
)


class State(StrEnum):
    """How far it is; `outdated` is of an organization that changed since."""

    NONE = "none"
    PENDING = "pending"
    READY = "ready"
    OUTDATED = "outdated"
    FAILED = "failed"


class ImpactLineOut(Resource):
    """One person or agent, and what they gain or lose, where and when."""

    kind: str = Field(description="User, Agent, or hidden for those the caller may not see.")
    id: UUID | None
    name: str
    hidden: int = Field(description="For how many people and agents the line stands, if hidden.")
    effect: str = Field(description="gains or loses")
    action: str
    where: str
    when: str
    is_sampled: bool = Field(description="Whether only examples of the circumstances were tried.")


class CountsOut(Resource):
    """How many are concerned."""

    people: int
    agents: int
    resources: int


class ImpactOut(Resource):
    """Who gains and who loses in today's organization, and what the policy's tests find."""

    state: State
    worked_out_at: datetime | None
    summary: str
    notes: list[str] = Field(description="What the answer does not cover.")
    counts: CountsOut | None
    total: int = Field(description="How many lines there are.")
    offset: int
    lines: list[ImpactLineOut]
    tests: list[dict[str, Any]]


Offset = Annotated[int, Field(ge=0, le=LAST)]


class ImpactQuery(Query):
    """Which lines to answer."""

    count: Limit = PAGE
    offset: Offset = 0


class ImpactIn(Body):
    """Cedar text, in place of what a policy says in force, or beside everything as a new one."""

    cedar: Cedar
    policy_id: UUID = unset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactView:
    """An impact for the reader in scope; without a telling there is nothing to show yet."""

    state: State
    telling: ImpactTelling | None = None
    worked_out_at: datetime | None = None
    tests: Sequence[Mapping[str, Any]] = ()
    note: str = ""

    @property
    def first(self) -> list[ImpactLine]:
        """Return the lines that a page shows before all of them are asked for."""
        return self.telling.lines(0, FIRST) if self.telling else []

    @property
    def has_more(self) -> bool:
        return self.telling is not None and self.telling.total > FIRST

    @property
    def failed_tests(self) -> int:
        """Return how many tests do not pass."""
        return sum(not test["has_passed"] for test in self.tests)

    def as_answer(self, *, offset: int = 0, count: int = PAGE) -> dict[str, Any]:
        """Return it as REST tells it."""
        telling = self.telling
        return {
            "state": self.state,
            "worked_out_at": self.worked_out_at,
            "summary": self.note or (telling.summary if telling else ""),
            "notes": telling.notes if telling else [],
            "counts": telling.counts if telling else None,
            "total": telling.total if telling else 0,
            "offset": offset,
            "lines": telling.lines(offset, count) if telling else [],
            "tests": list(self.tests),
        }


def impact_view(impact: Impact | None, *, facts: str | None, note: str = "") -> ImpactView:
    """Return what is kept for the reader in scope; without `facts` it is not held against today."""
    if impact is None:
        return ImpactView(state=State.PENDING, note=note)
    is_current = facts is None or impact.facts == facts
    telling = None if "failed" in impact.report else ImpactTelling(impact.report)
    state = State.READY if is_current else State.OUTDATED
    return ImpactView(
        state=state if telling else State.FAILED,
        telling=telling,
        worked_out_at=impact.worked_out_at,
        tests=impact.tests,
        note=note,
    )


def working_copy_impact(policy: Policy, *, is_asked: bool) -> ImpactView:
    """Return the impact of a working copy; it is pending once an analysis was asked for."""
    note = "" if policy.cedar.strip() else ONLY_RULES
    impact = find_impact(working_copy_of(policy).change)
    if impact is None and not is_asked:
        return ImpactView(state=State.NONE, note=note)
    return impact_view(impact, facts=facts_digest(policy), note=note)


def preview_impact(
    *,
    cedar: str,
    policy_id: UUID | None = None,
    count: int = PAGE,
    offset: int = 0,
) -> Mapping[str, Any]:
    """Return who would gain and lose if Cedar text were in force; saves nothing."""
    require_somewhere("policy.simulate")
    policy = queries.get_policy(policy_id) if policy_id else None
    if policy is not None:
        authorize("policy.simulate", policy.as_resource())
    report = impact_of_text(cedar=require_valid(cedar), policy=policy)
    view = ImpactView(state=State.READY, telling=ImpactTelling(report))
    return view.as_answer(offset=offset, count=count)


def page_of_lines(request: HttpRequest, telling: ImpactTelling) -> dict[str, Any]:
    """Return the lines of the page that the address asks for, and the addresses around it."""
    start = _start(request.GET.get("from", "")) if telling.total else 0
    lines = telling.lines(start, PAGE)
    before, after = max(0, start - PAGE), start + PAGE
    return {
        "lines": lines,
        "total": telling.total,
        "previous_url": address(request, **{"from": str(before or "")}) if start else "",
        "next_url": address(request, **{"from": str(after)}) if after < telling.total else "",
        "csv_url": csv_url(request),
    }


def csv_rows(telling: ImpactTelling) -> Iterator[tuple[Any, ...]]:
    """Yield every line for a file."""
    for line in telling.lines(0, telling.total):
        yield (
            line.kind, line.name, line.id, line.effect, line.action, line.where, line.when,
            "yes" if line.is_sampled else "no",
        )  # fmt: skip


def _start(text: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or int(text[:9]) > LAST or len(text) > 9:
        raise Invalid(fields={"from": ["Give the number of a line."]})
    return int(text)
