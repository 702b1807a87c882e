"""Having a language model put an intent into words that the grammar reads; off unless it is set."""

from .client import ModelClient, ModelFailed, Reworded
from .prompt import PROMPT_VERSION

__all__ = ["PROMPT_VERSION", "ModelClient", "ModelFailed", "Reworded"]
