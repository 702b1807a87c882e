"""What a standalone agent runs beside its HTTP interface: nothing but its writer."""

import asyncio
from pathlib import Path

from aeterna_cedar_agent.engine import Engine, RefusedError
from aeterna_cedar_agent.parts import Serving, StartError
from aeterna_cedar_agent.standalone.content import FILE, CorruptContentError
from aeterna_cedar_agent.standalone.writer import Writer
from aeterna_cedar_agent.standing import Ungoverned
from aeterna_cedar_agent.status import Status


class Standalone:
    """Callers say what is served; nobody is followed."""

    def __init__(self, *, directory: Path) -> None:
        self._directory = directory
        engine = Engine()
        self._writer = Writer(engine=engine, directory=directory)
        self.serving = Serving(
            engine=engine, status=Status(portal=None), standing=Ungoverned(), writer=self._writer
        )

    async def open(self) -> None:
        """Serve what was kept, or raise StartError: nothing that was written may be missing."""
        try:
            await self._writer.restore()
        except OSError as error:
            raise StartError(f"{self._directory / FILE}: {error.strerror}") from error
        except (CorruptContentError, RefusedError) as error:
            raise StartError(f"{self._directory / FILE}: {error}") from error

    async def follow(self) -> None:
        """Go on until cancelled."""
        await asyncio.Event().wait()

    def close(self) -> None:
        """End the change that is being made."""
        self._writer.close()
