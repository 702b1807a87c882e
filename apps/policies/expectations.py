"""What a revision decides on kept questions: every agent has to decide the same to serve it."""

import json
from collections.abc import Sequence
from typing import Any

import cedarpy
from aeterna_cedar_agent.uids import entity

from apps.kernel.errors import Invalid

from .cedar import parsed_agent_schema
from .digest import canonical
from .models import PolicyTest
from .playground import Question
from .queries import newest_tests
from .testing import read_question

# What is signed travels with every revision and every delta.
MAX_EXPECTED = 50
MAX_BYTES = 16_384

Row = dict[str, Any]


def expected_decisions(*, policies: Sequence[Row], entities: str) -> list[Row]:
    """Return what the whole engine decides on the tests of policies in force, newest first.

    `policies` are those that last, `entities` the canonical text. What cannot be asked any more,
    because somebody is gone or the schema changed, is left out, and so is what would be too much
    to sign.
    """
    tests = newest_tests(MAX_EXPECTED)
    if not tests:
        return []
    whole = Whole(policies=policies, entities=entities)
    rows, size = list[Row](), 0
    for test in tests:
        row = whole.answer(test)
        if row is None:
            continue
        size += len(canonical(row).encode())
        if size > MAX_BYTES:
            break
        rows.append(row)
    return rows


class Whole:
    """All that would be in force, asked at once: what agents slice must decide the same."""

    def __init__(self, *, policies: Sequence[Row], entities: str) -> None:
        texts = [policy["cedar"] for policy in policies]
        self._policies = cedarpy.PolicySet.from_str("\n".join(texts))
        self._entities = cedarpy.Entities.from_json_str(entities, parsed_agent_schema())
        uids = (row["uid"] for row in json.loads(entities))
        self._known = {(uid["type"], uid["id"]) for uid in uids}

    def answer(self, test: PolicyTest) -> Row | None:
        """Return a test's question with the decision, as a manifest names it."""
        try:
            question = read_question(test.question)
        except Invalid:
            return None
        row = self._row(question)
        try:
            entities = self._entities.with_added_json_str(
                json.dumps(row.get("additional_entities", [])), parsed_agent_schema()
            )
        except ValueError:
            return None
        asked = {key: row[key] for key in ("principal", "action", "resource", "context")}
        answer = cedarpy.is_authorized(asked, self._policies, entities, parsed_agent_schema())
        if answer.decision is cedarpy.Decision.NoDecision:
            return None
        return {"name": test.name, **row, "decision": answer.decision.value}

    def _row(self, question: Question) -> Row:
        row = {
            "principal": entity(*question.principal),
            "action": entity("Action", question.action),
            "resource": entity(*question.resource),
            "context": dict(question.context),
        }
        if question.resource in self._known:
            return row
        kind, name = question.resource
        place = [{"type": "Scope", "id": question.place}] if question.place else []
        attributes = dict(question.attributes)
        added = {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": place}
        return {**row, "additional_entities": [added]}
