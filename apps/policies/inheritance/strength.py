"""Whether one rule is weaker than another, and whether two contradict each other."""

from dataclasses import fields

from apps.orgs.types import severity_rank

from ..rules import Ecosystem, Effect, Rule, Target
from ..rules.patterns import is_match
from ..rules.versions import ANY, Range, intersect, is_within, range_of

OPPOSITES = {
    Effect.FORBID: (Effect.ALLOW, Effect.REQUIRE),
    Effect.REQUIRE: (Effect.FORBID,),
}
# What two rules about the same subject may differ in.
BESIDE_SUBJECT = (
    "id",
    "effect",
    "severity",
    "message",
    "alternatives",
    "except_in",
    "roles",
    "versions",
)
SUBJECT = tuple(field.name for field in fields(Rule) if field.name not in BESIDE_SUBJECT)


def find_weakness(lower: Rule, upper: Rule) -> str:
    """Return in words how `lower` is weaker than `upper`; empty if it is at least as strict."""
    if lower.effect != upper.effect:
        return f"it would {lower.effect} what is to {upper.effect}"
    if any(getattr(lower, name) != getattr(upper, name) for name in SUBJECT):
        return "it would be about something else"
    if severity_rank(lower.severity) < severity_rank(upper.severity):
        return f"its severity would be {lower.severity} instead of {upper.severity}"
    return _narrowness(lower, upper)


def _narrowness(lower: Rule, upper: Rule) -> str:
    if not set(lower.except_in) <= set(upper.except_in):
        return "it would leave out more places"
    if not set(lower.roles) <= set(upper.roles):
        return "it would leave out more people"
    if upper.target == Target.DEPENDENCY and not _is_as_wide(lower, upper):
        return "it would hold for fewer versions"
    return ""


def is_contradicted(lower: Rule, upper: Rule) -> bool:
    """Tell whether `lower` has the opposite effect of `upper` on something both are about."""
    if lower.target != upper.target or lower.effect not in OPPOSITES.get(upper.effect, ()):
        return False
    return OVERLAPS[upper.target](lower, upper)


def versions_in(rule: Rule) -> Range:
    """Return the versions that a dependency rule is about."""
    return range_of(rule.ecosystem, rule.versions) if rule.ecosystem and rule.versions else ANY


def _is_as_wide(lower: Rule, upper: Rule) -> bool:
    if upper.effect == Effect.REQUIRE:
        return is_within(versions_in(lower), versions_in(upper))
    return is_within(versions_in(upper), versions_in(lower))


def _dependencies_overlap(one: Rule, other: Rule) -> bool:
    if one.ecosystem != other.ecosystem or not _names_overlap(one, other):
        return False
    if Effect.REQUIRE in (one.effect, other.effect):
        # A requirement is contradicted only when nothing that fulfils it is left.
        required, forbidden = (one, other) if one.effect == Effect.REQUIRE else (other, one)
        return is_within(versions_in(required), versions_in(forbidden))
    return bool(intersect(versions_in(one), versions_in(other)))


def _names_overlap(one: Rule, other: Rule) -> bool:
    names = (_as_glob(one), _as_glob(other))
    return _globs_overlap(*names)


def _as_glob(rule: Rule) -> str:
    name = rule.name if rule.ecosystem in (Ecosystem.GO, Ecosystem.MAVEN) else rule.name.lower()
    return name.replace("*", "**").replace("_", "-")


def _globs_overlap(one: str, other: str) -> bool:
    return one == other or is_match(one, other) or is_match(other, one)


def _modules_overlap(one: Rule, other: Rule) -> bool:
    if not _globs_overlap(one.path, other.path):
        return False
    names = sorted((one.module, other.module), key=len)
    return names[0] == names[1] or names[1].startswith(tuple(names[0] + mark for mark in "./:"))


def _settings_overlap(one: Rule, other: Rule) -> bool:
    if one.key != other.key or not _globs_overlap(one.file, other.file):
        return False
    asked = [(rule.equals, rule.pattern) for rule in (one, other)]
    return asked[0] == asked[1] or (None, "") in asked


OVERLAPS = {
    Target.DEPENDENCY: _dependencies_overlap,
    Target.FILE: lambda one, other: _globs_overlap(one.path, other.path),
    Target.CODE: lambda one, other: (
        one.pattern == other.pattern and _globs_overlap(one.path, other.path)
    ),
    Target.IMPORT: _modules_overlap,
    Target.CONFIG: _settings_overlap,
}
