"""One verdict made of the engine's answers over parts of a policy set."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cedarpy

_FAILED = "error while evaluating policy `"
_NUMBERED = re.compile(re.escape(_FAILED) + r"policy(\d+)(?=`: )")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision (Allow, Deny or NoDecision) and why, as the engine gives it over all policies.

    Reasons are policy ids in the order of the set; the engine gives them in none. Errors are in
    the engine's order. `annotations` has the `@id` of each reason that carries one.
    """

    decision: str
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


class Gathered:
    """What the parts asked so far say about one request; a policy may be in several."""

    def __init__(self) -> None:
        self._reasons: dict[str, set[int]] = {"Allow": set(), "Deny": set()}
        self._errors: dict[int, str] = {}
        self._annotations: dict[int, str] = {}
        self._refused: tuple[str, ...] | None = None

    def take(self, answer: cedarpy.AuthzResult, *, first: int) -> None:
        """Add one part's answer, whose policies count from `first`."""
        diagnostics = answer.diagnostics
        if answer.decision is cedarpy.Decision.NoDecision:
            self._refused = tuple(diagnostics.errors)
            return
        reasons = self._reasons[answer.decision.value]
        reasons.update(_number(name) + first for name in diagnostics.reasons)
        for text in diagnostics.errors:
            match = _NUMBERED.match(text)
            if match is None:
                raise RuntimeError(f"the engine's error names no policy: {text}")
            self._errors[int(match.group(1)) + first] = text[match.end() :]
        for name, value in diagnostics.id_annotations_by_reason.items():
            self._annotations[_number(name) + first] = value

    def verdict(self, ids: Sequence[str]) -> Verdict:
        """Return what the engine says over all policies, which have these ids by number."""
        if self._refused is not None:
            return Verdict("NoDecision", errors=self._refused)
        decision = "Allow" if self._reasons["Allow"] and not self._reasons["Deny"] else "Deny"
        reasons = sorted(self._reasons[decision])
        annotations = self._annotations
        return Verdict(
            decision,
            tuple(ids[number] for number in reasons),
            tuple(f"{_FAILED}{ids[number]}{text}" for number, text in sorted(self._errors.items())),
            {ids[number]: annotations[number] for number in reasons if number in annotations},
        )


def _number(name: str) -> int:
    return int(name.removeprefix("policy"))
