"""Takes a published revision through verify, parse, validate, expect, swap, persist, in order."""

import asyncio
import importlib.metadata
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from aeterna_cedar_agent import frames
from aeterna_cedar_agent.engine import Engine, Loaded, RefusedError, load_revision
from aeterna_cedar_agent.expected import Expected, read_expected, require_expected
from aeterna_cedar_agent.revision import Revision
from aeterna_cedar_agent.shape import ShapeError
from aeterna_cedar_agent.status import Status, clip
from aeterna_cedar_agent.store import Identity, Store, Stored, StoreError
from aeterna_cedar_agent.temporary import Temporary, read_temporary
from aeterna_cedar_agent.trust import REVISION, Trust, TrustError

Result = TypeVar("Result")

ENGINE = importlib.metadata.version("cedarpy")

logger = logging.getLogger(__name__)


class ReadSigned(Protocol):
    """How the claims of what the portal signed are read."""

    def __call__(self, token: str, *, kind: str) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a manifest says of its revision beyond that it is the one."""

    temporary: tuple[Temporary, ...]
    expected: tuple[Expected, ...]


class Applier:
    """The only writer of the engine and the store; one revision is worked on at a time."""

    def __init__(self, *, engine: Engine, store: Store, status: Status, trust: Trust) -> None:
        self._engine = engine
        self._trust = trust
        self._store = store
        self._status = status
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="apply")
        self._unsaved: Stored | None = None

    async def restore(self) -> None:
        """Serve the newest stored revision that still loads; none leaves the engine empty."""
        restored = await self._in_worker(self._find_stored)
        if restored is None:
            self._tell_empty()
            return
        stored, loaded = restored
        self._take_identity(stored.identity)
        self._engine.swap(loaded)
        logger.info("restored", extra=_facts(loaded.revision))

    async def apply(self, snapshot: frames.Snapshot, *, identity: Identity) -> str:
        """Apply one snapshot and return the ack, nack or resync frame that answers it."""
        revision = snapshot.revision
        started = time.perf_counter()
        try:
            if not self._is_held(revision):
                loaded = await self._in_worker(lambda: self._next(revision))
                self._engine.swap(loaded)
                self._take_identity(identity)
                self._unsaved = Stored(
                    identity=identity, revision=revision, temporary=loaded.temporary
                )
            await self._save()
        except RefusedError as refused:
            if snapshot.is_built and refused.stage == "verify":
                # What is wrong may be the delta alone: the whole tells.
                self._status.failed(f"delta to revision {revision.number}: {refused}")
                return frames.resync()
            return self._refuse(refused, revision=revision)
        return self._accept(revision, applied_ms=(time.perf_counter() - started) * 1_000)

    def _tell_empty(self) -> None:
        serving = {"serving": "deny all until the first revision arrives"}
        if self._store.is_empty():
            logger.info("first start", extra=serving)
        else:
            logger.warning("no stored revision can be used", extra=serving)

    async def retry_save(self) -> str | None:
        """Try again to store what is served but not on disk; return its ack once it is."""
        unsaved = self._unsaved
        if unsaved is None:
            return None
        started = time.perf_counter()
        try:
            await self._save()
        except RefusedError as refused:
            self._status.failed(str(refused))
            return None
        elapsed = (time.perf_counter() - started) * 1_000
        return self._accept(unsaved.revision, applied_ms=elapsed)

    def close(self) -> None:
        """Let the worker finish what it does and take nothing more."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _find_stored(self) -> tuple[Stored, Loaded] | None:
        for stored in self._store.candidates():
            try:
                loaded = _prepare(
                    stored.revision, read=self._trust.read_stored, before=stored.temporary
                )
                return stored, loaded
            except RefusedError as refused:
                facts = {**_facts(stored.revision), "error": str(refused)}
                logger.error("stored revision refused", extra=facts)
        return None

    def _is_held(self, revision: Revision) -> bool:
        current = self._engine.current
        if current is None or revision.number > current.revision.number:
            return False
        if revision.number < current.revision.number:
            error = f"revision {revision.number} is lower than {current.revision.number} held"
            raise RefusedError(stage="verify", error=error)
        if revision.digest != current.revision.digest:
            error = f"revision {revision.number} is held with digest {current.revision.digest}"
            raise RefusedError(stage="verify", error=error)
        return True

    def _next(self, revision: Revision) -> Loaded:
        current = self._engine.current
        before = current.temporary if current else ()
        if current is None or current.revision.digest != revision.digest:
            return _prepare(revision, read=self._trust.read, before=before)
        # The content of the one held under a new number, or signed by a new key.
        told = _verify(revision, read=self._trust.read, before=before)
        if [item.id for item in told.temporary] != [item.id for item in before]:
            return _load(revision, told=told)
        held = replace(current, revision=revision, temporary=told.temporary)
        require_expected(told.expected, loaded=held)
        return held

    async def _save(self) -> None:
        stored = self._unsaved
        if stored is None:
            return
        try:
            await self._in_worker(lambda: self._store.save(stored))
        except StoreError as error:
            raise RefusedError(stage="persist", error=str(error)) from error
        if self._unsaved is stored:
            self._unsaved = None

    def _accept(self, revision: Revision, *, applied_ms: float) -> str:
        self._status.applies["ack"] += 1
        self._status.synced()
        facts = {**_facts(revision), "applied_ms": round(applied_ms, 3)}
        logger.info("revision applied", extra=facts)
        return frames.ack(revision=revision.number, digest=revision.digest, applied_ms=applied_ms)

    def _refuse(self, refused: RefusedError, *, revision: Revision) -> str:
        self._status.applies["nack"] += 1
        self._status.failed(f"revision {revision.number} refused: {refused}")
        detail = {"stage": refused.stage, "policy": refused.policy, "error": refused.error}
        logger.error("revision refused", extra={**_facts(revision), **detail})
        return frames.nack(
            revision=revision.number,
            digest=revision.digest,
            stage=refused.stage,
            policy=refused.policy,
            error=refused.error,
        )

    def _take_identity(self, identity: Identity) -> None:
        self._status.tenant = identity.tenant
        self._status.agent = identity.agent
        self._status.name = identity.name

    async def _in_worker(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def _prepare(revision: Revision, *, read: ReadSigned, before: Sequence[Temporary]) -> Loaded:
    try:
        return _load(revision, told=_verify(revision, read=read, before=before))
    except RefusedError:
        raise
    except BaseException as error:  # a panic in the native engine is no Exception
        logger.exception("engine failure")
        raise RefusedError(stage="parse", error=f"engine failure: {error!r}") from error


def _load(revision: Revision, *, told: Told) -> Loaded:
    loaded = load_revision(revision, temporary=told.temporary)
    require_expected(told.expected, loaded=loaded)
    return loaded


def _verify(revision: Revision, *, read: ReadSigned, before: Sequence[Temporary]) -> Told:
    try:
        claims = read(revision.manifest, kind=REVISION)
        _require_signed(revision, claims=claims)
        known = {policy.id for policy in revision.policies}
        told = Told(
            temporary=read_temporary(claims, known=known, before=before),
            expected=read_expected(claims),
        )
    except (ShapeError, TrustError) as error:
        raise RefusedError(stage="verify", error=f"manifest: {error}") from error
    try:
        found = revision.computed_digest()
    except (ValueError, RecursionError) as error:
        raise RefusedError(stage="verify", error=f"content has no digest: {error}") from error
    if found != revision.digest:
        raise RefusedError(stage="verify", error=f"content digests to {found}")
    return told


def _require_signed(revision: Revision, *, claims: Mapping[str, Any]) -> None:
    for name, here in (("revision", revision.number), ("digest", revision.digest)):
        if claims.get(name) != here:
            raise TrustError(f"signed for {name} {claims.get(name)}")
    needed = str(claims.get("minimum_engine") or "0")
    if _version(ENGINE) < _version(needed):
        error = f"needs cedarpy {clip(needed, length=40)} or newer, this agent has {ENGINE}"
        raise RefusedError(stage="verify", error=error)


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if not all(part.isdecimal() for part in parts):
        raise TrustError(f"minimum_engine {clip(text, length=40)} is no version")
    return tuple(int(part) for part in parts)


def _facts(revision: Revision) -> dict[str, object]:
    return {"revision": revision.number, "digest": revision.digest}
