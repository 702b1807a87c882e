"""One running agent: what an earlier run kept, then the HTTP interface, then its source."""

import asyncio
import contextlib
import logging
import signal
import threading

from aiohttp import web

from aeterna_cedar_agent import __version__
from aeterna_cedar_agent.config import Config, Listen
from aeterna_cedar_agent.governed import Governed
from aeterna_cedar_agent.parts import Source, StartError
from aeterna_cedar_agent.server import build_app
from aeterna_cedar_agent.standalone.content import FILE as WRITTEN
from aeterna_cedar_agent.standalone.source import Standalone
from aeterna_cedar_agent.store import Store, StoreError
from aeterna_cedar_agent.trust import FILE as KEYS

EXIT_STOPPED = 0
EXIT_FAILED = 1

SHUTDOWN_SECONDS = 5.0

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
    runner = await _listen(config, source=source)
    if runner is None:
        return EXIT_FAILED
    try:
        return await _follow(source, stop)
    finally:
        await runner.cleanup()


async def _follow(source: Source, stop: asyncio.Event) -> int:
    following = asyncio.create_task(source.follow())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((following, stopping), return_when=asyncio.FIRST_COMPLETED)
    if following.done():
        # It never ends by itself: leaving lets a supervisor start a sound process.
        stopping.cancel()
        logger.critical("link failed", exc_info=following.exception())
        return EXIT_FAILED
    logger.info("stopping")
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following
    return EXIT_STOPPED


async def _listen(config: Config, *, source: Source) -> web.AppRunner | None:
    app = build_app(
        serving=source.serving, max_body_bytes=config.max_body_bytes, api_token=config.api_token
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, config.listen.host, config.listen.port).start()
    except OSError as error:
        await runner.cleanup()
        facts = {"address": str(config.listen), "error": error.strerror or str(error)}
        logger.error("cannot listen", extra=facts)
        return None
    address = Listen(host=config.listen.host, port=runner.addresses[0][1])
    logger.info("listening", extra={"address": str(address), "version": __version__})
    return runner


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
