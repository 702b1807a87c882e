"""One running agent: stored revision first, then the HTTP interface, then the portal."""

import asyncio
import contextlib
import logging
import signal
import threading
from urllib.parse import urlsplit

from aiohttp import web

from aeterna_cedar_agent import __version__
from aeterna_cedar_agent.applier import Applier
from aeterna_cedar_agent.backoff import Backoff
from aeterna_cedar_agent.config import Config, Listen
from aeterna_cedar_agent.engine import Engine
from aeterna_cedar_agent.journal import Journal
from aeterna_cedar_agent.lease import Leases
from aeterna_cedar_agent.link import Link
from aeterna_cedar_agent.parts import Parts
from aeterna_cedar_agent.server import build_app
from aeterna_cedar_agent.spool import Spool
from aeterna_cedar_agent.status import Status
from aeterna_cedar_agent.store import Store, StoreError
from aeterna_cedar_agent.trust import Trust, TrustError

EXIT_STOPPED = 0
EXIT_FAILED = 1

SHUTDOWN_SECONDS = 5.0

# Room for the engine's recursive parser, far above what `nesting` lets through.
WORKER_STACK_BYTES = 64 * 1024 * 1024

logger = logging.getLogger(__name__)


async def run_agent(config: Config) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    threading.stack_size(WORKER_STACK_BYTES)
    store = Store(directory=config.state_dir)
    try:
        store.open()
    except StoreError as error:
        logger.error("cannot start", extra={"error": str(error)})
        return EXIT_FAILED
    with contextlib.closing(store):
        return await _serve(config, store=store)


async def _serve(config: Config, *, store: Store) -> int:
    parts = _parts(config, store=store)
    try:
        parts.trust.open()
        parts.leases.restore()
        parts.journal.start()
    except (OSError, TrustError) as error:
        problem = f"decision log: {error.strerror}" if isinstance(error, OSError) else str(error)
        logger.error("cannot start", extra={"error": problem})
        return EXIT_FAILED
    stop = _stop_on_signals()
    with contextlib.closing(parts.journal), contextlib.closing(parts.applier):
        await parts.applier.restore()
        runner = await _listen(config, parts=parts)
        if runner is None:
            return EXIT_FAILED
        try:
            return await _follow(_link(config, parts=parts), stop)
        finally:
            await runner.cleanup()


def _parts(config: Config, *, store: Store) -> Parts:
    engine, status = Engine(), Status(portal=config.portal)
    trust = Trust(directory=config.state_dir, pin=config.portal_key)
    spool = Spool(directory=config.state_dir / "decisions", max_bytes=config.spool_max_bytes)
    return Parts(
        engine=engine,
        applier=Applier(engine=engine, store=store, status=status, trust=trust),
        journal=Journal(spool=spool, status=status),
        leases=Leases(directory=config.state_dir, trust=trust),
        status=status,
        trust=trust,
    )


async def _follow(link: Link, stop: asyncio.Event) -> int:
    following = asyncio.create_task(link.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((following, stopping), return_when=asyncio.FIRST_COMPLETED)
    if following.done():
        # The link never ends by itself: leaving lets a supervisor start a sound process.
        stopping.cancel()
        logger.critical("link failed", exc_info=following.exception())
        return EXIT_FAILED
    logger.info("stopping")
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following
    return EXIT_STOPPED


async def _listen(config: Config, *, parts: Parts) -> web.AppRunner | None:
    app = build_app(parts=parts, max_body_bytes=config.max_body_bytes, api_token=config.api_token)
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


def _link(config: Config, *, parts: Parts) -> Link:
    portal = urlsplit(config.portal)
    if portal.scheme == "ws" and not Listen(host=portal.hostname or "", port=0).is_loopback:
        logger.warning("token travels unencrypted", extra={"portal": config.portal})
    backoff = Backoff(
        base_seconds=config.backoff_base_seconds,
        cap_seconds=config.backoff_cap_seconds,
        auth_retry_seconds=config.auth_retry_seconds,
    )
    return Link(portal=config.portal, token=config.token, parts=parts, backoff=backoff)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
