"""The `aeterna-cedar-agent` command: run, status, check."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from aeterna_cedar_agent import __version__, logs
from aeterna_cedar_agent.client import AgentError, Client
from aeterna_cedar_agent.config import (
    ConfigError,
    add_flags,
    read_config,
    read_local,
)
from aeterna_cedar_agent.credentials import Token, TokenError
from aeterna_cedar_agent.engine import RefusedError, load_revision
from aeterna_cedar_agent.service import run_agent
from aeterna_cedar_agent.standalone import content as written_content
from aeterna_cedar_agent.standalone.writer import hold_written
from aeterna_cedar_agent.store import CURRENT, PREVIOUS, CorruptFileError, read_file

EXIT_OK = 0
EXIT_NOT_READY = 1
EXIT_USAGE = 2
STATUS_SECONDS = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status."""
    flags = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = flags.command
    try:
        return command(flags)
    except ConfigError as error:
        for problem in error.problems:
            print(f"aeterna-cedar-agent: {problem}", file=sys.stderr)
        return EXIT_USAGE


def run(flags: argparse.Namespace) -> int:
    """Serve decisions and follow the portal until stopped."""
    config = read_config(flags)
    logs.configure(level=config.log_level)
    return asyncio.run(run_agent(config))


def status(flags: argparse.Namespace) -> int:
    """Print a running agent's status; 0 where it serves a revision."""
    local = read_local(flags)
    try:
        token = local.api_token.read() if local.api_token is not None else None
        with Client(local.address, token=token, timeout_seconds=STATUS_SECONDS) as client:
            answer = client.status()
    except (AgentError, TokenError) as error:
        print(f"aeterna-cedar-agent: {error}", file=sys.stderr)
        return EXIT_NOT_READY
    print(json.dumps(answer, indent=2))
    return EXIT_OK if answer.get("revision") is not None else EXIT_NOT_READY


def check(flags: argparse.Namespace) -> int:
    """Say whether settings, tokens and stored revisions are usable, without connecting."""
    config = read_config(flags)
    if config.portal is None:
        print("portal: none, callers write")
        findings = [_check_written(config.state_dir)]
    else:
        print(f"portal: {config.portal.endpoint}")
        findings = [_check_token("token", config.portal.token)]
        findings += [_check_stored(config.state_dir / name) for name in (CURRENT, PREVIOUS)]
    if config.api_token is not None:
        findings.append(_check_token("api token", config.api_token))
    print(f"listen: {config.listen or config.socket}")
    for _, text in findings:
        print(text)
    return EXIT_OK if all(sound for sound, _ in findings) else EXIT_NOT_READY


def _check_token(name: str, token: Token) -> tuple[bool, str]:
    try:
        token.read()
    except TokenError as error:
        return False, f"{name}: {error}"
    return True, f"{name}: readable"


def _check_stored(path: Path) -> tuple[bool, str]:
    try:
        revision = read_file(path).revision
        load_revision(revision)
    except FileNotFoundError:
        return True, f"{path}: nothing stored"
    except (CorruptFileError, OSError, RefusedError) as error:
        return False, f"{path}: {error}"
    return True, f"{path}: revision {revision.number}, {len(revision.policies)} policies"


def _check_written(directory: Path) -> tuple[bool, str]:
    path = directory / written_content.FILE
    try:
        written = written_content.read_file(directory)
        if written is None:
            return True, f"{path}: nothing stored"
        hold_written(written)
    except (written_content.CorruptContentError, OSError, RefusedError) as error:
        return False, f"{path}: {error}"
    return True, f"{path}: revision {written.number}, {len(written.policies)} policies"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aeterna-cedar-agent",
        description="Cedar policy decision point that follows an Aeterna portal, or its callers.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (run, status, check):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        add_flags(sub)
        sub.set_defaults(command=command)
    return parser
