"""What an OPAL client reports after it took something, checked field by field."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apps.kernel.errors import Invalid

from ..types import MAX_ENTRIES

MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Report:
    """`policy_hash` was taken, or of each revision of entities whether it was saved."""

    policy_hash: str
    entities: dict[int, bool]


def parse_report(body: bytes) -> Report:
    """Return what a client reports; entries of other sources than the portal are passed over."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid("The report is not JSON.") from error
    reports = told.get("reports") if isinstance(told, dict) else None
    if not isinstance(reports, list) or len(reports) > MAX_ENTRIES:
        raise Invalid(f"reports: a list of at most {MAX_ENTRIES}.", fields={"reports": ["A list."]})
    digest = told.get("policy_hash")
    if digest is not None and not isinstance(digest, str):
        raise Invalid("policy_hash: a text.", fields={"policy_hash": ["A text."]})
    saved = {number: is_saved for one in reports for number, is_saved in _entities(one)}
    return Report(policy_hash=digest or "", entities=saved)


def _entities(report: Any) -> list[tuple[int, bool]]:
    entry = report.get("entry") if isinstance(report, dict) else None
    url = entry.get("url") if isinstance(entry, dict) else None
    if not isinstance(url, str):
        return []
    number = _revision_in(url)
    return [] if number is None else [(number, report.get("saved") is True)]


def _revision_in(url: str) -> int | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    text = parse_qs(parts.query).get("revision", [""])[0]
    is_ours = parts.path.endswith("/opal/data/entities") and text.isascii() and text.isdecimal()
    return int(text) if is_ours and len(text) <= MAX_DIGITS else None
