"""Which values to try for what the organization does not say: the context, unknown resources."""

import itertools
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ..analysis.schema import Plain, RecordType, SetType, Type
from .patterns import are_all_ways, examples, written
from .reads import Read
from .types import Option, Says

# How many combinations of values are tried for one kind of request, and elements of a set.
GRID, ELEMENTS = 96, 3
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
_ABSENT = Option(says=Says.ABSENT)
_EMPTY = {"Bool": False, "Long": 0, "String": ""}


class CannotTry(Exception):
    """A value is needed of a type that no value is known for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One attribute and the values tried; complete if these stand for all values there are."""

    root: str
    name: str
    options: tuple[Option, ...]
    is_complete: bool = True


def facets_of(root: str, shape: RecordType, reads: Iterable[Read]) -> list[Facet]:
    """Return a facet for each attribute of a shape that is read, or needed; CannotTry if not."""
    mine = [read for read in reads if _roots(read) & {root}]
    facets = [_facet(root, name, kind, needed, mine) for name, kind, needed in shape.attributes]
    return [facet for facet in facets if facet.options != (_ABSENT,) or not facet.is_complete]


def trimmed(facets: Sequence[Facet]) -> list[Facet]:
    """Return the facets with so few values that their combinations can be tried."""
    found = list(facets)
    while math.prod(len(one.options) for one in found) > GRID:
        at = max(range(len(found)), key=lambda place: len(found[place].options))
        found[at] = replace(found[at], options=found[at].options[:-1], is_complete=False)
    return found


def _roots(read: Read) -> set[str]:
    return {read.path[0], *(read.literals[:1] if read.kind == "under" else ())}


def _facet(root: str, name: str, kind: Type, needed: bool, reads: Sequence[Read]) -> Facet:
    asked = [found for read in reads if (found := _about(root, name, read))]
    is_complete = True
    options: tuple[Option, ...] = (_default(kind),) if needed and not asked else ()
    if asked:
        options, is_complete = _options(kind, asked)
    if not needed:
        options = (_ABSENT, *options)
    elif not options:
        raise CannotTry(name)
    return Facet(root=root, name=name, options=options, is_complete=is_complete)


def _about(root: str, name: str, read: Read) -> Read | None:
    """Return what a question asks of one attribute; None if nothing."""
    paths = [read.path, read.literals] if read.kind == "under" else [read.path]
    for path in paths:
        if path[:2] == (root, name):
            is_plain = len(path) == 2 and read.kind != "under"
            return read if is_plain else Read("whole", path)
        if path == (root,) and read.kind == "has" and read.literals == (name,):
            return Read("has", (root, name))
        if path == (root,) and read.kind == "whole":
            return Read("whole", (root, name), read.literals)
    return None


def _default(kind: Type) -> Option:
    if isinstance(kind, SetType):
        return Option(says=Says.OTHER, value=())
    if isinstance(kind, Plain) and kind.name in _EMPTY:
        return Option(says=Says.OTHER, value=_EMPTY[kind.name])
    raise CannotTry


def _options(kind: Type, reads: Sequence[Read]) -> tuple[tuple[Option, ...], bool]:
    kinds = {read.kind for read in reads}
    is_known = "whole" not in kinds
    if isinstance(kind, Plain) and kind.name == "Bool":
        return tuple(Option(says=Says.IS, value=value) for value in (True, False)), True
    if isinstance(kind, Plain) and kind.name == "Long":
        return _numbers(reads, is_known=is_known), is_known
    if isinstance(kind, Plain) and kind.name == "String":
        return _texts(reads, is_known=is_known)
    if kind == SetType(Plain("String")):
        return _sets(reads, is_known=is_known)
    return (), False


def _numbers(reads: Sequence[Read], *, is_known: bool) -> tuple[Option, ...]:
    borders = sorted({one for read in reads for one in read.literals if type(one) is int})
    if not is_known:
        near = {one + step for one in borders or [0] for step in (-1, 0, 1)}
        return tuple(
            Option(says=Says.IS, value=one) for one in sorted(near) if LONG_MIN <= one <= LONG_MAX
        )
    options: list[Option] = []
    low: int | None = None
    for border in borders:
        options += _range(low, border - 1)
        options.append(Option(says=Says.IS, value=border))
        low = border + 1
    return (*options, *_range(low, None))


def _range(low: int | None, high: int | None) -> Iterable[Option]:
    least, most = (LONG_MIN if low is None else low), (LONG_MAX if high is None else high)
    if least > most:
        return
    if least == most:
        yield Option(says=Says.IS, value=least)
        return
    value = high if high is not None else low if low is not None else 0
    yield Option(says=Says.RANGE, value=value, low=low, high=high)


def _texts(reads: Sequence[Read], *, is_known: bool) -> tuple[tuple[Option, ...], bool]:
    literals = sorted({one for read in reads if read.kind == "eq" for one in read.literals})
    patterns = sorted(
        {read.literals for read in reads if read.kind == "like"},
        key=lambda pattern: [part or "" for part in pattern],
    )
    found = examples(patterns, apart_from=literals)
    options = [Option(says=Says.IS, value=one) for one in literals]
    for way, text in sorted(found.items(), reverse=True):
        said = list(zip(map(written, patterns), way, strict=True))
        met = tuple(pattern for pattern, is_met in said if is_met)
        options.append(
            Option(
                says=Says.LIKE if met else Says.OTHER,
                value=text,
                patterns=met,
                unlike=tuple(pattern for pattern, is_met in said if not is_met),
                besides=tuple(literals),
            )
        )
    return tuple(options), is_known and are_all_ways(patterns, found)


def _sets(reads: Sequence[Read], *, is_known: bool) -> tuple[tuple[Option, ...], bool]:
    asked = sorted({str(one) for read in reads if read.kind == "holds" for one in read.literals})
    is_small = len(asked) <= ELEMENTS
    subsets: Collection[tuple[str, ...]] = (
        [s for size in range(len(asked) + 1) for s in itertools.combinations(asked, size)]
        if is_small
        else [(), *((one,) for one in asked), tuple(asked)]
    )
    options = [
        Option(says=Says.HOLDS, value=held, besides=tuple(one for one in asked if one not in held))
        for held in subsets
    ]
    options.append(Option(says=Says.OTHER, value=(_fresh(asked),), besides=tuple(asked)))
    return tuple(options), is_known and is_small


def _fresh(taken: Collection[str]) -> str:
    return next(
        text for text in (f"other{at or ''}" for at in itertools.count()) if text not in taken
    )
