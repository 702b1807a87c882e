"""The tests of a policy, run against what would be in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.kernel.errors import Conflict, Invalid

from .chain import layer_of
from .inheritance import Layer
from .models import Policy, PolicyTest
from .playground import Outcome, Question, ask
from .queries import list_tests

MEMBERS = ("principal", "action", "resource_type", "resource_id", "place", "attributes", "context")
WORDS = {True: "allowed", False: "denied"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a test found; `problem` says why it could not be asked at all."""

    test: PolicyTest
    outcome: Outcome | None
    problem: str = ""

    @property
    def has_passed(self) -> bool:
        """Tell whether the answer is the expected one."""
        return self.outcome is not None and self.outcome.is_allowed == self.test.is_allowed

    def as_json(self) -> dict[str, Any]:
        """Return what was found as JSON values."""
        return {"name": self.test.name, "has_passed": self.has_passed, "words": self.words}

    @property
    def words(self) -> str:
        """Say what was expected and what was answered."""
        expected = WORDS[self.test.is_allowed]
        if self.outcome is None:
            return f"{self.test.name}: expected {expected}, but {self.problem}"
        return f"{self.test.name}: expected {expected}, is {WORDS[self.outcome.is_allowed]}"


def read_question(stored: dict[str, Any]) -> Question:
    """Return a question as it is kept; Invalid naming what is missing or unknown."""
    unknown = sorted(set(stored) - set(MEMBERS))
    if unknown:
        raise Invalid(fields={"question": [f"There is no such member: {', '.join(unknown)}."]})
    missing = [name for name in MEMBERS[:4] if not str(stored.get(name, "")).strip()]
    if missing:
        raise Invalid(fields={"question": [f"{', '.join(missing)} is needed."]})
    for name in ("attributes", "context"):
        if not isinstance(stored.get(name, {}), dict):
            raise Invalid(fields={"question": [f"{name} must be an object."]})
    who = str(stored["principal"])
    return Question(
        principal=("User" if "@" in who else "Agent", who),
        action=str(stored["action"]),
        resource=(str(stored["resource_type"]), str(stored["resource_id"])),
        place=str(stored.get("place", "")),
        attributes=stored.get("attributes", {}),
        context=stored.get("context", {}),
    )


def run_tests(policy: Policy, *, layer: Layer | None = None) -> list[Result]:
    """Return what each test of a policy finds if its working copy, or `layer`, were in force."""
    draft = layer or layer_of(policy)
    return [_run(test, draft) for test in list_tests(policy.id)]


def require_tests_pass(policy: Policy, *, layer: Layer) -> None:
    """Raise Conflict, naming each test that fails, unless all pass with `layer` in force."""
    failed = _failures(run_tests(policy, layer=layer))
    if failed:
        raise Conflict(f"Its tests do not pass. {' '.join(failed)}")


def _failures(results: Sequence[Result]) -> list[str]:
    return [f"{result.words}." for result in results if not result.has_passed]


def _run(test: PolicyTest, draft: Layer) -> Result:
    try:
        # What is temporary must neither let a policy pass its tests nor fail them.
        then = ask(read_question(test.question), draft=draft, with_temporary=False).then
    except Invalid as error:
        text = " ".join(word for words in error.fields.values() for word in words)
        return Result(test=test, outcome=None, problem=text[:1].lower() + text[1:].rstrip("."))
    return Result(test=test, outcome=then)
