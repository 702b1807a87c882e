"""Decisions over the few policies of a large set that can matter to a request.

What is told (decision, reasons, errors) is what the engine tells when it evaluates every policy.
"""

from aeterna_cedar_agent.slicing.decider import Decider, decider_for
from aeterna_cedar_agent.slicing.index import Index
from aeterna_cedar_agent.slicing.replay import Replay, ReplaySource
from aeterna_cedar_agent.slicing.statements import Source, ids_of, read_set, read_text
from aeterna_cedar_agent.slicing.verdict import Verdict
from aeterna_cedar_agent.slicing.world import World, rows_of

__all__ = [
    "Decider",
    "Index",
    "Replay",
    "ReplaySource",
    "Source",
    "Verdict",
    "World",
    "decider_for",
    "ids_of",
    "read_set",
    "read_text",
    "rows_of",
]
