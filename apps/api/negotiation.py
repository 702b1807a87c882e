"""Which representation is answered: what Accept prefers among what an address offers."""

from collections.abc import Sequence

from django.http.request import MediaType
from rest_framework.exceptions import NotAcceptable

JSON = "application/json"
CSV = "text/csv"


def chosen_type(accept: str, offered: Sequence[str]) -> str:
    """Return the offered media type that `accept` prefers, the first among equals.

    Raises NotAcceptable when it accepts none of them.
    """
    ranges = [MediaType(part) for part in (accept or "*/*").split(",") if part.strip()]
    best = max(offered, key=lambda name: _quality(name, ranges))
    if _quality(best, ranges) <= 0:
        raise NotAcceptable(f"This address answers {' or '.join(offered)}.")
    return best


def _quality(name: str, ranges: Sequence[MediaType]) -> float:
    # The most specific range that matches decides, as RFC 9110 §12.5.1 says.
    wanted = MediaType(name)
    fitting = [r for r in ranges if r.main_type in ("*", wanted.main_type) and _fits(r, wanted)]
    if not fitting:
        return 0.0
    decisive = max(fitting, key=_specificity)
    return decisive.quality


def _fits(accepted: MediaType, wanted: MediaType) -> bool:
    return accepted.sub_type in ("*", wanted.sub_type)


def _specificity(accepted: MediaType) -> tuple[bool, bool]:
    return (accepted.main_type != "*", accepted.sub_type != "*")
