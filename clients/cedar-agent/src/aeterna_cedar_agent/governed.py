"""What a governed agent runs beside its HTTP interface: its stored revisions, then the portal."""

import logging
from urllib.parse import urlsplit

from aeterna_cedar_agent.applier import Applier
from aeterna_cedar_agent.backoff import Backoff
from aeterna_cedar_agent.config import Config, Listen, Portal
from aeterna_cedar_agent.engine import Engine
from aeterna_cedar_agent.journal import Journal
from aeterna_cedar_agent.lease import Leases
from aeterna_cedar_agent.link import Link
from aeterna_cedar_agent.parts import Parts, Serving, StartError
from aeterna_cedar_agent.spool import Spool
from aeterna_cedar_agent.status import Status
from aeterna_cedar_agent.store import Store
from aeterna_cedar_agent.trust import Trust, TrustError

logger = logging.getLogger(__name__)


class Governed:
    """A portal says what is served; it is followed for as long as the process runs."""

    def __init__(self, config: Config, *, portal: Portal, store: Store) -> None:
        self._parts = parts = _parts(config, portal=portal, store=store)
        self._link = _link(config, portal=portal, parts=parts)
        self.serving = Serving(
            engine=parts.engine,
            status=parts.status,
            standing=parts.leases,
            journal=parts.journal,
            trust=parts.trust,
        )

    async def open(self) -> None:
        """Serve the newest stored revision; raises StartError where keys or log are unusable."""
        try:
            self._parts.trust.open()
            self._parts.leases.restore()
            self._parts.journal.start()
        except OSError as error:
            raise StartError(f"decision log: {error.strerror}") from error
        except TrustError as error:
            raise StartError(str(error)) from error
        await self._parts.applier.restore()

    async def follow(self) -> None:
        """Connect, converse and connect again until cancelled."""
        await self._link.run()

    def close(self) -> None:
        """End what is being applied, and write the decisions that wait."""
        self._parts.applier.close()
        self._parts.journal.close()


def _parts(config: Config, *, portal: Portal, store: Store) -> Parts:
    engine, status = Engine(), Status(portal=portal.endpoint)
    trust = Trust(directory=config.state_dir, pin=portal.key)
    spool = Spool(directory=config.state_dir / "decisions", max_bytes=config.spool_max_bytes)
    return Parts(
        engine=engine,
        applier=Applier(engine=engine, store=store, status=status, trust=trust),
        journal=Journal(spool=spool, status=status),
        leases=Leases(directory=config.state_dir, trust=trust),
        status=status,
        trust=trust,
    )


def _link(config: Config, *, portal: Portal, parts: Parts) -> Link:
    address = urlsplit(portal.endpoint)
    if address.scheme == "ws" and not Listen(host=address.hostname or "", port=0).is_loopback:
        logger.warning("token travels unencrypted", extra={"portal": portal.endpoint})
    backoff = Backoff(
        base_seconds=config.backoff_base_seconds,
        cap_seconds=config.backoff_cap_seconds,
        auth_retry_seconds=config.auth_retry_seconds,
    )
    return Link(portal=portal.endpoint, token=portal.token, parts=parts, backoff=backoff)
