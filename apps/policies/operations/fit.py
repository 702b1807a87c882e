"""Refusing what breaks a mandatory or forbidden policy above."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apps.kernel.errors import Conflict

from ..chain import layer_of, layers_above
from ..inheritance import find_breaches
from ..models import Policy, PolicyVersion
from ..rules import parse_rules


def require_fit(
    policy: Policy,
    *,
    saying: PolicyVersion | None = None,
    cedar: str | None = None,
    rules: Sequence[dict[str, Any]] | None = None,
) -> None:
    """Raise Conflict, naming each policy above that this one would break, with its scope and rule.

    `saying` is what would be in force instead of the working copy, or `cedar` and `rules` alone.
    """
    written = layer_of(policy, saying)
    if cedar is not None and rules is not None:
        severity = written.severity
        said = (replace(one, severity=one.severity or severity) for one in parse_rules(rules))
        written = replace(written, cedar=cedar, rules=tuple(said))
    fields: dict[str, list[str]] = defaultdict(list)
    for breach in find_breaches(written, layers_above(policy.scope)):
        fields[breach.field].append(breach.text)
    if fields:
        raise Conflict("A policy above does not permit this.", fields=fields)
