"""Sliced decisions say what the engine says over all policies: decision, reasons and errors."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import cedarpy
import pytest
from aeterna_cedar_agent.slicing import Decider, Verdict, World, decider_for, shelves

from .slicing_worlds import Case, Maker

REQUESTS = 24


def told(answer: cedarpy.AuthzResult) -> tuple[Any, ...]:
    found = answer.diagnostics
    annotations = {
        name: found.id_annotations_by_reason[name]
        for name in sorted(found.reasons)
        if name in found.id_annotations_by_reason
    }
    return answer.decision.value, sorted(found.reasons), found.errors, annotations


def said(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.decision, sorted(verdict.reasons), list(verdict.errors), verdict.annotations


def plain(request: dict[str, Any], case: Case, entities: cedarpy.Entities) -> tuple[Any, ...]:
    return told(cedarpy.is_authorized(request, case.policies, entities, case.schema))


def with_added(case: Case, added: str) -> cedarpy.Entities | str:
    try:
        return case.entities.with_added_json_str(added, case.schema)
    except ValueError as error:
        return str(error)


def check_world(seed: int) -> Counter[str]:
    """Compare every way of asking on one random world, and count what came out."""
    maker = Maker(seed)
    case = maker.case()
    decider = decider_for(case.policies, case.entities, case.schema)
    requests = [maker.request() for _ in range(REQUESTS)]
    expected = [plain(request, case, case.entities) for request in requests]
    note = f"seed {seed}"
    assert [said(verdict) for verdict in decider.decide_many(requests)] == expected, note
    assert [said(decider.decide(request)) for request in requests] == expected, note
    raw = Decider(
        index=decider._index,
        ids=decider._ids,
        entities=case.entities,
        world=World([*case.rows, *declared(case.schema)]),
        schema=case.schema,
    )
    assert [said(raw.decide(request)) for request in requests] == expected, note
    check_added(case, decider, raw, maker, requests, note)
    return Counter(kind for outcome in expected for kind in kinds(outcome))


def check_added(
    case: Case,
    decider: Decider,
    raw: Decider,
    maker: Maker,
    requests: Iterable[dict[str, Any]],
    note: str,
) -> None:
    for request in list(requests)[:6]:
        added = json.dumps(maker.added())
        entities = with_added(case, added)
        for asked in (decider, raw):
            if isinstance(entities, str):
                with pytest.raises(ValueError, match=r"\w") as caught:
                    asked.decide_with(request, added=added)
                # Which of several faults is named first differs from one parsing to the next.
                assert str(caught.value).split("`")[0] == entities.split("`")[0], note
            else:
                expected = plain(request, case, entities)
                assert said(asked.decide_with(request, added=added)) == expected, note


def declared(schema: cedarpy.Schema | None) -> list[dict[str, Any]]:
    if schema is None:
        return []
    return json.loads(str(cedarpy.Entities.from_json_str("[]", schema)))


def kinds(outcome: tuple[Any, ...]) -> Iterable[str]:
    decision, reasons, errors, _ = outcome
    yield decision
    if errors and decision != "NoDecision":
        yield "errors"
    if decision == "Deny" and reasons:
        yield "forbidden"


def check_worlds(seeds: Iterable[int]) -> None:
    seen: Counter[str] = Counter()
    for seed in seeds:
        seen += check_world(seed)
    assert min(seen[kind] for kind in ("Allow", "Deny", "NoDecision", "errors", "forbidden")) > 20


@pytest.fixture(params=["as served", "small shelves", "combinations at once"])
def shape(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same policies cut up in other ways, so that small sets meet every path."""
    if request.param == "small shelves":
        monkeypatch.setattr("aeterna_cedar_agent.slicing.index.SHELF", 3)
        monkeypatch.setattr(shelves, "COMBINED", 4)
    if request.param == "combinations at once":
        monkeypatch.setattr("aeterna_cedar_agent.slicing.index.SHELF", 2)
        monkeypatch.setattr(shelves, "PARSE", 0.0)
        monkeypatch.setattr(shelves, "REMEMBERED", 5)
    return request.param


def test_random_worlds_get_the_engines_own_answers(shape: str) -> None:
    first = {"as served": 0, "small shelves": 1_000, "combinations at once": 2_000}[shape]
    check_worlds(range(first, first + 30))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(8))
def test_many_random_worlds_get_the_engines_own_answers(part: int, shape: str) -> None:
    first = 10_000 + 10_000 * part
    check_worlds(range(first, first + 350))
