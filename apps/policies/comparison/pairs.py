"""What two statements do to one another, over every kind of request that both speak of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..analysis import Effect, Environment, Finding, Verdict
from .asking import Asker, Statement
from .rule import level_of
from .types import Level, Matter, Told, witness_json


@dataclass
class _Met:
    """Where a permit and a forbid were found to meet, and whether the permit is left anything."""

    proven: list[Finding] = field(default_factory=list)
    unproven: list[Finding] = field(default_factory=list)
    is_whole: Verdict = Verdict.PROVEN
    reason: str = ""


def opposed(asker: Asker, permit: Statement, forbid: Statement) -> Iterator[Told]:
    """Yield what there is to tell of a permit and a forbid: a conflict, a limit, or not known."""
    if not asker.may_meet(permit, forbid):
        return
    met = _meet(asker, permit, forbid)
    if met.proven:
        is_whole = met.is_whole is Verdict.PROVEN
        level = level_of(permit=permit.body, forbid=forbid.body, is_whole=is_whole)
        if is_whole or level is not Level.WARNING:
            matter = Matter.OVERRIDDEN if is_whole else Matter.OVERLAP
            yield _told(level, matter, permit, forbid, met.proven)
    reason = _open_question(permit, forbid, met)
    if reason:
        yield Told(
            level=Level.UNPROVEN,
            matter=Matter.OVERLAP if met.unproven else Matter.OVERRIDDEN,
            first=permit.place,
            second=forbid.place,
            environments=tuple(str(found.environment) for found in met.unproven),
            reason=reason,
        )


def _open_question(permit: Statement, forbid: Statement, met: _Met) -> str:
    """Return why it is not known that there is no conflict; empty where it is known."""
    partly = level_of(permit=permit.body, forbid=forbid.body, is_whole=False)
    wholly = level_of(permit=permit.body, forbid=forbid.body, is_whole=True)
    is_partly_told = bool(met.proven) and partly is Level.CONFLICT
    if met.unproven and partly is Level.CONFLICT and not is_partly_told:
        return met.unproven[0].reason
    if met.is_whole is Verdict.UNPROVEN and wholly is Level.CONFLICT and not is_partly_told:
        return met.reason
    return ""


def _meet(asker: Asker, permit: Statement, forbid: Statement) -> _Met:
    met = _Met()
    below = set(asker.environments(forbid))
    above = asker.environments(permit)
    for environment in above:
        if environment in below:
            _meet_in(asker, permit, forbid, environment, met)
        else:
            met.is_whole = Verdict.REFUTED
    if not above:
        met.is_whole = Verdict.REFUTED
    return met


def _meet_in(
    asker: Asker, permit: Statement, forbid: Statement, environment: Environment, met: _Met
) -> None:
    found = asker.overlap(permit, forbid, environment)
    if found.verdict is Verdict.REFUTED:
        met.is_whole = Verdict.REFUTED
        return
    (met.proven if found.verdict is Verdict.PROVEN else met.unproven).append(found)
    if met.is_whole is Verdict.REFUTED:
        return
    covered = asker.covered(permit, forbid, environment)
    if covered.verdict is not Verdict.PROVEN:
        met.is_whole, met.reason = covered.verdict, covered.reason


def alike(asker: Asker, mine: Statement, other: Statement) -> Iterator[Told]:
    """Yield that one of two statements of one effect is pointless beside the other."""
    if not asker.may_meet(mine, other):
        return
    forth, back = _covers(asker, mine, other), _covers(asker, other, mine)
    if forth and back:
        yield _pointless(Matter.REDUNDANT, mine, other, forth)
    elif forth:
        yield _pointless(Matter.SHADOWED, mine, other, forth)
    elif back:
        yield _pointless(Matter.SHADOWED, other, mine, back)


def _covers(asker: Asker, one: Statement, by: Statement) -> Sequence[Environment]:
    """Return where `one` applies if `by` applies everywhere there too; empty if not, or unknown."""
    mine, theirs = asker.environments(one), set(asker.environments(by))
    if not theirs.issuperset(mine):
        return ()
    if any(asker.covered(one, by, e).verdict is not Verdict.PROVEN for e in mine):
        return ()
    return mine


def _pointless(matter: Matter, one: Statement, by: Statement, where: Sequence[Environment]) -> Told:
    return Told(
        level=Level.WARNING,
        matter=matter,
        first=one.place,
        second=by.place,
        environments=tuple(str(environment) for environment in where),
    )


def single(asker: Asker, mine: Statement) -> Iterator[Told]:
    """Yield that a statement never applies, that its conditions say nothing, or can fail."""
    where = asker.environments(mine)
    if not where:
        yield Told(level=Level.WARNING, matter=Matter.NEVER_APPLIES, first=mine.place)
        return
    if mine.policy.body["conditions"] and mine.policy.effect is Effect.PERMIT:
        always = [asker.always_matches(mine, environment) for environment in where]
        if all(found.verdict is Verdict.PROVEN for found in always):
            yield _told(Level.WARNING, Matter.ALWAYS_APPLIES, mine, None, always)
    failing = [
        found
        for environment in where
        if (found := asker.never_errors(mine, environment)).verdict is Verdict.REFUTED
    ]
    if failing:
        yield _told(Level.WARNING, Matter.CAN_FAIL, mine, None, failing)


def _told(
    level: Level, matter: Matter, one: Statement, by: Statement | None, found: Sequence[Finding]
) -> Told:
    return Told(
        level=level,
        matter=matter,
        first=one.place,
        second=by.place if by else None,
        environments=tuple(str(finding.environment) for finding in found),
        witness=witness_json(next((f.witness for f in found if f.witness), None)),
    )
