"""Rules over dependencies, with open ranges answered by what they may resolve to."""

import re
from collections.abc import Sequence

from .findings import Finding, Outcome
from .manifests import Dependency, canonical_name
from .project import Project
from .types import ECOSYSTEM_NAMES, Effect, Rule
from .versions import ANY, Range, intersect, is_within, range_of


def check_dependency(rule: Rule, project: Project, allows: Sequence[Rule]) -> Outcome:
    """Return the dependencies that a rule forbids, or what is missing of what it requires."""
    found = [one for one in project.dependencies if _is_named(rule, one)]
    if rule.effect == Effect.REQUIRE:
        return Outcome(findings=tuple(_missing(rule, project, found)))
    findings = [
        finding
        for one in found
        if (finding := _forbidden(rule, project, one))
        and not any(_is_allowed(allow, one) for allow in allows)
    ]
    return Outcome(findings=tuple(findings))


def _forbidden(rule: Rule, project: Project, one: Dependency) -> Finding | None:
    forbidden = _range(rule)
    if not intersect(one.versions, forbidden):
        return None
    is_certain = is_within(one.versions, forbidden)
    if not (is_certain or one.is_resolved) and (one.ecosystem, one.name) in project.resolved:
        return None  # The lock file settles what the range resolves to.
    if is_certain:
        return _finding(one, project, f"{_named(one)} is forbidden")
    if one.versions == ANY and one.is_resolved:
        return _finding(
            one, project, f"{_named(one)} may be in {rule.versions}, which is forbidden"
        )
    reason = f"{_named(one)} may resolve to a version in {rule.versions}, which is forbidden"
    return _finding(one, project, reason, may_resolve=True)


def _missing(rule: Rule, project: Project, found: list[Dependency]) -> list[Finding]:
    if rule.ecosystem is None or rule.ecosystem not in project.manifests:
        return []  # What a project is not written in cannot be missing from it.
    wanted = _range(rule)
    if any(is_within(one.versions, wanted) for one in found):
        return []
    if not found:
        kind = ECOSYSTEM_NAMES[rule.ecosystem]
        versions = f" {rule.versions}" if rule.versions else ""
        reason = f"{rule.name}{versions} ({kind}) is required and not used"
        return [Finding(file=project.manifests[rule.ecosystem], reason=reason)]
    one = next((d for d in found if d.is_resolved), found[0])
    if intersect(one.versions, wanted):
        reason = f"{_named(one)} may resolve to a version outside {rule.versions}"
        return [_finding(one, project, reason, may_resolve=True)]
    return [_finding(one, project, f"{_named(one)} is not in {rule.versions}, which is required")]


def _is_allowed(allow: Rule, one: Dependency) -> bool:
    return _is_named(allow, one) and is_within(one.versions, _range(allow))


def _is_named(rule: Rule, one: Dependency) -> bool:
    if rule.ecosystem != one.ecosystem:
        return False
    wanted = canonical_name(one.ecosystem, rule.name)
    if "*" not in wanted:
        return wanted == one.name
    return _fits(wanted.split("*"), one.name)


def _fits(parts: list[str], name: str) -> bool:
    # Without backtracking: each piece between stars is taken at its first place.
    first, *middle, last = parts
    if not name.startswith(first) or len(name) < len(first) + len(last):
        return False
    rest = name[len(first) : len(name) - len(last)] if last else name[len(first) :]
    for part in middle:
        place = rest.find(part)
        if place < 0:
            return False
        rest = rest[place + len(part) :]
    return name.endswith(last)


def _range(rule: Rule) -> Range:
    return range_of(rule.ecosystem, rule.versions) if rule.ecosystem and rule.versions else ANY


def _named(one: Dependency) -> str:
    return re.sub(r"\s+", " ", f"{one.name} {one.asked}".strip())[:200]


def _finding(
    one: Dependency, project: Project, reason: str, *, may_resolve: bool = False
) -> Finding:
    line = one.line_in(project.texts[one.file])
    return Finding(file=one.file, line=line, reason=reason, may_resolve=may_resolve)
