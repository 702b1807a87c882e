"""Ask a Cedar agent from Python: `Client`, or `AsyncClient` where there is an event loop.

Nothing here guesses: where the agent cannot be asked, or does not answer, every call raises.
"""

from aeterna_cedar_agent.client.asynchronous import AsyncClient
from aeterna_cedar_agent.client.blocking import Client
from aeterna_cedar_agent.client.messages import (
    DEFAULT_ADDRESS,
    AgentError,
    AnswerError,
    Decision,
    QuestionRefusedError,
    UnreachableError,
)
from aeterna_cedar_agent.uids import entity

__all__ = [
    "DEFAULT_ADDRESS",
    "AgentError",
    "AnswerError",
    "AsyncClient",
    "Client",
    "Decision",
    "QuestionRefusedError",
    "UnreachableError",
    "entity",
]
