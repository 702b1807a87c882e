"""Where the HTTP interface is reached: a TCP address, a Unix socket, or both."""

import contextlib
import errno
import logging
import os
import socket
import stat
from pathlib import Path

from aiohttp import web

from aeterna_cedar_agent import __version__
from aeterna_cedar_agent.config import Listen
from aeterna_cedar_agent.parts import StartError

# How long what is being answered may take once the agent stops.
ANSWER_SECONDS = 5.0
# Owner and group may connect: umask for a mode of 0660.
SOCKET_UMASK = 0o117

logger = logging.getLogger(__name__)


class Doors:
    """One application behind all the ways in; closing lets it finish what it is answering."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=ANSWER_SECONDS)
        self._socket: tuple[Path, int] | None = None

    async def open(self, *, listen: Listen | None, path: Path | None) -> None:
        """Listen on an address, a path, or both; raises StartError and then listens nowhere."""
        await self._runner.setup()
        place = str(listen)
        try:
            if listen is not None:
                await self._open_tcp(listen)
            if path is not None:
                place = f"unix:{path}"
                await self._open_unix(path)
        except OSError as error:
            await self.close()
            reason = error.strerror or str(error)
            raise StartError(f"cannot listen on {place}: {reason}") from error

    async def close(self) -> None:
        """Take nothing more, finish what is being answered within ANSWER_SECONDS, and go."""
        await self._runner.cleanup()
        if self._socket is None:
            return
        path, inode = self._socket
        self._socket = None
        with contextlib.suppress(OSError):
            if _inode(path) == inode:
                path.unlink()

    async def _open_tcp(self, listen: Listen) -> None:
        site = web.TCPSite(self._runner, listen.host, listen.port)
        await site.start()
        port = self._runner.addresses[0][1]
        _tell(str(Listen(host=listen.host, port=port)))

    async def _open_unix(self, path: Path) -> None:
        bound = bind_path(path)
        self._socket = (path, _inode(path))
        await web.SockSite(self._runner, bound).start()
        _tell(f"unix:{path}")


def bind_path(path: Path) -> socket.socket:
    """Bind a socket that owner and group may connect to; raises OSError.

    One that is left over from an agent that was killed is replaced; nothing else ever is.
    """
    _remove_stale(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(SOCKET_UMASK)
    try:
        bound.bind(str(path))
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
    return bound


def _remove_stale(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(errno.EEXIST, "is there already and is no socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another process listens there")


def _inode(path: Path) -> int:
    return path.lstat().st_ino


def _tell(address: str) -> None:
    logger.info("listening", extra={"address": address, "version": __version__})
