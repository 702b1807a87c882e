"""Importing a bundle of policies: what it would do, told before it is done."""

from .planning import plan_import
from .types import Plan, Row, Step

__all__ = ["Plan", "Row", "Step", "plan_import"]
