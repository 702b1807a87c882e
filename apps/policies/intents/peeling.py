"""Taking off, one by one, what is said beside the matter of a clause."""

from .asides import Aside
from .exceptions import take_exception
from .manner import take_alternative, take_reason, take_severity
from .reader import Reader
from .timing import take_condition
from .whereabouts import move_files, take_person, take_place

TAKERS = (
    take_alternative,
    take_reason,
    take_severity,
    take_exception,
    take_condition,
    take_place,
    move_files,
    take_person,
)


def peel(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words without the next thing that is said beside the matter; the same if none."""
    for taker in TAKERS:
        left = taker(words, aside, reader).strip(" ,")
        if left != words:
            return left
    return words
