"""The whole comparison of a change: conflicts first, then differences, then what is pointless."""

import time
from collections.abc import Iterator, Sequence

from ..analysis import Analyzer, Comparison, Effect, Relation, Schema
from .asking import Asker, Read, Statement, read_statements
from .pairs import alike, opposed, single
from .sides import Change
from .types import Difference, Level, Matter, Place, Report, Told, witness_json

# Raised when what is found, or how it is written down, changes: older reports are made anew.
ENGINE = 1
SECONDS = 90.0
_ORDER = list(Level)


def compare_change(
    change: Change,
    schema: Schema,
    *,
    seconds: float = SECONDS,
    started: float | None = None,
) -> Report:
    """Return what a change means beside everything in force; what no time was left for is unproven.

    `started` is the moment of the monotonic clock from which `seconds` count.
    """
    begun = time.monotonic() if started is None else started
    asker = Asker(Analyzer(schema), begun + seconds)
    others, mine = _sides(change, schema)
    findings = list(_clashes(asker, mine, others))
    relations, differences = _differences(asker, change, schema)
    findings += _pointless(asker, mine, others)
    return Report(
        relation=_overall(relations),
        environments=len(schema.environments),
        differences=differences,
        findings=sorted(findings, key=lambda found: _ORDER.index(found.level)),
    )


def unproven(change: Change, reason: str) -> Report:
    """Return the report on a change of which nothing could be found out."""
    place = Place(change.id, 0, "")
    told = Told(level=Level.UNPROVEN, matter=Matter.UNREAD, first=place, reason=reason)
    relation = Relation.UNPROVEN.value
    return Report(relation=relation, environments=0, differences=[], findings=[told])


def may_clash(change: Change, schema: Schema) -> bool:
    """Return whether a permit and a forbid of the change and of others may meet, unproven."""
    asker = Asker(Analyzer(schema), time.monotonic())
    others, mine = _sides(change, schema)
    if mine.unread or (others.unread and mine.statements):
        return True
    return any(
        asker.may_meet(one, other)
        for one in mine.statements
        for other in others.statements
        if one.policy.effect is not other.policy.effect
    )


def _sides(change: Change, schema: Schema) -> tuple[Read, Read]:
    """Return the statements of all others, and of the policy that changes."""
    mine = [change.body] if change.body else []
    return (
        read_statements(change.others, schema, side="other"),
        read_statements(mine, schema, side="new"),
    )


def _clashes(asker: Asker, mine: Read, others: Read) -> Iterator[Told]:
    for body, reason in (*mine.unread, *(others.unread if mine.statements else ())):
        place = Place(body.id, 0, "")
        yield Told(level=Level.UNPROVEN, matter=Matter.UNREAD, first=place, reason=reason)
    for one in mine.statements:
        for other in (*mine.statements, *others.statements):
            if one.policy.effect is other.policy.effect:
                continue
            is_permit = one.policy.effect is Effect.PERMIT
            if other.body is one.body and not is_permit:
                continue
            yield from opposed(asker, *((one, other) if is_permit else (other, one)))


def _pointless(asker: Asker, mine: Read, others: Read) -> Iterator[Told]:
    for at, one in enumerate(mine.statements):
        yield from single(asker, one)
        for other in (*mine.statements[at + 1 :], *others.statements):
            if one.policy.effect is other.policy.effect:
                yield from alike(asker, one, other)


def _differences(
    asker: Asker, change: Change, schema: Schema
) -> tuple[list[Relation], list[Difference]]:
    before = read_statements(change.base, schema, side="before")
    after = read_statements(change.after, schema, side="after")
    gone, new = _changed(before.statements, after.statements)
    touched = {e for statement in (*gone, *new) for e in asker.scope_of(statement)}
    is_unread = bool(before.unread or after.unread)
    relations, found = [], []
    for environment in schema.environments if is_unread else sorted(touched):
        compared = asker.compare(before.statements, after.statements, environment)
        relation = Relation.UNPROVEN if is_unread else compared.relation
        relations.append(relation)
        if relation is not Relation.EQUIVALENT:
            found.append(_difference(compared, relation))
    return relations, found


def _changed(
    before: Sequence[Statement], after: Sequence[Statement]
) -> tuple[list[Statement], list[Statement]]:
    """Return the statements that are only in the one, and only in the other."""
    old, new = ({s.policy.digest for s in side} for side in (before, after))
    return (
        [s for s in before if s.policy.digest not in new],
        [s for s in after if s.policy.digest not in old],
    )


def _difference(compared: Comparison, relation: Relation) -> Difference:
    environment = compared.environment
    reasons = {found.reason for found in (compared.newly_allowed, compared.newly_denied)}
    return Difference(
        principal=environment.principal,
        action=environment.action_id,
        resource=environment.resource,
        relation=relation.value,
        allowed=witness_json(compared.newly_allowed.witness),
        denied=witness_json(compared.newly_denied.witness),
        reason=" ".join(sorted(reasons - {""})),
    )


def _overall(relations: Sequence[Relation]) -> str:
    found = set(relations) - {Relation.EQUIVALENT}
    if Relation.UNPROVEN in found:
        return Relation.UNPROVEN.value
    if not found:
        return Relation.EQUIVALENT.value
    return found.pop().value if len(found) == 1 else Relation.INCOMPARABLE.value
