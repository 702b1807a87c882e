"""From what was read to the parts of a draft: rules over projects and statements for agents."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .actions import Deed, package_test, tool_test
from .asides import Aside
from .asking import Unread
from .globs import anywhere, path_test, read_globs
from .reader import Reader
from .statements import MFA, REASON, Statement, Who, scope, within_hours
from .subjects import NAMES, Package, read_subjects
from .versions import Span, read_spans, written

Piece = Statement | dict[str, Any]
ROLE_WHO = "a rule over projects knows roles and places only"


def rule(target: str, effect: str, aside: Aside, **fields: Any) -> dict[str, Any]:
    """Return a rule with what was said beside it; Unread if a rule cannot say that."""
    if aside.conditions():
        raise Unread(
            ", ".join(aside.conditions()),
            "A rule over projects holds whoever works there and whenever: leave out who, when and "
            "with which sign-in, or say what agents may do.",
            is_beyond=False,
        )
    found: dict[str, Any] = {"target": target, "effect": effect, **fields}
    if aside.severity:
        found["severity"] = aside.severity
    if aside.message:
        found["message"] = aside.message
    if aside.alternatives:
        found["alternatives"] = list(aside.alternatives)
    return found | _exceptions(aside)


def _exceptions(aside: Aside) -> dict[str, Any]:
    places = [place.path for place, _ in aside.except_places]
    roles: list[str] = []
    for who in aside.except_who:
        if who.place and not (who.roles or who.kind):
            places.append(who.place)
        elif who.roles and not (who.kind or who.is_without_roles or who.place):
            roles += who.roles
        else:
            raise Unread("the exception", f"The exception is not one of a project: {ROLE_WHO}.")
    found: dict[str, Any] = {}
    if places:
        found["except_in"] = sorted(set(places))
    if roles:
        found["roles"] = sorted(set(roles))
    return found


def dependency_rules(
    effect: str, packages: Iterable[Package], spans: Sequence[Span], aside: Aside
) -> list[Piece]:
    """Return a rule for each package and span of versions."""
    return [
        rule("dependency", effect, aside, ecosystem=package.ecosystem, name=package.name,
             **_versions(span, package))
        for package in packages
        for span in spans
    ]  # fmt: skip


def _versions(span: Span, package: Package) -> dict[str, str]:
    versions = written(span, package.ecosystem)
    return {"versions": versions} if versions else {}


def excepted_packages(aside: Aside, packages: Sequence[Package], reader: Reader) -> list[Piece]:
    """Return the allow rules of what an exception names: versions of these, or other packages."""
    found: list[Piece] = []
    for words in aside.except_words:
        spans = read_spans(words, reader.canon, reader.asker)
        if spans is not None:
            found += dependency_rules("allow", packages, spans, Aside())
            continue
        found += dependency_rules("allow", _named_like(words, packages, reader), [Span()], Aside())
    return found


def _named_like(words: str, packages: Sequence[Package], reader: Reader) -> list[Package]:
    # What an exception names is of the ecosystem of what it is excepted from.
    ecosystems = {package.ecosystem for package in packages}
    bare = re.sub(
        r"^package (?:from|in|of|under|starting with|by|named|called) |^package ", "", words
    )
    if len(ecosystems) == 1 and re.fullmatch(NAMES, bare):
        words = f"{ecosystems.copy().pop()} package {bare}"
    subjects = read_subjects(words, reader)
    if not subjects or not all(isinstance(one, Package) for one in subjects):
        raise Unread(words, f"The exception “{reader.canon.shown(words)}” is not read.",
                     is_beyond=False)  # fmt: skip
    return [one for one in subjects if isinstance(one, Package)]


def excepted_paths(
    target: str, rules: Sequence[Piece], aside: Aside, reader: Reader
) -> list[Piece]:
    """Return the allow rules for the paths that an exception names."""
    found: list[Piece] = []
    for words in aside.except_words:
        globs = read_globs(words, reader)
        if globs is None:
            raise Unread(words, f"The exception “{reader.canon.shown(words)}” is not read.",
                         is_beyond=False)  # fmt: skip
        for one in rules:
            if isinstance(one, dict) and target in ("code", "import"):
                kept: dict[str, Any] = {k: one[k] for k in ("pattern", "module") if k in one}
                found += [
                    {"target": target, "effect": "allow", "path": anywhere(g), **kept}
                    for g in globs
                ]
        if target == "file":
            found += [
                {"target": "file", "effect": "allow", "path": anywhere(glob)} for glob in globs
            ]
    return found


def statements(
    effect: str,
    who: Who,
    deeds: Sequence[Deed],
    aside: Aside,
    reader: Reader,
    *,
    unless: Sequence[str] = (),
) -> list[Piece]:
    """Return a statement for each kind of resource, with what was said beside them."""
    if aside.severity in ("info", "warn") and effect == "forbid":
        raise Unread(
            aside.severity, "Agents are told yes or no: what they do is blocked or it is not, "
            "a warning cannot be given.",
        )  # fmt: skip
    here = reader.setting.here
    place = aside.place or (here if here != reader.setting.places[0] else None)
    when, exempt = _conditions(effect, aside)
    return [
        Statement(
            effect=effect,
            who=who,
            actions=deed.actions,
            resource=deed.resource,
            place=place.path if place else "",
            when=tuple(test for test in (deed.test, *when) if test),
            unless=(*unless, *exempt, *_excepted(deed, aside, reader)),
        )
        for deed in deeds
    ]


def _conditions(effect: str, aside: Aside) -> tuple[list[str], list[str]]:
    tests = [*_window_tests(aside, effect), *_sign_in_tests(aside, effect)]
    if effect == "permit":
        return tests, []
    return [], tests


def _window_tests(aside: Aside, effect: str) -> list[str]:
    if aside.window is None:
        return []
    (start, end), is_outside = aside.window
    is_inside_free = is_outside if effect == "forbid" else not is_outside
    if effect == "forbid" and aside.is_only:
        is_inside_free = not is_outside
    # An hour that is not told is never a free one.
    return [within_hours(start, end) if is_inside_free else within_hours(end % 24, start or 24)]


def _sign_in_tests(aside: Aside, effect: str) -> list[str]:
    found = []
    for how, test, word in ((aside.mfa, MFA, "mfa"), (aside.reason, REASON, "reason")):
        fits = ("without", "unless", "only") if effect == "forbid" else ("with", "if")
        if how and how not in fits:
            raise Unread(word, f"It is not clear what “{how} {word}” asks for: say who must not do "
                         f"what without {word}.", is_beyond=False)  # fmt: skip
        found += [test] if how else []
    return found


def _excepted(deed: Deed, aside: Aside, reader: Reader) -> list[str]:
    found = [one.as_condition() for one in aside.except_who]
    for place, is_people in aside.except_places:
        found.append(
            f"{'principal' if is_people and not deed.packages else 'resource'} in"
            f" {scope(place.path)}"
        )
    found += [_excepted_words(words, deed, reader) for words in aside.except_words]
    return found


def _excepted_words(words: str, deed: Deed, reader: Reader) -> str:
    if deed.resource == "File":
        globs = read_globs(words, reader)
        if globs:
            return path_test(globs)
    if deed.resource == "Tool" and re.fullmatch(r"«l\d+»|«q\d+»|[a-z]\w*", words):
        return tool_test(reader.canon.raw(words))
    if deed.packages:
        named = _named_like(words, deed.packages, reader)
        return (
            " || ".join(f"({package_test(one)})" for one in named)
            if len(named) > 1
            else package_test(named[0])
        )
    raise Unread(
        words, f"The exception “{reader.canon.shown(words)}” is not read.", is_beyond=False
    )
