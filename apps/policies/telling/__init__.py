"""What an analysis found, in words that people read."""

from .report import Line, Shift, Telling, tell

__all__ = ["Line", "Shift", "Telling", "tell"]
