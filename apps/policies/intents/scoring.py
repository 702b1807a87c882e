"""Scoring the reading of intents by what its drafts decide, never by how they are written."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Any

import cedarpy

from ..queries import agent_schema
from ..rules import Effect, Rule, parse_rules
from ..rules.check import check_rule
from ..rules.project import load_project
from .read import read_intent
from .types import Ambiguous, Contradictory, Draft, NotUnderstood, Outcome, Setting, Understood


class Mark(StrEnum):
    RIGHT = "right"
    ASKED = "asked"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Scored:
    """One case with its mark; wrong means that something was understood that was not meant."""

    intent: str
    mark: Mark
    why: str


EXPECTED: Mapping[str, tuple[type, ...]] = {
    "understood": (Understood,),
    "ambiguous": (Ambiguous,),
    "contradictory": (Contradictory,),
    "unanswerable": (NotUnderstood, Ambiguous),
}
RESOURCES = {"use_dependency": "Dependency", "read_file": "File", "write_file": "File",
             "run_tool": "Tool", "read_memory": "Memory", "write_memory": "Memory",
             "read_knowledge": "Knowledge", "propose_knowledge": "Knowledge",
             "deploy": "Scope"}  # fmt: skip
EVERYTHING = "permit (principal, action, resource);"


def score_cases(cases: Iterable[Mapping[str, Any]], setting: Setting) -> list[Scored]:
    """Return the mark of each case: {intent, expect, requests?, projects?, answers?}."""
    return [_scored(case, setting) for case in cases]


def wilson(count: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of a share at 95 % (Wilson, 1927)."""
    if not total:
        return 0.0, 1.0
    share = count / total
    middle = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def _scored(case: Mapping[str, Any], setting: Setting) -> Scored:
    intent = case["intent"]
    outcome = read_intent(intent, setting, case.get("answers", {}))
    expected = EXPECTED[case["expect"]]
    if not isinstance(outcome, Understood):
        mark = Mark.RIGHT if isinstance(outcome, expected) else Mark.ASKED
        return Scored(intent, mark, "" if mark == Mark.RIGHT else _told(outcome))
    if Understood not in expected:
        return Scored(intent, Mark.WRONG, f"understood, and is {case['expect']}")
    failed = [
        *_failed_requests(outcome.draft, case, setting),
        *_failed_projects(outcome.draft, case, setting),
    ]
    return Scored(intent, Mark.WRONG if failed else Mark.RIGHT, "; ".join(failed))


def _told(outcome: Outcome) -> str:
    if isinstance(outcome, Ambiguous):
        return f"asked: {outcome.question}"
    return outcome.reason if isinstance(outcome, Contradictory | NotUnderstood) else ""


def _failed_requests(draft: Draft, case: Mapping[str, Any], setting: Setting) -> list[str]:
    requests = case.get("requests", [])
    # Where everything is permitted but for what the draft says, unless all it does is permit.
    cedar = draft.cedar if "permit (" in draft.cedar else f"{EVERYTHING}\n{draft.cedar}"
    return [
        f"{request['action']} should be {'allowed' if request['allowed'] else 'denied'}: {request}"
        for request in requests
        if _is_allowed(cedar, request, setting) != request["allowed"]
    ]


def _is_allowed(cedar: str, request: Mapping[str, Any], setting: Setting) -> bool:
    where = request.get("in", setting.places[0].path)
    entities = [_scope(place.path, place.name, place.kind) for place in setting.places]
    mail = request.get("mail", "somebody@example.test")
    roles = request.get("roles", [])
    user = _entity("User", mail, {"roles": roles}, [("Scope", where)])
    agent = _entity(
        "Agent", "agent",
        {"name": "agent", "owner": {"__entity": {"type": "User", "id": mail}},
         "capabilities": []},
        [("User", mail), ("Scope", where)],
    )  # fmt: skip
    kind = RESOURCES[request["action"]]
    resource = dict(request.get("resource", {}))
    lies_in = resource.pop("in", where)
    name = str(resource.get("name") or resource.get("path") or "thing")
    if kind == "Scope":
        name = lies_in
    else:
        entities.append(_entity(kind, name, resource, [("Scope", lies_in)]))
    who = ("User", mail) if request["principal"] == "user" else ("Agent", "agent")
    asked = {
        "principal": f"{who[0]}::{json.dumps(who[1])}",
        "action": f'Action::"{request["action"]}"',
        "resource": f"{kind}::{json.dumps(name)}",
        "context": request.get("context", {}),
    }
    answer = cedarpy.is_authorized(asked, cedar, json.dumps([*entities, user, agent]))
    return bool(answer.allowed)


def _scope(path: str, name: str, kind: str) -> dict[str, Any]:
    above = path.rpartition("/")[0]
    return _entity("Scope", path, {"kind": kind, "name": name}, [("Scope", above)] if above else [])


def _entity(
    kind: str, name: str, attrs: Mapping[str, Any], parents: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": dict(attrs),
        "parents": [{"type": of, "id": parent} for of, parent in parents],
    }


def _failed_projects(draft: Draft, case: Mapping[str, Any], setting: Setting) -> list[str]:
    rules = parse_rules(list(draft.rules))
    return [
        f"{'a' if project['violation'] else 'no'} violation was meant in {project}"
        for project in case.get("projects", [])
        if _is_violated(rules, project, setting, draft.place) != project["violation"]
    ]


def _is_violated(
    rules: Sequence[Rule], given: Mapping[str, Any], setting: Setting, place: str
) -> bool:
    where = given.get("in", place)
    if where != place and not where.startswith(f"{place}/"):
        return False
    project = load_project(
        manifests=given.get("manifests", {}),
        files=given.get("files", []),
        contents=given.get("contents", {}),
    )
    roles = set(given.get("roles", ()))
    allows = [rule for rule in rules if rule.effect == Effect.ALLOW]
    return any(
        check_rule(rule, project, allows=allows).findings
        for rule in rules
        if not _is_off(rule, where) and not roles & set(rule.roles)
    )


def _is_off(rule: Rule, where: str) -> bool:
    return any(where == path or where.startswith(f"{path}/") for path in rule.except_in)


def is_valid(draft: Draft) -> bool:
    """Tell whether a draft's Cedar is strictly valid against the schema that agents enforce."""
    if not draft.cedar:
        return True
    return bool(cedarpy.validate_policies(draft.cedar, agent_schema()).validation_passed)
