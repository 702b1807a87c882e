"""When a permit and a forbid that meet are in conflict, and when one limits as it is meant to."""

from .sides import Body, Mode
from .types import Level

_GUARDS = frozenset({Mode.MANDATORY, Mode.FORBIDDEN})


def level_of(*, permit: Body, forbid: Body, is_whole: bool) -> Level:
    """Return how serious it is that `forbid` denies what `permit` allows.

    A permit that is left nothing is always in conflict. Otherwise a forbid limits as it is meant
    to where its policy says that it is a guard rail for the permit's scope, or where it stands
    below the permit's policy and that leaves room for it.
    """
    if permit.id == forbid.id:
        return Level.WARNING
    if is_whole:
        return Level.CONFLICT
    is_guard_rail = forbid.mode in _GUARDS and _reaches(forbid, permit)
    is_narrower = len(forbid.path) > len(permit.path) and _reaches(permit, forbid)
    if is_guard_rail or (is_narrower and permit.mode is not Mode.FORBIDDEN):
        return Level.LIMIT
    return Level.CONFLICT


def _reaches(above: Body, below: Body) -> bool:
    return below.path[: len(above.path)] == above.path
