"""One piece of work for all connections of a company that ask for the same at the same time."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from apps.kernel.errors import DomainError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MOST = 500


class Batches(Generic[Item, Answer]):
    """Collects what is asked for while the work before is under way; nobody waits for a clock.

    `work` answers in the order of the items. Where it refuses, each item is tried by itself, so
    that one bad item fails nobody else; where what it needs is out of reach, all are told so.
    """

    def __init__(self, work: Callable[[UUID, Sequence[Item]], Awaitable[Sequence[Answer]]]) -> None:
        self._work = work
        self._waiting: dict[UUID, list[tuple[Item, asyncio.Future[Answer]]]] = defaultdict(list)
        self._running: dict[UUID, asyncio.Task[None]] = {}

    async def ask(self, tenant_id: UUID, item: Item) -> Answer:
        """Return the answer to one item, or raise what its work raised."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[tenant_id].append((item, answer))
        if tenant_id not in self._running:
            self._running[tenant_id] = asyncio.create_task(self._run(tenant_id))
        return await answer

    async def _run(self, tenant_id: UUID) -> None:
        try:
            while waiting := self._waiting.pop(tenant_id, None):
                for start in range(0, len(waiting), MOST):
                    await self._answer(tenant_id, waiting[start : start + MOST])
        finally:
            del self._running[tenant_id]

    async def _answer(
        self, tenant_id: UUID, asked: Sequence[tuple[Item, "asyncio.Future[Answer]"]]
    ) -> None:
        # Who was cut meanwhile wants nothing any more.
        asked = [(item, answer) for item, answer in asked if not answer.done()]
        if not asked:
            return
        try:
            found = await self._work(tenant_id, [item for item, _ in asked])
            pairs = list(zip(asked, found, strict=True))
        except Exception as error:  # noqa: BLE001 - whoever asked is told what it is
            if isinstance(error, DomainError) and len(asked) > 1:
                for one in asked:
                    await self._answer(tenant_id, [one])
            else:
                _fail(asked, error)
            return
        for (_, answer), value in pairs:
            if not answer.done():
                answer.set_result(value)


def _fail(asked: "Sequence[tuple[Any, asyncio.Future[Any]]]", error: Exception) -> None:
    for _, answer in asked:
        if not answer.done():
            answer.set_exception(error)
