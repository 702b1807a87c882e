"""The port to a language model: it rewords, and never writes a policy."""

from dataclasses import dataclass
from typing import Protocol


class ModelFailed(Exception):
    """The model gave no answer that can be used; the message says why, in words for people."""


@dataclass(frozen=True, slots=True)
class Reworded:
    """What a model made of an intent: sentences for the grammar, or a question back."""

    sentences: tuple[str, ...]
    question: str
    tokens: int


class ModelClient(Protocol):
    """A language model that rewords intents."""

    def reword(self, intent: str) -> Reworded:
        """Return the intent in other words; ModelFailed if it cannot."""
