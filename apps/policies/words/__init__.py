"""Policies told in plain language, from their syntax tree and never from a guess."""

from .statements import Telling, tell_policy
from .suggestions import Names, suggest

__all__ = ["Names", "Telling", "suggest", "tell_policy"]
