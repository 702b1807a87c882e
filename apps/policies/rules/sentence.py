"""A rule in one plain sentence."""

from apps.orgs.types import ROLE_TITLES, Role

from .types import ANYWHERE, ECOSYSTEM_NAMES, Effect, Rule, Target

VERBS = {Effect.FORBID: "Forbids", Effect.REQUIRE: "Requires", Effect.ALLOW: "Allows"}


def sentence_of(rule: Rule) -> str:
    """Return what a rule says, without who it leaves out, such as `Forbids lodash <4 (npm).`"""
    return f"{VERBS[rule.effect]} {SUBJECTS[rule.target](rule)}."


def _dependency(rule: Rule) -> str:
    kind = ECOSYSTEM_NAMES[rule.ecosystem] if rule.ecosystem else ""
    versions = f" {rule.versions}" if rule.versions else ""
    return f"{rule.name}{versions} ({kind})"


def _file(rule: Rule) -> str:
    return f"a file {rule.path}" if rule.effect == Effect.REQUIRE else f"files {rule.path}"


def _within(rule: Rule) -> str:
    return "" if rule.path == ANYWHERE else f" in {rule.path}"


def _code(rule: Rule) -> str:
    if rule.effect == Effect.REQUIRE:
        files = "every file" if rule.path == ANYWHERE else f"every file {rule.path}"
        return f"a line that matches {rule.pattern} in {files}"
    return f"lines that match {rule.pattern}{_within(rule)}"


def _import(rule: Rule) -> str:
    return f"imports of {rule.module}{_within(rule)}"


def _config(rule: Rule) -> str:
    if rule.equals is not None:
        value = str(rule.equals).lower() if isinstance(rule.equals, bool) else rule.equals
        return f"{rule.key} to be {value} in {rule.file}"
    if rule.pattern:
        return f"{rule.key} to match {rule.pattern} in {rule.file}"
    return f"{rule.key} in {rule.file}"


SUBJECTS = {
    Target.DEPENDENCY: _dependency,
    Target.FILE: _file,
    Target.CODE: _code,
    Target.IMPORT: _import,
    Target.CONFIG: _config,
}


def explain_rule(rule: Rule) -> str:
    """Return all that a rule says: what, where and for whom not, why, what instead."""
    parts = [sentence_of(rule).removesuffix(".")]
    if rule.except_in:
        parts.append(f"except in {' and '.join(rule.except_in)}")
    if rule.roles:
        held = " or ".join(ROLE_TITLES[Role(role)] for role in rule.roles)
        parts.append(f"and does not bind people with the role {held}")
    said = [f"{', '.join(parts)}."]
    if rule.severity:
        said.append(f"Severity: {rule.severity}.")
    if rule.message:
        said.append(f"Why: {rule.message.rstrip('.')}.")
    if rule.alternatives:
        said.append(f"Instead: {', '.join(rule.alternatives)}.")
    return " ".join(said)
