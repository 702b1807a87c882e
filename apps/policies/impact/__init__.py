"""Who gains and who loses by a change, by asking about today's organization; no Django."""

from .report import ENGINE, LIMIT, ROWS, compute_impact
from .types import Effect, Impact, Says

__all__ = ["ENGINE", "LIMIT", "ROWS", "Effect", "Impact", "Says", "compute_impact"]
