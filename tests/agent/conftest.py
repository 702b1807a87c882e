"""Puts the agent's sources on the path and hands out portals and agent processes."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "clients" / "cedar-agent" / "src"
sys.path.insert(0, str(SOURCES))

from .agent_process import AgentProcess  # noqa: E402
from .portal_double import Portal  # noqa: E402

TOKEN = "agent-token-that-must-never-be-logged"


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A listening portal that knows one token."""
    with Portal(token=TOKEN) as running:
        yield running


@pytest.fixture
def make_agent(tmp_path: Path) -> Iterator[Callable[..., AgentProcess]]:
    """Start agent processes on one state directory; all are ended afterwards."""
    started: list[AgentProcess] = []
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")

    def make(*extra: str, portal_url: str | None, state_dir: Path | None = None) -> AgentProcess:
        agent = AgentProcess(
            portal_url=portal_url,
            state_dir=state_dir or tmp_path / "state",
            token_file=token_file,
            extra=extra,
            sources=SOURCES,
        )
        started.append(agent)
        return agent

    yield make
    for agent in started:
        agent.end()
