"""Entries of a revision that end by themselves, to the second and without word from the portal."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aeterna_cedar_agent import lease
from aeterna_cedar_agent.shape import (
    ShapeError,
    need_list,
    need_object,
    take_text,
    take_whole,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporary:
    """An entry that ends at `not_after`, and at `deadline` by a clock that nobody turns back.

    `not_after` and `taken_at` are unix seconds; `deadline` counts in the boot named `boot`.
    """

    id: str
    not_after: int
    taken_at: float
    deadline: float
    boot: str | None

    @property
    def is_over(self) -> bool:
        """Tell whether either clock has reached the end."""
        return time.time() >= self.not_after or lease.now() >= self.deadline

    def as_json(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        return {
            "id": self.id,
            "not_after": self.not_after,
            "taken_at": self.taken_at,
            "deadline": self.deadline,
            "boot": self.boot,
        }


def read_temporary(
    claims: Mapping[str, Any], *, known: Collection[str], before: Sequence[Temporary] = ()
) -> tuple[Temporary, ...]:
    """Return the entries that a manifest names as temporary, the first to end first.

    What was taken `before` keeps its deadline. Raises ShapeError for one that is not among the
    `known` ids, comes twice or has no end.
    """
    rows = need_list(claims.get("temporary", []), field="temporary")
    ends: dict[str, int] = {}
    for place, value in enumerate(rows):
        field = f"temporary[{place}]"
        row = need_object(value, field=field)
        name = take_text(row, "id", within=field)
        if name not in known:
            raise ShapeError(field=f"{field}.id", problem="names no policy of the revision")
        if name in ends:
            raise ShapeError(field=f"{field}.id", problem="occurs more than once")
        ends[name] = take_whole(row, "not_after", within=field)
    if not ends:
        return ()
    signed_at = take_whole(claims, "iat")
    kept = {(item.id, item.not_after): item for item in before}
    taken = (
        _carried(held) if (held := kept.get(end)) else _taken(*end, signed_at=signed_at)
        for end in ends.items()
    )
    return tuple(sorted(taken, key=lambda item: (item.not_after, item.id)))


def read_kept(source: Mapping[str, Any]) -> tuple[Temporary, ...]:
    """Read what the store kept; raises ShapeError."""
    rows = enumerate(need_list(source.get("temporary", []), field="temporary"))
    return tuple(_kept(value, field=f"temporary[{place}]") for place, value in rows)


def _taken(name: str, not_after: int, *, signed_at: int) -> Temporary:
    # It was signed before it came: however slow the wall clock is here, no more is left than then.
    moment = time.time()
    deadline = lease.now() + not_after - max(moment, signed_at)
    boot = lease.boot()
    return Temporary(id=name, not_after=not_after, taken_at=moment, deadline=deadline, boot=boot)


def _carried(held: Temporary) -> Temporary:
    if held.boot is not None and held.boot == lease.boot():
        return held
    # After a reboot only the wall clock is left: where it went back, nothing of the time is.
    moment = time.time()
    left = held.not_after - moment if moment >= held.taken_at else 0
    return Temporary(
        id=held.id,
        not_after=held.not_after,
        taken_at=held.taken_at,
        deadline=lease.now() + left,
        boot=lease.boot(),
    )


def _kept(value: object, *, field: str) -> Temporary:
    row = need_object(value, field=field)
    return Temporary(
        id=take_text(row, "id", within=field),
        not_after=take_whole(row, "not_after", within=field),
        taken_at=_seconds(row, "taken_at", within=field),
        deadline=_seconds(row, "deadline", within=field),
        boot=None if row.get("boot") is None else take_text(row, "boot", within=field),
    )


def _seconds(row: Mapping[str, Any], key: str, *, within: str) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ShapeError(field=f"{within}.{key}", problem="must be a number of seconds")
    return float(value)
