"""Recorded requests decided twice: by the policies in force, and with a proposed change of them."""

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import cedarpy
from aeterna_cedar_agent.slicing import Decider, Index, World, ids_of, read_text, rows_of
from aeterna_cedar_agent.slicing.world import Uid

from apps.fleet.types import RecordedRequest
from apps.policies.comparison import Body, Change

from ..types import ReplayOutcome

MASK = "[REDACTED:"
# How many different requests are remembered with their outcome before all are forgotten.
REMEMBERED = 200_000
_NO_DECISION = "NoDecision"


class _Key(NamedTuple):
    principal: str
    action: str
    resource: str
    context: str
    entities: str


class Judge:
    """The policies before and after a change over the same entities; decides as agents do."""

    def __init__(
        self, change: Change, *, schema: str, entities: Sequence[Mapping[str, Any]]
    ) -> None:
        """Parse everything once; raises ValueError where something does not parse."""
        self._schema = cedarpy.Schema.from_str(schema)
        self._store = cedarpy.Entities.from_json_str(json.dumps(list(entities)), self._schema)
        self._world = World(rows_of(self._store))
        self._before = self._decider(change.base)
        self._after = self._decider(change.after)
        # What differs on either side: only what one of these may match can be decided otherwise.
        differing = set(change.base) ^ set(change.after)
        self._touched = self._decider(sorted(differing, key=lambda body: (body.id, body.cedar)))
        self._is_changed = any(body.cedar.strip() for body in differing)
        self._known: dict[_Key, ReplayOutcome] = {}

    def judge_many(self, rows: Sequence[RecordedRequest]) -> list[ReplayOutcome]:
        """Return the outcome of each row in their order; equal requests are decided once."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        keys = [_key(row) for row in rows]
        waiting: dict[_Key, dict[str, Any]] = {}
        for row, key in zip(rows, keys, strict=True):
            if row.is_cut or key in self._known or key in waiting:
                continue
            self._sort(key, waiting)
        self._decide(waiting)
        return [
            ReplayOutcome.CUT if row.is_cut else self._known[key]
            for row, key in zip(rows, keys, strict=True)
        ]

    def _sort(self, key: _Key, waiting: dict[_Key, dict[str, Any]]) -> None:
        """Settle a request that needs no policy to be asked, or put it with those that wait."""
        if MASK in key.context or MASK in key.entities:
            self._known[key] = ReplayOutcome.MASKED
            return
        uids = [_uid(text) for text in (key.principal, key.action, key.resource)]
        principal, action, resource = uids
        if principal is None or action is None or resource is None:
            self._known[key] = ReplayOutcome.UNREADABLE
            return
        request = {
            "principal": principal._asdict(),
            "action": action._asdict(),
            "resource": resource._asdict(),
            "context": key.context,
        }
        if key.entities != "[]":
            self._known[key] = self._with_entities(request, key.entities)
        elif self._world.find(principal) is None:
            self._known[key] = ReplayOutcome.GONE
        elif not self._is_changed or not self._touched.candidates(request):
            self._known[key] = ReplayOutcome.SAME
        else:
            waiting[key] = request

    def _decide(self, waiting: Mapping[_Key, dict[str, Any]]) -> None:
        requests = list(waiting.values())
        sides = zip(
            waiting,
            self._before.decide_many(requests),
            self._after.decide_many(requests),
            strict=True,
        )
        for key, before, after in sides:
            self._known[key] = _outcome(before.decision, after.decision)

    def _with_entities(self, request: dict[str, Any], entities: str) -> ReplayOutcome:
        if not self._is_changed or not self._touched.candidates(request, added=entities):
            return ReplayOutcome.SAME
        try:
            before = self._before.decide_with(request, added=entities)
            after = self._after.decide_with(request, added=entities)
        except ValueError:
            return ReplayOutcome.REFUSED
        return _outcome(before.decision, after.decision)

    def _decider(self, bodies: Iterable[Body]) -> Decider:
        sources = [(body.id, read_text(body.cedar)) for body in bodies if body.cedar.strip()]
        names = (
            ids_of(f"{at}:{policy_id}", source) for at, (policy_id, source) in enumerate(sources)
        )
        return Decider(
            index=Index([source for _, source in sources]),
            ids=tuple(itertools.chain.from_iterable(names)),
            entities=self._store,
            world=self._world,
            schema=self._schema,
        )


def _key(row: RecordedRequest) -> _Key:
    return _Key(row.principal, row.action, row.resource, row.context, row.entities)


def _outcome(before: str, after: str) -> ReplayOutcome:
    if _NO_DECISION in (before, after):
        return ReplayOutcome.REFUSED
    if before == after:
        return ReplayOutcome.SAME
    return ReplayOutcome.NEWLY_ALLOWED if after == "Allow" else ReplayOutcome.NEWLY_DENIED


def _uid(text: str) -> Uid | None:
    """Return what an agent wrote as `Type::"id"`; None where it was cut short."""
    kind, _, rest = text.partition('::"')
    try:
        name = json.loads(f'"{rest}')
    except ValueError:
        return None
    return Uid(kind, name) if kind and isinstance(name, str) else None
