"""Statements of Cedar, built from parts and written in one canonical form."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

USER, AGENT = "User", "Agent"


def quoted(text: str) -> str:
    """Return a Cedar string literal."""
    return json.dumps(text, ensure_ascii=False)


def scope(path: str) -> str:
    """Return the literal of a scope."""
    return f"Scope::{quoted(path)}"


@dataclass(frozen=True, slots=True)
class Who:
    """Who a statement is about; roles are held by the person, or by the person an agent acts"
    " for."""

    kind: str = ""
    roles: tuple[str, ...] = ()
    is_without_roles: bool = False
    place: str = ""
    mail: str = ""

    @property
    def head(self) -> str:
        """Return the principal part of a statement's scope."""
        if self.mail:
            return f"principal in User::{quoted(self.mail)}"
        where = f" in {scope(self.place)}" if self.place else ""
        return f"principal is {self.kind}{where}" if self.kind else f"principal{where}"

    def test(self) -> str:
        """Return what else must hold of the principal; empty for nothing."""
        if not self.roles:
            return ""
        held = holds_role(self.roles, self.kind)
        return f"!({held})" if self.is_without_roles else held

    def as_condition(self) -> str:
        """Return one expression that holds for exactly these principals."""
        parts = [part for part in (self._kind_test(), self.test()) if part]
        return " && ".join(f"({p})" if " || " in p and len(parts) > 1 else p for p in parts)

    def _kind_test(self) -> str:
        if self.mail or self.kind or self.place:
            return self.head
        return ""


def holds_role(roles: Sequence[str], kind: str = "") -> str:
    """Return an expression: the principal, or the person it acts for, holds one of the roles."""
    of_user, of_agent = _holds("principal", roles), _holds("principal.owner", roles)
    if kind == USER:
        return of_user
    if kind == AGENT:
        return of_agent
    return f"(principal is User && {of_user}) || (principal is Agent && {of_agent})"


def _holds(whose: str, roles: Sequence[str]) -> str:
    if len(roles) == 1:
        return f"{whose}.roles.contains({quoted(roles[0])})"
    return f"{whose}.roles.containsAny([{', '.join(map(quoted, roles))}])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One permit or forbid; every `when` must hold, and no `unless` may."""

    effect: str
    who: Who
    actions: tuple[str, ...]
    resource: str = ""
    place: str = ""
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def written(self) -> str:
        """Return the statement as Cedar, ending in one newline."""
        actions = [f'Action::"{name}"' for name in self.actions]
        action = (
            f"action == {actions[0]}" if len(actions) == 1 else f"action in [{', '.join(actions)}]"
        )
        head = (self.who.head, action if actions else "action", self._resource())
        text = f"{self.effect} (\n  " + ",\n  ".join(head) + "\n)"
        conditions = [test for test in (self.who.test(), *self.when) if test]
        if conditions:
            text += f"\nwhen {{ {_all(conditions)} }}"
        text += "".join(f"\nunless {{ {condition} }}" for condition in self.unless)
        return text + ";\n"

    def _resource(self) -> str:
        where = f" in {scope(self.place)}" if self.place else ""
        if self.resource and self.resource != "Scope":
            return f"resource is {self.resource}{where}"
        return f"resource{where}"


def _all(conditions: Sequence[str]) -> str:
    if len(conditions) == 1:
        return conditions[0]
    return " && ".join(f"({one})" if " || " in one else one for one in conditions)


def any_of(tests: Sequence[str]) -> str:
    """Return an expression that holds where one of the tests does."""
    if len(tests) == 1:
        return tests[0]
    return " || ".join(f"({one})" if " && " in one else one for one in tests)


MFA = "context has mfa && context.mfa"
REASON = 'context has reason && context.reason != ""'


def within_hours(start: int, end: int) -> str:
    """Return an expression: the hour is told, and is from `start` until before `end`."""
    low, high = f"context.hour >= {start}", f"context.hour < {end}"
    if start < end:
        tests = [low] if start else []
        tests += [high] if end < 24 else []
        return " && ".join(["context has hour", *tests])
    return f"context has hour && ({low} || {high})"
