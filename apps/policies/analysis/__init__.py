"""Proven analysis of Cedar policies: what they can do, together and against one another.

The store is taken to be complete and to follow the schema: every entity that a request reaches
is in it, with its required attributes.
"""

from .analyzer import Analyzer
from .policies import Policy, parse_policies
from .review import compare_everywhere, is_worth_telling, never_matches_anywhere, review
from .schema import Schema, load_schema
from .solver import Solver
from .types import (
    Comparison,
    Effect,
    Environment,
    Finding,
    InvalidPolicies,
    InvalidSchema,
    Kind,
    Relation,
    Unencodable,
    Verdict,
    Witness,
)

__all__ = [
    "Analyzer",
    "Comparison",
    "Effect",
    "Environment",
    "Finding",
    "InvalidPolicies",
    "InvalidSchema",
    "Kind",
    "Policy",
    "Relation",
    "Schema",
    "Solver",
    "Unencodable",
    "Verdict",
    "Witness",
    "compare_everywhere",
    "is_worth_telling",
    "load_schema",
    "never_matches_anywhere",
    "parse_policies",
    "review",
]
