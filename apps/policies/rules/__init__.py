"""Rules over what a project contains: dependencies, files, code, imports and configuration."""

from .parse import dump_rules, parse_rules, parse_text, rules_text
from .types import Ecosystem, Effect, Rule, Target

__all__ = [
    "Ecosystem",
    "Effect",
    "Rule",
    "Target",
    "dump_rules",
    "parse_rules",
    "parse_text",
    "rules_text",
]
