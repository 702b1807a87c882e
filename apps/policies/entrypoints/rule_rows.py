"""Rules as a page's table shows them."""

from collections.abc import Sequence
from typing import Any

from apps.orgs.types import ROLE_TITLES, Role

from ..rules import parse_rules
from ..rules.sentence import sentence_of


def rule_rows(rules: Sequence[dict[str, Any]], severity: str) -> list[dict[str, Any]]:
    """Return what templates/policies/rules.html shows of each rule."""
    return [
        {
            "id": rule.id,
            "says": sentence_of(rule),
            "severity": rule.severity or severity,
            "message": rule.message,
            "alternatives": ", ".join(rule.alternatives),
            "except_in": ", ".join(rule.except_in),
            "roles": ", ".join(ROLE_TITLES[Role(role)] for role in rule.roles),
        }
        for rule in parse_rules(rules)
    ]
