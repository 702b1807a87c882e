"""One running agent: what an earlier run kept, then the HTTP interface, then its source."""

import asyncio
import contextlib
import logging
import os
import signal
import threading

from aeterna_cedar_agent.config import Config
from aeterna_cedar_agent.doors import Doors
from aeterna_cedar_agent.governed import Governed
from aeterna_cedar_agent.parts import Source, StartError
from aeterna_cedar_agent.server import build_app
from aeterna_cedar_agent.standalone.content import FILE as WRITTEN
from aeterna_cedar_agent.standalone.source import Standalone
from aeterna_cedar_agent.store import Store, StoreError
from aeterna_cedar_agent.trust import FILE as KEYS

EXIT_STOPPED = 0
EXIT_FAILED = 1

STOP_SECONDS = 15.0

# Room for the engine's recursive parser, far above what `nesting` lets through.
WORKER_STACK_BYTES = 64 * 1024 * 1024

logger = logging.getLogger(__name__)


async def run_agent(config: Config) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    threading.stack_size(WORKER_STACK_BYTES)
    stop = _stop_on_signals()
    store = Store(directory=config.state_dir)
    with contextlib.closing(store):
        try:
            store.open()
            source = _source(config, store=store)
            with contextlib.closing(source):
                await source.open()
                return await _serve(config, source=source, stop=stop)
        except (StoreError, StartError) as error:
            logger.error("cannot start", extra={"error": str(error)})
            return EXIT_FAILED


def _source(config: Config, *, store: Store) -> Source:
    # Who was governed must not become open to everybody because a setting was lost, nor the
    # other way round.
    portal, directory = config.portal, config.state_dir
    if portal is None:
        if not store.is_empty() or (directory / KEYS).exists():
            raise StartError(f"state directory {directory} is a portal's: --portal is missing")
        logger.info("standalone", extra={"serving": "what callers write"})
        return Standalone(directory=directory)
    if (directory / WRITTEN).exists():
        raise StartError(f"state directory {directory} holds what callers wrote without a portal")
    return Governed(config, portal=portal, store=store)


async def _serve(config: Config, *, source: Source, stop: asyncio.Event) -> int:
    app = build_app(
        serving=source.serving, max_body_bytes=config.max_body_bytes, api_token=config.api_token
    )
    doors = Doors(app)
    await doors.open(listen=config.listen, path=config.socket)
    following = asyncio.create_task(source.follow())
    try:
        return await _until(stop, following)
    finally:
        # What is being answered may still be told to the portal's log.
        await doors.close()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _until(stop: asyncio.Event, following: asyncio.Task[None]) -> int:
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((following, stopping), return_when=asyncio.FIRST_COMPLETED)
    leave_in(STOP_SECONDS)
    if following.done():
        # It never ends by itself: leaving lets a supervisor start a sound process.
        stopping.cancel()
        logger.critical("link failed", exc_info=following.exception())
        return EXIT_FAILED
    logger.info("stopping")
    return EXIT_STOPPED


def leave_in(seconds: float) -> threading.Timer:
    """End the process after so long whatever still hangs; all it keeps outlives a kill."""
    timer = threading.Timer(seconds, _leave)
    timer.daemon = True
    timer.start()
    return timer


def _leave() -> None:
    logger.critical("did not stop in time", extra={"seconds": STOP_SECONDS})
    os._exit(EXIT_FAILED)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
