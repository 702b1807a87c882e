"""Asking back while reading: an answer that was given is used, one that is missing ends it."""

from collections.abc import Mapping, Sequence

from .types import Choice


class Ask(Exception):
    """Reading cannot go on without an answer to this question."""

    def __init__(self, key: str, question: str, choices: Sequence[Choice]) -> None:
        super().__init__(question)
        self.key, self.question, self.choices = key, question, tuple(choices)


class Unread(Exception):
    """A part of the intent has no meaning that a policy can have."""

    def __init__(self, part: str, reason: str, *, is_beyond: bool = True) -> None:
        super().__init__(reason)
        self.part, self.reason, self.is_beyond = part, reason, is_beyond


class Contradiction(Exception):
    """Two parts of the intent cannot both hold."""


class Asker:
    """The answers that were given, and which of them were needed."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._given = answers
        self.used: dict[str, str] = {}

    def ask(self, key: str, question: str, choices: Sequence[Choice]) -> str:
        """Return the answer to a question; Ask if there is none among the choices."""
        given = self._given.get(key)
        if given is None or given not in {choice.value for choice in choices}:
            raise Ask(key, question, choices)
        self.used[key] = given
        return given
