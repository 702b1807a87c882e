"""Cedar's extension types: literals as numbers, and back into the JSON of entities."""

import ipaddress
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from .types import Unencodable

DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATETIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?:Z|([+-])(\d\d)(\d\d)))?"
)
_DURATION = re.compile(r"(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_UNITS = (DAY, 3_600_000, 60_000, 1_000, 1)
_DECIMAL = re.compile(r"(-?)(\d+)\.(\d{1,4})")
WIDTHS = {False: 32, True: 128}


def decimal_number(text: str) -> int:
    """Return a decimal in ten-thousandths."""
    match = _full(_DECIMAL, text, "decimal")
    number = int(match[2]) * 10_000 + int(match[3].ljust(4, "0"))
    return -number if match[1] else number


def decimal_text(number: int) -> str:
    whole, part = divmod(abs(number), 10_000)
    return f"{'-' if number < 0 else ''}{whole}.{part:04}"


def duration_number(text: str) -> int:
    """Return a duration in milliseconds."""
    match = _full(_DURATION, text, "duration")
    number = sum(int(match[at + 2] or 0) * unit for at, unit in enumerate(_UNITS))
    return -number if match[1] else number


def datetime_number(text: str) -> int:
    """Return a moment in milliseconds since 1970 began in UTC."""
    match = _full(_DATETIME, text, "datetime")
    year, month, day, hour, minute, second, milli = (int(match[at] or 0) for at in range(1, 8))
    try:
        moment = datetime(year, month, day, hour, minute, second, milli * 1000, tzinfo=UTC)
    except ValueError as error:
        raise Unencodable(f'the moment datetime("{text}")') from error
    ahead = (int(match[9] or 0) * 60 + int(match[10] or 0)) * 60_000
    number = (moment - _EPOCH) // timedelta(milliseconds=1)
    return number + ahead if match[8] == "-" else number - ahead


def address_number(text: str) -> tuple[bool, int, int]:
    """Return whether an address is IPv6, its number, and how many bits are the host's."""
    try:
        found = ipaddress.ip_interface(text)
    except ValueError as error:
        raise Unencodable(f'the address ip("{text}")') from error
    is_six = found.version == 6
    return is_six, int(found.ip), WIDTHS[is_six] - found.network.prefixlen


def address_text(is_six: bool, number: int, host_bits: int) -> str:
    kind = ipaddress.IPv6Address if is_six else ipaddress.IPv4Address
    return f"{kind(number)}/{WIDTHS[is_six] - host_bits}"


def extension_json(kind: str, number: int) -> dict[str, Any]:
    """Return a decimal, duration or datetime as the JSON of entities has it."""
    if kind == "decimal":
        return _call("decimal", decimal_text(number))
    span = _call("duration", f"{number}ms")
    if kind == "duration":
        return span
    return {"__extn": {"fn": "offset", "args": [_call("datetime", "1970-01-01"), span]}}


def address_json(is_six: bool, number: int, host_bits: int) -> dict[str, Any]:
    return _call("ip", address_text(is_six, number, host_bits))


def _call(function: str, argument: str) -> dict[str, Any]:
    return {"__extn": {"fn": function, "arg": argument}}


def _full(pattern: re.Pattern[str], text: str, kind: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise Unencodable(f'{kind}("{text}")')
    return match
