"""Rules over files and what they say: paths, lines of code, imports and configuration."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .configuration import (
    UnreadableConfiguration,
    is_equal,
    is_text_only,
    read_configuration,
    values_at,
)
from .findings import MAX_FINDINGS, Finding, Outcome
from .imports import Import, imports_of, is_inside, language_of
from .patterns import is_match, line_matches
from .project import Project
from .sentence import sentence_of
from .types import Effect, Rule

WILD = ("*", "?")
Seek = Callable[[Rule, str, str, Sequence[Rule]], Iterator[Finding]]


def check_file(rule: Rule, project: Project, allows: Sequence[Rule]) -> Outcome:
    """Return the files that a rule forbids, or that the one it requires is missing."""
    fitting = [path for path in project.files if is_match(rule.path, path)]
    if rule.effect == Effect.REQUIRE:
        if fitting:
            return Outcome()
        if not project.is_listed:
            return Outcome(unchecked="no list of files was given")
        return Outcome((Finding(file=rule.path, reason=f"{rule.path} is required and missing"),))
    left = [path for path in fitting if not any(is_match(a.path, path) for a in allows)]
    findings = [Finding(file=path, reason=f"{path} is forbidden") for path in left[:MAX_FINDINGS]]
    unchecked = "" if project.is_listed else "no list of files was given"
    return Outcome(tuple(findings), unchecked)


def check_code(rule: Rule, project: Project, allows: Sequence[Rule]) -> Outcome:
    """Return the lines that a rule forbids, or the files without the line it requires."""
    return _in_texts(rule, rule.path, project, allows, _code)


def check_import(rule: Rule, project: Project, allows: Sequence[Rule]) -> Outcome:
    """Return the imports that a rule forbids, or the files without the one it requires."""
    return _in_texts(rule, rule.path, project, allows, _imports, only=language_of)


def check_config(rule: Rule, project: Project, allows: Sequence[Rule]) -> Outcome:
    """Return the settings that a rule forbids, or the files without the one it requires."""
    is_named = not any(mark in rule.file for mark in WILD)
    if rule.effect == Effect.REQUIRE and is_named and rule.file not in project.files:
        if not project.is_listed:
            return Outcome(unchecked="no list of files was given")
        reason = f"{rule.key} is required in {rule.file}, which is missing"
        return Outcome((Finding(file=rule.file, reason=reason),))
    try:
        return _in_texts(rule, rule.file, project, allows, _settings)
    except UnreadableConfiguration as error:
        return Outcome(unchecked=str(error))


def _in_texts(
    rule: Rule,
    glob: str,
    project: Project,
    allows: Sequence[Rule],
    seek: Seek,
    *,
    only: Callable[[str], str] = str,
) -> Outcome:
    fitting = [path for path in project.files if only(path) and is_match(glob, path)]
    findings: list[Finding] = []
    for path in fitting:
        if path in project.texts and len(findings) < MAX_FINDINGS:
            findings += seek(rule, path, project.texts[path], allows)
    silent = sum(1 for path in fitting if path not in project.texts)
    files = "1 file" if silent == 1 else f"{silent} files"
    unchecked = f"the contents of {files} were not given" if silent else ""
    return Outcome(tuple(findings[:MAX_FINDINGS]), unchecked)


def _code(rule: Rule, path: str, text: str, allows: Sequence[Rule]) -> Iterator[Finding]:
    fitting = [allow for allow in allows if is_match(allow.path, path)]
    # What is excepted must not use up the places of what is not.
    lines = line_matches(rule.pattern, text, limit=len(text) + 1 if fitting else MAX_FINDINGS)
    if rule.effect == Effect.REQUIRE:
        if not lines:
            yield Finding(file=path, reason=f"no line matches {rule.pattern}, which is required")
        return
    for number, line in lines:
        if not any(line_matches(allow.pattern, line, limit=1) for allow in fitting):
            reason = f"a line matches {rule.pattern}, which is forbidden"
            yield Finding(file=path, line=number, reason=reason)


def _imports(rule: Rule, path: str, text: str, allows: Sequence[Rule]) -> Iterator[Finding]:
    found = [one for one in imports_of(path, text) if is_inside(path, one.module, rule.module)]
    if rule.effect == Effect.REQUIRE:
        if not found:
            yield Finding(file=path, reason=f"{rule.module} is required and not imported")
        return
    seen: set[int] = set()
    for one in found:
        if one.line not in seen and not _is_import_allowed(path, one, allows):
            seen.add(one.line)
            reason = f"the import of {one.module} is forbidden"
            yield Finding(file=path, line=one.line, reason=reason)


def _is_import_allowed(path: str, one: Import, allows: Sequence[Rule]) -> bool:
    return any(
        is_match(allow.path, path) and is_inside(path, one.module, allow.module) for allow in allows
    )


def _settings(rule: Rule, path: str, text: str, allows: Sequence[Rule]) -> Iterator[Finding]:
    documents = read_configuration(path, text)
    hits = [value for value in values_at(documents, rule.key) if _is_meant(rule, path, value)]
    if rule.effect == Effect.REQUIRE:
        if not hits:
            wanted = sentence_of(rule).removeprefix("Requires ").removesuffix(".")
            yield Finding(file=path, reason=f"{wanted} is required")
        return
    for value in hits:
        if not any(_allows_setting(allow, rule, path, value) for allow in allows):
            reason = f"{rule.key} is {_shown(value)}, which is forbidden"
            yield Finding(file=path, line=_line_of(rule.key, text), reason=reason)


def _allows_setting(allow: Rule, rule: Rule, path: str, value: Any) -> bool:
    return is_match(allow.file, path) and allow.key == rule.key and _is_meant(allow, path, value)


def _is_meant(rule: Rule, path: str, value: Any) -> bool:
    if rule.equals is not None:
        return is_equal(value, rule.equals, is_text=is_text_only(path))
    if rule.pattern:
        return bool(line_matches(rule.pattern, str(value), limit=1))
    return True


def _shown(value: Any) -> str:
    # A value may be a secret: its kind is enough where it is not a flag or a number.
    return str(value).lower() if isinstance(value, bool | int | float) else "set to a value"


def _line_of(key: str, text: str) -> int:
    place = text.find(key.rpartition(".")[2])
    return text.count("\n", 0, place) + 1 if place >= 0 else 0
