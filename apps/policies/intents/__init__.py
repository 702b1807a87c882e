"""From words to a policy without guessing: an intent is read whole, asked about, or refused."""

from .read import read_intent
from .types import (
    Ambiguous,
    Choice,
    Contradictory,
    Draft,
    NotUnderstood,
    Outcome,
    Place,
    Setting,
    Understood,
    Waiting,
)

__all__ = [
    "Ambiguous",
    "Choice",
    "Contradictory",
    "Draft",
    "NotUnderstood",
    "Outcome",
    "Place",
    "Setting",
    "Understood",
    "Waiting",
    "read_intent",
]
