"""The parts of an intent as one draft, the same bytes for the same parts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from apps.kernel.errors import Invalid
from apps.orgs.types import severity_rank

from ..rules import dump_rules, parse_rules
from .asides import Aside
from .asking import Unread
from .pieces import Piece
from .reader import Reader
from .statements import Statement
from .types import Draft

MAX_NAME = 60
MAX_DESCRIPTION = 500


def make_draft(
    text: str, pieces: Sequence[Piece], asides: Sequence[Aside], reader: Reader
) -> Draft:
    """Return the draft of parts that were read; Unread if they belong to several places."""
    place = _place(asides, reader)
    rules = _checked([one for one in pieces if isinstance(one, dict)])
    statements = list(dict.fromkeys(one for one in pieces if isinstance(one, Statement)))
    severities = [aside.severity or "block" for aside in asides]
    severity = max(severities, key=severity_rank)
    modes = {aside.mode for aside in asides if aside.mode}
    if len(modes) > 1:
        raise Unread("mandatory", "It is called mandatory and optional.", is_beyond=False)
    return Draft(
        name=_name(rules, statements),
        description=re.sub(r"\s+", " ", text).strip()[:MAX_DESCRIPTION],
        severity=severity,
        mode=modes.pop() if modes else "optional",
        place=place,
        cedar="\n".join(statement.written() for statement in statements),
        rules=tuple(_without_default(one, severity) for one in rules),
    )


def _checked(rules: Sequence[dict[str, Any]]) -> Sequence[Mapping[str, Any]]:
    try:
        return dump_rules(parse_rules(_numbered(rules)))
    except Invalid as invalid:
        faults = " ".join(str(fault) for fault in invalid.fields.get("rules", ()))
        raise Unread("rules", faults, is_beyond=False) from invalid


def _place(asides: Sequence[Aside], reader: Reader) -> str:
    here = reader.setting.here.path
    named = {aside.place.path if aside.place else here for aside in asides}
    if len(named) > 1:
        raise Unread("places", "One policy belongs to one place: write these as several policies.",
                     is_beyond=False)  # fmt: skip
    path = named.pop()
    if path != here and not path.startswith(f"{here}/"):
        raise Unread(path, f"{path} is not below {here}, where this policy is written.",
                     is_beyond=False)  # fmt: skip
    return path


def _without_default(rule: Mapping[str, Any], severity: str) -> Mapping[str, Any]:
    return {key: value for key, value in rule.items() if (key, value) != ("severity", severity)}


def _numbered(rules: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    seen: list[dict[str, Any]] = []
    for rule in rules:
        if rule in seen:
            continue
        seen.append(rule)
        base, number = _slug(_id_words(rule)), 2
        name = base
        while name in found:
            name, number = f"{base[:60]}-{number}", number + 1
        found[name] = {"id": name, **rule}
    return list(found.values())


PREFIX = {"forbid": "no", "require": "require", "allow": "allow"}


def _id_words(rule: Mapping[str, Any]) -> str:
    subject = rule.get("name") or rule.get("module") or rule.get("key") or ""
    pattern = re.sub(r"\\\\[bs][*+]?", "", rule.get("pattern", ""))
    subject = subject or pattern or rule.get("path") or ""
    return f"{PREFIX[rule['effect']]} {'all' if subject == '*' else subject}"


def _slug(words: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    return slug[:60].strip("-") or "rule"


def _name(rules: Sequence[Mapping[str, Any]], statements: Sequence[Statement]) -> str:
    if rules:
        first = next((one for one in rules if one["effect"] != "allow"), rules[0])
        return _slug(_id_words(first))
    first_statement = statements[0]
    who = {"Agent": "agents", "User": "people"}.get(first_statement.who.kind, "")
    verb = {"forbid": "limit" if first_statement.unless else "no", "permit": "allow"}
    actions = " ".join(first_statement.actions[:2]).replace("_", " ")
    named = re.findall(r'"([^"]+)"', " ".join(first_statement.when))[:1]
    return _slug(" ".join([verb[first_statement.effect], who, actions, *named]))[:MAX_NAME]
