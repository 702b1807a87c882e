"""What a break-glass permits: Cedar made of names, and what the policies say of the same now."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.kernel.errors import Invalid
from apps.orgs.queries import scope_places

from .analysis import Environment, load_schema
from .cedar import require_valid
from .playground import Question, ask, find_principal
from .queries import agent_schema

MOST_NAMES = 10
MOST_REQUESTS = 50
_UID = re.compile(r'([A-Za-z_]\w*)::("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who may do what to what, by (type, id); a Scope among the resources is all that is in it."""

    principals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    resources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the policies in force say of one request of a grant, without anything in its context.

    `is_allowed` is None where it cannot be asked, as of everything in a scope; `forbidden_by` names
    the policies that a break-glass does not pass.
    """

    principal: str
    action: str
    resource: str
    is_allowed: bool | None
    forbidden_by: tuple[str, ...] = ()


def read_grant(
    *, principals: Sequence[str], actions: Sequence[str], resources: Sequence[str]
) -> Grant:
    """Return the grant of these names; Invalid, by field, for what the schema does not know.

    People are e-mail addresses, agents ids, actions names, resources Cedar's `Type::"id"`.
    """
    grant = Grant(
        principals=tuple(_principal(one) for one in _named(principals, field="principals")),
        actions=_named(actions, field="actions"),
        resources=tuple(_resource(one) for one in _named(resources, field="resources")),
    )
    count = len(grant.principals) * len(grant.actions) * len(grant.resources)
    if count > MOST_REQUESTS:
        message = f"These are {count} combinations; a break-glass has at most {MOST_REQUESTS}."
        raise Invalid(fields={"resources": [message]})
    known = {one.action_id for one in _environments()}
    for action in grant.actions:
        if action not in known:
            choices = ", ".join(sorted(known))
            raise Invalid(fields={"actions": [f"{action} is no action; choose of {choices}."]})
    for principal, action, resource in _requests(grant):
        _require_possible(principal[0], action, resource)
    require_valid(cedar_of(grant))
    return grant


def cedar_of(grant: Grant) -> str:
    """Return a permit for each principal and resource."""
    actions = ", ".join(uid_of("Action", action) for action in grant.actions)
    pairs = itertools.product(grant.principals, grant.resources)
    return "\n".join(
        f"permit (\n  principal == {uid_of(*principal)},\n  action in [{actions}],\n"
        f"  resource in {uid_of(*resource)}\n);"
        for principal, resource in pairs
    )


def standing_of(grant: Grant) -> list[Standing]:
    """Ask the policies in force for each request of a grant."""
    return [_standing(*request) for request in _requests(grant)]


def _requests(grant: Grant) -> Iterator[tuple[tuple[str, str], str, tuple[str, str]]]:
    return itertools.product(grant.principals, grant.actions, grant.resources)


def _standing(principal: tuple[str, str], action: str, resource: tuple[str, str]) -> Standing:
    is_askable = any(
        (one.principal, one.action_id, one.resource) == (principal[0], action, resource[0])
        for one in _environments()
    )
    now = None
    if is_askable:
        now = ask(Question(principal=principal, action=action, resource=resource)).now
    return Standing(
        principal=principal[1],
        action=action,
        resource=uid_of(*resource),
        is_allowed=now.is_allowed if now else None,
        forbidden_by=now.policies if now and not now.is_allowed else (),
    )


def _require_possible(principal: str, action: str, resource: tuple[str, str]) -> None:
    kinds = {
        one.resource
        for one in _environments()
        if (one.principal, one.action_id) == (principal, action)
    }
    if resource[0] != "Scope" and resource[0] not in kinds:
        message = f"{action} is never done to a {resource[0]}, but to {', '.join(sorted(kinds))}."
        raise Invalid(fields={"resources": [message]})


def _principal(text: str) -> tuple[str, str]:
    try:
        return find_principal(text)
    except Invalid as error:
        raise Invalid(fields={"principals": [f"There is nobody named {text}."]}) from error


def _resource(text: str) -> tuple[str, str]:
    found = _UID.fullmatch(text)
    try:
        uid = (found[1], json.loads(found[2])) if found else None
    except ValueError:
        uid = None
    if uid is None:
        raise Invalid(fields={"resources": [f'{text} is not of the form Type::"id".']})
    if uid[0] == "Scope" and uid[1] not in scope_places().values():
        raise Invalid(fields={"resources": [f"There is no scope {uid[1]}."]})
    return uid


def _named(values: Sequence[str], *, field: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
    if not 1 <= len(names) <= MOST_NAMES:
        raise Invalid(fields={field: [f"Name 1 to {MOST_NAMES}."]})
    return names


def _environments() -> tuple[Environment, ...]:
    return tuple(load_schema(agent_schema()).environments)


def uid_of(kind: str, name: str) -> str:
    """Return an entity as Cedar writes it."""
    return f"{kind}::{json.dumps(name, ensure_ascii=False)}"
