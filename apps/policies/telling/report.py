"""A report in words: a summary, findings with the policies they name, what changes for whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.kernel.authorization import decide_many

from ..models import Policy
from .requests import tell_action, tell_parts

Json = Mapping[str, Any]
HIDDEN = "a policy that you may not view"
KINDS = {"User": "People", "Agent": "Agents"}
RELATIONS = {
    "equivalent": "Everything is decided as before.",
    "more": "More is allowed than before, and nothing less.",
    "less": "Less is allowed than before, and nothing more.",
    "incomparable": "Some requests are newly allowed, others newly denied.",
    "unproven": "Not everything could be proven; what is not is shown as unproven.",
}
SHIFTS = {
    "more": "more is allowed",
    "less": "less is allowed",
    "incomparable": "some is newly allowed, some newly denied",
    "unproven": "not proven",
}
# Of each matter: what is said of the permit or statement {first} and of the other {second}.
TEXTS = {
    "overridden": "{second} forbids all that {first} permits: the permission has no effect.",
    "overlap": "{second} forbids a part of what {first} permits.",
    "shadowed": "{first} says nothing that {second} does not say already.",
    "redundant": "{first} and {second} say the same.",
    "never_applies": "{first} never applies to any request.",
    "always_applies": "The conditions of {first} always hold: they could be left out.",
    "can_fail": "{first} can fail while it is evaluated, and does not apply then.",
    "unread": "{first} could not be analysed.",
}
UNPROVEN = {
    "overlap": "It is not proven whether {second} forbids a part of what {first} permits.",
    "overridden": "It is not proven whether {second} leaves {first} any effect.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One finding in words; `other` is the other policy it names, if the reader may view it."""

    level: str
    matter: str
    text: str
    example: str = ""
    reason: str = ""
    other_id: UUID | None = None
    other_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What changes for one kind of request, with an example each way."""

    who: str
    action: str
    relation: str
    text: str
    allowed: str = ""
    denied: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A whole report in words."""

    summary: str
    conflicts: Sequence[Line]
    unproven: Sequence[Line]
    limits: Sequence[Line]
    warnings: Sequence[Line]
    shifts: Sequence[Shift]


def tell(report: Json, *, subject: Policy) -> Telling:
    """Return a report on a change of `subject` in words, for the actor in scope."""
    names = _names(report["findings"], subject)
    lines = [_line(found, names, subject) for found in report["findings"]]
    return Telling(
        summary=RELATIONS[report["relation"]],
        conflicts=[line for line in lines if line.level == "conflict"],
        unproven=[line for line in lines if line.level == "unproven"],
        limits=[line for line in lines if line.level == "limit"],
        warnings=[line for line in lines if line.level == "warning"],
        shifts=[_shift(found) for found in report["differences"]],
    )


def _names(findings: Sequence[Json], subject: Policy) -> Mapping[str, str]:
    """Return the names of the policies that findings speak of, of those the actor may view."""
    ids = {place["policy"] for found in findings for place in _places(found)} - {str(subject.id)}
    policies = list(Policy.objects.filter(id__in=ids))
    answers = decide_many("policy.view", [policy.as_resource() for policy in policies])
    seen = zip(policies, answers, strict=True)
    return {str(policy.id): policy.name for policy, answer in seen if answer.allowed}


def _places(found: Json) -> Iterable[Json]:
    return [place for place in (found["first"], found["second"]) if place]


def _line(found: Json, names: Mapping[str, str], subject: Policy) -> Line:
    words = {
        key: _statement(found[key], names, subject) if found[key] else ""
        for key in ("first", "second")
    }
    texts = {**TEXTS, **UNPROVEN} if found["level"] == "unproven" else TEXTS
    text = texts[found["matter"]].format(**words)
    others = [place["policy"] for place in _places(found) if place["policy"] in names]
    return Line(
        level=found["level"],
        matter=found["matter"],
        text=text[0].upper() + text[1:],
        example=_example(found),
        reason=found["reason"],
        other_id=UUID(others[0]) if others else None,
        other_name=names[others[0]] if others else "",
    )


def _statement(place: Json, names: Mapping[str, str], subject: Policy) -> str:
    effect = {"permit": "permission", "forbid": "prohibition"}.get(place["effect"], "statement")
    ordinal = f"{effect} {place['at'] + 1}" if place["effect"] else "what it says"
    if place["policy"] == str(subject.id):
        return f"the {ordinal} of this proposal" if place["effect"] else "this proposal"
    name = names.get(place["policy"])
    owner = f"“{name}”" if name else HIDDEN
    return f"the {ordinal} of {owner}" if place["effect"] else owner


def _example(found: Json) -> str:
    if not found["witness"]:
        return ""
    who, what = tell_parts(found["witness"])
    end = {
        "overlap": "both apply",
        "overridden": "both apply, and it is denied",
        "can_fail": "it fails",
    }.get(found["matter"], "")
    return f"{who} could {what}: {end}." if end else f"{who} could {what}."


def _shift(found: Json) -> Shift:
    return Shift(
        who=KINDS.get(str(found["principal"]), str(found["principal"])),
        action=tell_action(found["action"]),
        relation=found["relation"],
        text=SHIFTS[found["relation"]],
        allowed=_change(found["allowed"], "could not {} before; it would be allowed."),
        denied=_change(found["denied"], "could {} before; it would be denied."),
        reason=found["reason"],
    )


def _change(witness: Json | None, sentence: str) -> str:
    if not witness:
        return ""
    who, what = tell_parts(witness)
    return f"{who} {sentence.format(what)}"
