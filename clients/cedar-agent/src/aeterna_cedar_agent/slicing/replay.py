"""Many recorded requests decided again, on several processes."""

import gc
import itertools
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import cedarpy

from aeterna_cedar_agent.slicing.decider import Decider
from aeterna_cedar_agent.slicing.index import Index
from aeterna_cedar_agent.slicing.statements import ids_of, read_text
from aeterna_cedar_agent.slicing.verdict import Verdict
from aeterna_cedar_agent.slicing.world import World, rows_of

# Requests decided at a time: enough to share calls of the engine, few enough to report progress.
TURN = 1_000

Requests = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySource:
    """What to decide by, as text: (id, Cedar) of each policy, entities as Cedar JSON, a schema."""

    policies: tuple[tuple[str, str], ...]
    entities: str
    schema: str | None = None

    def decider(self) -> Decider:
        """Parse everything; raises ValueError where something does not parse."""
        schema = cedarpy.Schema.from_str(self.schema) if self.schema is not None else None
        entities = cedarpy.Entities.from_json_str(self.entities, schema)
        sources = [read_text(text) for _, text in self.policies]
        named = zip(self.policies, sources, strict=True)
        ids = itertools.chain.from_iterable(ids_of(policy, source) for (policy, _), source in named)
        return Decider(
            index=Index(sources),
            ids=tuple(ids),
            entities=entities,
            world=World(rows_of(entities)),
            schema=schema,
        )


class Replay:
    """Processes that hold one source ready; use it as a context manager.

    With one process everything happens in the caller's, for where no process may be started.
    """

    def __init__(self, source: ReplaySource, *, processes: int = 2) -> None:
        """Parse the source, or start processes that do; raises ValueError where it does not."""
        self._decider = source.decider() if processes == 1 else None
        self._pool: Executor | None = None
        if processes > 1:
            self._pool = ProcessPoolExecutor(
                processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_prepare,
                initargs=(source,),
            )

    def decide_many(self, requests: Requests) -> list[Verdict]:
        """Answer the requests in their order; raises what cedarpy raises where one is none."""
        return list(itertools.chain.from_iterable(self.turns(requests)))

    def turns(self, requests: Requests) -> Iterator[list[Verdict]]:
        """Yield the answers in order, up to TURN at a time, as they become ready."""
        turns = [requests[at : at + TURN] for at in range(0, len(requests), TURN)]
        if self._decider is not None:
            return map(self._decider.decide_many, turns)
        if self._pool is None:
            raise RuntimeError("the replay was closed")
        return self._pool.map(_decide, turns)

    def close(self) -> None:
        """End the processes, leaving out what they have not begun."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._decider = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_ready: list[Decider] = []


def _prepare(source: ReplaySource) -> None:
    _ready[:] = [source.decider()]
    gc.freeze()  # the policies stay: looking through them for garbage is all for nothing


def _decide(requests: Requests) -> list[Verdict]:
    return _ready[0].decide_many(requests)
