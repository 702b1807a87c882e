"""What checking one rule against a project found."""

from dataclasses import dataclass

MAX_FINDINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place that breaks a rule; line 0 is the file as a whole.

    `may_resolve` says that it depends on which version an open range resolves to.
    """

    file: str
    reason: str
    line: int = 0
    may_resolve: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, and why a part could not be checked; empty if all could."""

    findings: tuple[Finding, ...] = ()
    unchecked: str = ""
