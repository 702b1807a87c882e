"""What policies of the same name make of each other from the company down to a project."""

from .breaches import find_breaches
from .fold import effective_policies, overridden_by
from .types import Breach, EffectivePolicy, EffectiveRule, Layer, Standing

__all__ = [
    "Breach",
    "EffectivePolicy",
    "EffectiveRule",
    "Layer",
    "Standing",
    "effective_policies",
    "find_breaches",
    "overridden_by",
]
