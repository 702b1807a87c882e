"""What a change of one policy means beside everything in force: proven findings, no Django."""

from .report import ENGINE, SECONDS, compare_change, may_clash, unproven
from .sides import Body, Change, Mode, set_digest
from .types import BLOCKING, Level, Matter, Report

__all__ = [
    "BLOCKING",
    "ENGINE",
    "SECONDS",
    "Body",
    "Change",
    "Level",
    "Matter",
    "Mode",
    "Report",
    "compare_change",
    "may_clash",
    "set_digest",
    "unproven",
]
