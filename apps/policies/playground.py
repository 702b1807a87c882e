"""One question to the policies in force, and to what would be in force with a working copy."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cedarpy

from apps.kernel.errors import Invalid
from apps.orgs.queries import (
    list_agents,
    list_visible_users,
    organization_entities,
    permitted_scope_ids,
)

from .analysis import load_schema
from .cedar import parsed_agent_schema
from .chain import layers_everywhere
from .digest import canonical_entities
from .inheritance import Layer
from .models import BreakGlass
from .overriding import enforced_cedar
from .queries import agent_schema, break_glasses_in_force
from .tokens import statements_of, tokens_of

UNSEEN = "a policy that you may not view"
_POSITION = re.compile(r"policy(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who wants to do what, to what, under which circumstances.

    `principal` and `resource` are (type, id); the resource lies in the scope `place`, a slug path,
    unless that is empty, and has `attributes`. Attributes and context are Cedar JSON.
    """

    principal: tuple[str, str]
    action: str
    resource: tuple[str, str]
    place: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether it is allowed, the policies that decided, by name, and what failed to evaluate."""

    is_allowed: bool
    policies: tuple[str, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The answer of what is in force, and of what would be with a working copy, if there is one."""

    now: Outcome
    then: Outcome | None

    @property
    def is_changed(self) -> bool:
        """Tell whether the working copy would decide otherwise."""
        return self.then is not None and self.then.is_allowed != self.now.is_allowed


def ask(
    question: Question, *, draft: Layer | None = None, with_temporary: bool = True
) -> Comparison:
    """Answer with the engine that agents use; Invalid, by field, if it is no question."""
    entities = _entities(question)
    layers = layers_everywhere()
    glasses = break_glasses_in_force() if with_temporary else []
    now = _decide(question, layers, glasses, entities)
    if draft is None:
        return Comparison(now=now, then=None)
    others = [layer for layer in layers if layer.policy_id != draft.policy_id]
    return Comparison(now=now, then=_decide(question, [*others, draft], glasses, entities))


def _decide(
    question: Question,
    layers: Sequence[Layer],
    glasses: Sequence[BreakGlass],
    entities: cedarpy.Entities,
) -> Outcome:
    seen = permitted_scope_ids("policy.view")
    texts = [
        (layer.title if str(layer.scope_id) in seen else UNSEEN, cedar)
        for layer in layers
        if (cedar := enforced_cedar(layer, layers))
    ]
    texts += [(f"break-glass {glass.id}", glass.cedar) for glass in glasses]
    names = [name for name, text in texts for _ in statements_of(tokens_of(text))]
    request = {
        "principal": _uid(question.principal),
        "action": {"type": "Action", "id": question.action},
        "resource": _uid(question.resource),
        "context": dict(question.context),
    }
    text = "\n".join(text for _, text in texts)
    answer = cedarpy.is_authorized(request, text, entities, parsed_agent_schema())
    errors = tuple(answer.diagnostics.errors)
    if answer.decision == cedarpy.Decision.NoDecision:
        raise Invalid(fields=_blamed(errors))
    return Outcome(
        is_allowed=answer.allowed,
        policies=tuple(sorted({names[_position(one)] for one in answer.diagnostics.reasons})),
        errors=tuple(_named(error, names) for error in errors),
    )


def _entities(question: Question) -> cedarpy.Entities:
    kind, name = question.resource
    if kind not in _resource_types():
        raise Invalid(fields={"resource": [f"Choose one of {', '.join(_resource_types())}."]})
    known = organization_entities()
    uids = {(one["uid"]["type"], one["uid"]["id"]) for one in known}
    if question.principal not in uids:
        raise Invalid(fields={"principal": ["There is nobody of that name."]})
    if question.place and ("Scope", question.place) not in uids:
        raise Invalid(fields={"place": ["There is no such scope."]})
    if (kind, name) in uids:
        _require_nothing_added(question)
    else:
        parents = [_uid(("Scope", question.place))] if question.place else []
        attributes = dict(question.attributes)
        known = [*known, {"uid": _uid(question.resource), "attrs": attributes, "parents": parents}]
    try:
        return cedarpy.Entities.from_json_str(canonical_entities(known), parsed_agent_schema())
    except ValueError as error:
        raise Invalid(fields={"attributes": [str(error)]}) from error


def _require_nothing_added(question: Question) -> None:
    """Raise Invalid if a question says of a known resource what the organization says already."""
    told = {"place": question.place, "attributes": question.attributes}
    fields = {name: ["It is known already: leave this empty."] for name in told if told[name]}
    if fields:
        raise Invalid(fields=fields)


def _resource_types() -> list[str]:
    return sorted({one.resource for one in load_schema(agent_schema()).environments})


def _uid(entity: tuple[str, str]) -> dict[str, str]:
    return {"type": entity[0], "id": entity[1]}


def _position(text: str) -> int:
    found = _POSITION.search(text)
    return int(found[1]) if found else 0


def _named(error: str, names: Sequence[str]) -> str:
    return _POSITION.sub(lambda found: names[int(found[1])], error)


def _blamed(errors: Sequence[str]) -> dict[str, list[str]]:
    """Return the field that each refusal of a request is about."""
    fields: dict[str, list[str]] = {}
    for error in errors or ("The schema knows no such question.",):
        words = ("context", "principal", "resource", "action")
        name = next((word for word in words if word in error.lower()), "context")
        fields.setdefault(name, []).append(error)
    return fields


def find_principal(text: str) -> tuple[str, str]:
    """Return the visible person of an e-mail address, or agent of an id; Invalid if none."""
    wanted = text.strip()
    person = list_visible_users().filter(email__iexact=wanted).first()
    if person is not None:
        return "User", person.email
    agents = {str(id) for id in list_agents().values_list("id", flat=True)}
    if wanted.lower() in agents:
        return "Agent", wanted.lower()
    raise Invalid(fields={"principal": ["There is nobody of that name."]})


def parse_object(text: str, *, name: str) -> dict[str, Any]:
    """Return the JSON object that `text` is, {} for nothing; Invalid naming the field."""
    try:
        value = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise Invalid(fields={name: [f"This is not JSON: {error}."]}) from error
    if not isinstance(value, dict):
        raise Invalid(fields={name: ["Give a JSON object, such as {}."]})
    return value
