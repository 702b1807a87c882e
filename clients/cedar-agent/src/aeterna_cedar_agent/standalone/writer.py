"""The only way in which what a standalone agent serves changes: checked, kept, then served."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aeterna_cedar_agent import slicing
from aeterna_cedar_agent.engine import Engine, Loaded, RefusedError, index_of, name_statements
from aeterna_cedar_agent.revision import Policy, Revision
from aeterna_cedar_agent.standalone.content import NO_SCHEMA, content, read_file, write_file
from aeterna_cedar_agent.standalone.facts import Facts, Rows, parse_facts
from aeterna_cedar_agent.standalone.grammar import Grammar

# Callers name policies; they do not number their versions.
VERSION = 1

Policies = Sequence[tuple[str, str]]
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class TakenError(Exception):
    """A policy of this id is there already."""


class UnknownError(Exception):
    """No policy of this id is there."""


class KeepError(Exception):
    """What was written could not be kept, and so is not served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is served, with the parts that the next change may leave as they are."""

    loaded: Loaded
    grammar: Grammar
    facts: Facts

    @property
    def policies(self) -> dict[str, str]:
        """The text of each policy by its id, in the order they were written."""
        return {policy.id: policy.cedar for policy in self.loaded.revision.policies}


class Writer:
    """Makes one change at a time, in a thread; a change that raises has changed nothing."""

    def __init__(self, *, engine: Engine, directory: Path) -> None:
        self._engine = engine
        self._directory = directory
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="write")
        self._held = hold(0)

    async def restore(self) -> None:
        """Serve what an earlier run kept.

        Raises CorruptContentError, RefusedError or OSError where it cannot be used.
        """
        await self._in_worker(self._restore)

    async def add_policy(self, policy: str, *, cedar: str) -> None:
        """Add a policy; raises TakenError, RefusedError or KeepError."""
        await self._in_worker(lambda: self._add(policy, cedar=cedar))

    async def put_policy(self, policy: str, *, cedar: str) -> None:
        """Add or replace a policy; raises RefusedError or KeepError."""
        await self._in_worker(lambda: self._put(policy, cedar=cedar))

    async def remove_policy(self, policy: str) -> None:
        """Remove a policy; raises UnknownError or KeepError."""
        await self._in_worker(lambda: self._remove(policy))

    async def replace_policies(self, policies: Policies) -> None:
        """Replace all policies, given by id and text; raises RefusedError or KeepError."""
        await self._in_worker(lambda: self._change(policies=policies))

    async def replace_entities(self, rows: Rows) -> Rows:
        """Replace all entities, and return them as they are served; raises likewise."""
        return (await self._in_worker(lambda: self._change(rows=rows))).entities

    async def replace_schema(self, text: str) -> None:
        """Replace the schema where all policies and entities fit it; raises likewise."""
        await self._in_worker(lambda: self._change(schema=text))

    def close(self) -> None:
        """Let the change that is being made end, and take no more."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _restore(self) -> None:
        kept = read_file(self._directory)
        if kept is not None:
            self._held = hold_written(kept)
        self._engine.swap(self._held.loaded)
        facts = {
            "revision": self._held.loaded.revision.number,
            "policies": len(self._held.policies),
        }
        logger.info("restored" if kept else "first start", extra=facts)

    def _add(self, policy: str, *, cedar: str) -> None:
        if policy in self._held.policies:
            raise TakenError
        self._put(policy, cedar=cedar)

    def _put(self, policy: str, *, cedar: str) -> None:
        self._change(policies=list({**self._held.policies, policy: cedar}.items()))

    def _remove(self, policy: str) -> None:
        left = self._held.policies
        if policy not in left:
            raise UnknownError
        del left[policy]
        self._change(policies=list(left.items()))

    def _change(
        self,
        *,
        schema: str | None = None,
        policies: Policies | None = None,
        rows: Rows | None = None,
    ) -> Revision:
        number = self._held.loaded.revision.number + 1
        held = hold(number, schema=schema, policies=policies, rows=rows, before=self._held)
        revision = held.loaded.revision
        try:
            write_file(self._directory, revision)
        except OSError as error:
            text = f"state directory {self._directory}: {error.strerror}"
            logger.error("not kept", extra={"error": text})
            raise KeepError(text) from error
        self._held = held
        self._engine.swap(held.loaded)
        logger.info("written", extra={"revision": number, "policies": len(revision.policies)})
        return revision

    async def _in_worker(self, work: Callable[[], Result]) -> Result:
        # A caller that leaves must not leave a change half made: the thread ends it.
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def hold(
    number: int,
    *,
    schema: str | None = None,
    policies: Policies | None = None,
    rows: Rows | None = None,
    before: Held | None = None,
) -> Held:
    """Make content ready to decide; what is not given stays as it was `before`, or is empty.

    Raises RefusedError where policies or entities do not parse or do not fit the schema.
    """
    grammar = before.grammar if before and schema is None else Grammar(schema or NO_SCHEMA)
    facts = before.facts if before and schema is None and rows is None else None
    texts = list(before.policies.items()) if before and policies is None else list(policies or ())
    named = [Policy(id=id_, version=VERSION, name="", cedar=cedar) for id_, cedar in texts]
    try:
        statements = name_statements(named)
        for policy in named:
            grammar.check(policy.id, text=policy.cedar)
        if facts is None:
            given = before.facts.rows if before and rows is None else rows or ()
            facts = parse_facts(given, schema=grammar.handle)
    except RefusedError as refused:
        if before is None or schema is None:
            raise
        raise _unfit(refused) from refused
    revision = content(number, schema=grammar.text, policies=named, entities=facts.rows)
    decider = slicing.Decider(
        index=index_of(tuple(policy.cedar for policy in named)),
        ids=tuple(name for policy in named for name in statements[policy.id]),
        entities=facts.handle,
        world=facts.world,
    )
    loaded = Loaded(revision=revision, statements=statements, deciders=(decider,))
    return Held(loaded=loaded, grammar=grammar, facts=facts)


def hold_written(written: Revision) -> Held:
    """Make content ready to decide that was kept in a file; raises RefusedError."""
    texts = [(policy.id, policy.cedar) for policy in written.policies]
    return hold(written.number, schema=written.schema, policies=texts, rows=written.entities)


def _unfit(refused: RefusedError) -> RefusedError:
    what = "policies" if refused.policy else "entities"
    error = f"existing {what} do not fit the new schema: {refused.error}"
    return RefusedError(stage=refused.stage, policy=refused.policy, error=error)
