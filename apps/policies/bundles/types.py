"""What a bundle of policies holds, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = "aeterna-policy-bundle"
VERSION = 1
MANIFEST = "manifest.json"
MAX_BUNDLE_BYTES = 1_000_000
"""As base64 in a request it stays below the limit of a request's body."""

MAX_CONTENT_BYTES = 4_000_000
MAX_POLICIES = 200
MAX_TESTS = 200
SAID = ("cedar", "rules", "severity", "mode", "merge_strategy")
"""What a review binds to; the description and the tests go along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedTest:
    """A test of a policy as a bundle carries it."""

    name: str
    question: Mapping[str, Any]
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A policy as a bundle carries it; `path` leads from the exported scope to the policy's.

    It says what was in force, or what a draft says that was never in force.
    """

    path: str
    name: str
    description: str
    severity: str
    mode: str
    merge_strategy: str
    is_in_force: bool
    cedar: str
    rules: list[dict[str, Any]]
    tests: tuple[CarriedTest, ...] = ()

    @property
    def title(self) -> str:
        """Return the path and the name, as people find it in the bundle."""
        return f"{self.path}/{self.name}" if self.path else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBundle:
    """Policies that travel together, and the digest of all that they say."""

    policies: tuple[Carried, ...]
    digest: str
    content: bytes
