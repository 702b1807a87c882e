"""What the functions of Cedar's extension types do to solver terms."""

from collections.abc import Callable, Sequence
from typing import Any

from .extensions import (
    DAY,
    address_number,
    datetime_number,
    decimal_number,
    duration_number,
)
from .terms import BOOL, BV8, BV128, Term, Terms
from .types import Unencodable
from .values import Address, Scalar, Value

Outcome = tuple[Term, Value]
LITERALS: dict[str, Callable[[str], int]] = {
    "decimal": decimal_number,
    "datetime": datetime_number,
    "duration": duration_number,
}
_UNITS = {"toSeconds": 1_000, "toMinutes": 60_000, "toHours": 3_600_000, "toDays": DAY}
_ORDERS = {"lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"}
_RANGES = {
    "isLoopback": ("127.0.0.0/8", "::1/128"),
    "isMulticast": ("224.0.0.0/4", "ff00::/8"),
}
_TIMES = {"offset", "durationSince", "toDate", "toTime", "toMilliseconds", *_UNITS}
_ADDRESSES = {"isIpv4", "isIpv6", "isInRange", *_RANGES}
_CALLS = {"ip", *LITERALS, *_ORDERS, *_TIMES, *_ADDRESSES}
_ALL_ONES = 2**128 - 1


def is_extension(op: str, held: Any) -> bool:
    """Return whether an operation of a policy is a function of an extension type."""
    return op in _CALLS and isinstance(held, list)


def call_extension(
    terms: Terms, op: str, arguments: Sequence[Value], literal: str | None
) -> Outcome | None:
    """Return the outcome of a call; None where the function takes no such arguments."""
    if literal is not None:
        return _literal(terms, op, literal)
    if op in _ADDRESSES:
        addresses = [value for value in arguments if isinstance(value, Address)]
        return (terms.true, _bool(_about_address(terms, op, addresses))) if addresses else None
    numbers = [value.term for value in arguments if isinstance(value, Scalar)]
    if not numbers or len(numbers) != len(arguments):
        return None
    if op in _ORDERS:
        return terms.true, _bool(_ordered(terms, op, *numbers))
    return _time(terms, op, numbers) if op in _TIMES else None


def _literal(terms: Terms, op: str, text: str) -> Outcome | None:
    if op == "ip":
        return terms.true, _address(terms, text)
    if op in LITERALS:
        return terms.true, Scalar(op, terms.number(LITERALS[op](text)))
    return None


def _bool(term: Term) -> Scalar:
    return Scalar("Bool", term)


def _ordered(terms: Terms, op: str, left: Term, right: Term) -> Term:
    if op.startswith("greater"):
        left, right = right, left
    return terms.le(left, right) if op.endswith("Equal") else terms.lt(left, right)


def _time(terms: Terms, op: str, numbers: Sequence[Term]) -> Outcome:
    first = numbers[0]
    if op == "offset":
        return _checked(terms, "datetime", terms.add(first, numbers[1]))
    if op == "durationSince":
        return _checked(terms, "duration", terms.sub(first, numbers[1]))
    if op == "toDate":
        return _checked(terms, "datetime", terms.sub(first, terms.mod(first, DAY)))
    if op == "toTime":
        return terms.true, Scalar("duration", terms.mod(first, DAY))
    if op == "toMilliseconds":
        return terms.true, Scalar("Long", first)
    return terms.true, Scalar("Long", _towards_zero(terms, first, _UNITS[op]))


def _checked(terms: Terms, kind: str, number: Term) -> Outcome:
    return terms.is_long(number), Scalar(kind, number)


def _towards_zero(terms: Terms, number: Term, by: int) -> Term:
    zero = terms.number(0)
    down = terms.div(terms.sub(zero, number), by)
    return terms.ite(terms.le(zero, number), terms.div(number, by), terms.sub(zero, down))


def _address(terms: Terms, text: str) -> Address:
    is_six, number, host = address_number(text)
    return Address(terms.flag(is_six), terms.number(number, BV128), terms.number(host, BV8))


def _about_address(terms: Terms, op: str, addresses: Sequence[Address]) -> Term:
    first = addresses[0]
    if op in ("isIpv4", "isIpv6"):
        return first.is_six if op == "isIpv6" else terms.not_(first.is_six)
    if op in _RANGES:
        return terms.any_(_in_range(terms, first, _address(terms, text)) for text in _RANGES[op])
    if len(addresses) != 2:
        raise Unencodable("isInRange of other than two addresses")
    return _in_range(terms, first, addresses[1])


def _in_range(terms: Terms, small: Address, large: Address) -> Term:
    """Return whether one range of addresses lies within another of the same family."""
    small_low, small_high = _bounds(terms, small)
    large_low, large_high = _bounds(terms, large)
    return terms.and_(
        terms.iff(small.is_six, large.is_six),
        _at_most(terms, large_low, small_low),
        _at_most(terms, small_high, large_high),
    )


def _at_most(terms: Terms, low: Term, high: Term) -> Term:
    if low.is_constant and high.is_constant:
        return terms.flag(low.value <= high.value)
    return terms.op("bvule", BOOL, low, high)


def _bounds(terms: Terms, address: Address) -> tuple[Term, Term]:
    """Return the first and last address of a range, as host bits all zero and all one."""
    number, host = address.number, address.host_bits
    if number.is_constant and host.is_constant:
        ones = (1 << host.value) - 1
        return terms.number(number.value & ~ones, BV128), terms.number(number.value | ones, BV128)
    wide = terms.op("(_ zero_extend 120)", BV128, host)
    mask = terms.op("bvshl", BV128, terms.number(_ALL_ONES, BV128), wide)
    low = terms.op("bvand", BV128, number, mask)
    return low, terms.op("bvor", BV128, number, terms.op("bvnot", BV128, mask))
