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
    "read_intent",
]
