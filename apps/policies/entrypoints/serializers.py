"""Policies and revisions as REST tells and takes them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import (
    Body,
    Line,
    ListQuery,
    Patch,
    PersonRef,
    Ref,
    Resource,
    Text,
    optional_query,
    unset,
)
from apps.orgs.checks import TEXT_LENGTH

from ..checking import CheckVerdict
from ..rules.project import MAX_FILES, MAX_TEXTS
from ..rules.types import MAX_RULES
from ..types import (
    MAX_CEDAR_CHARACTERS,
    MAX_ROLLBACK_HOURS,
    MergeStrategy,
    PolicyMode,
    PolicyState,
    RollbackState,
    Severity,
)

Cedar = Annotated[
    Text,
    StringConstraints(max_length=MAX_CEDAR_CHARACTERS),
    Field(description="Cedar policy statements; may be empty where there are rules."),
]
Rules = Annotated[
    list[dict[str, Any]],
    Field(max_length=MAX_RULES, description="What projects are checked for; see docs/rules.md."),
]
Description = Annotated[Text, StringConstraints(max_length=TEXT_LENGTH)]


class Place(Resource):
    """A policy of a scope."""

    policy_id: UUID
    name: str
    version: int | None
    scope_id: UUID
    scope_name: str


class PolicyOut(Resource):
    """A policy: its working copy and, in `active_version`, the number of what is in force."""

    id: UUID
    scope: Ref
    author: PersonRef
    name: str
    description: str
    severity: Severity
    mode: PolicyMode
    merge_strategy: MergeStrategy
    state: PolicyState
    cedar: str
    rules: list[dict[str, Any]]
    active_version: int | None
    created_at: datetime
    updated_at: datetime
    version: int


class PolicyFilter(ListQuery):
    q: Annotated[Text, StringConstraints(max_length=200)] = ""
    state: PolicyState | None = optional_query()
    severity: Severity | None = optional_query()
    scope_id: UUID | None = optional_query()


class PolicyIn(Body):
    """A new policy; it is not in force before a proposal is approved."""

    scope_id: UUID
    name: Line
    cedar: Cedar = unset()
    rules: Rules = unset()
    description: Description = unset()
    severity: Severity = unset()
    mode: PolicyMode = unset()
    merge_strategy: MergeStrategy = unset()


class PolicyPatch(Patch):
    """What to change in the working copy."""

    name: Line = unset()
    cedar: Cedar = unset()
    rules: Rules = unset()
    description: Description = unset()
    severity: Severity = unset()
    mode: PolicyMode = unset()
    merge_strategy: MergeStrategy = unset()


class CedarIn(Body):
    """Cedar text to check."""

    cedar: Annotated[str, StringConstraints(max_length=2 * MAX_CEDAR_CHARACTERS)]


class ProblemOut(Resource):
    """What is wrong with Cedar text, and where; line and column count from 1."""

    line: int
    column: int
    message: str
    severity: str
    suggestion: str


class ValidationOut(Resource):
    """Whether Cedar text is valid against the company's schema."""

    is_valid: bool
    problems: list[ProblemOut]


class BodyIn(Body):
    """Cedar text and rules to tell in words."""

    cedar: Cedar = unset()
    rules: Rules = unset()


class StatementOut(Resource):
    """One statement of Cedar in words, whole and in its parts."""

    effect: str
    sentence: str
    who: str
    what: str
    when: list[str]
    unless: list[str]


class ExplanationOut(Resource):
    """A policy in words: each statement, each rule, and how both are enforced."""

    statements: list[StatementOut]
    rules: list[str]
    enforcement: list[str]


class PolicyVersionOut(Resource):
    """What a policy said when it came into force; never changes."""

    policy_id: UUID
    number: int
    cedar: str
    rules: list[dict[str, Any]]
    digest: str
    severity: Severity
    mode: PolicyMode
    merge_strategy: MergeStrategy
    activated_at: datetime


class RuleHere(Resource):
    """A rule as it holds at a place, and what it took the place of."""

    rule: dict[str, Any]
    says: str
    severity: Severity
    origin: Place
    replaces: list[Place]
    is_off_here: bool


class StandingOut(Resource):
    """A policy that reaches a place: who overrides it there, and what of it does not hold."""

    policy: Place
    severity: Severity
    mode: PolicyMode
    merge_strategy: MergeStrategy
    has_cedar: bool = Field(description="Whether agents enforce statements of it.")
    overridden_by: Place | None
    notes: list[str]


class EffectivePolicyOut(Resource):
    """All policies of one name that reach a place, highest first, and the rules they result in."""

    name: str
    standings: list[StandingOut]
    rules: list[RuleHere]


class EffectiveListOut(Resource):
    """What holds at a place, by name."""

    scope: Ref
    policies: list[EffectivePolicyOut]


class OriginOut(Resource):
    """The policy a rule comes from; its version is null for a working copy."""

    policy_id: UUID
    policy: str
    version: int | None
    scope_id: UUID
    scope: str
    rule_id: str


class ViolationOut(Resource):
    """One place that breaks a rule; line 0 is the file as a whole."""

    severity: Severity
    origin: OriginOut
    file: str
    line: int
    reason: str
    message: str
    alternatives: list[str]
    may_resolve: bool = Field(description="It depends on what an open range resolves to.")


class PassedOut(Resource):
    """A rule that was not, or not wholly, checked, and why."""

    origin: OriginOut
    says: str
    why: str


class ReportOut(Resource):
    """What the policies of a place say about a project, worst first."""

    verdict: CheckVerdict
    counts: dict[str, int]
    rules: int = Field(description="How many rules reach the place.")
    violations: list[ViolationOut]
    passed_over: list[PassedOut]


Texts = Annotated[
    dict[str, str],
    Field(max_length=MAX_TEXTS, description="What files say, by their paths in the project."),
]


class CheckIn(Body):
    """A project: its manifests, the paths of its files, and what some of them say."""

    manifests: Texts
    files: list[str] = unset(max_length=MAX_FILES)
    contents: Texts = unset()


class SimulateIn(CheckIn):
    """A project, and the place at which to check it with the working copy in force."""

    scope_id: UUID


class RevisionOut(Resource):
    """One state of policies, schema and organization that agents enforce together."""

    number: int
    digest: str
    previous_digest: str | None
    reason: str
    published_at: datetime


class HeadOut(Resource):
    """The newest revision; 0 and null before the first."""

    number: int
    digest: str | None


class BundleOut(Resource):
    """A revision with everything an agent gets to decide by."""

    revision: int
    digest: str
    previous_digest: str | None
    policies: list[dict[str, Any]]
    schema_text: str = Field(serialization_alias="schema", validation_alias="schema")
    entities: list[dict[str, Any]]


class RollbackIn(Body):
    """Why an earlier version must be in force at once, and for how long without a second person."""

    reason: Annotated[Text, StringConstraints(min_length=1, max_length=TEXT_LENGTH)]
    hours: Annotated[int, Field(ge=1, le=MAX_ROLLBACK_HOURS)] = unset()


class RollbackEndIn(Body):
    """Why what was replaced comes back."""

    reason: Annotated[Text, StringConstraints(max_length=TEXT_LENGTH)] = unset()


class RollbackOut(Resource):
    """An earlier version put back at once; `replaced` returns at `ends_at` unless confirmed."""

    id: UUID
    policy_id: UUID
    author: PersonRef
    reason: str
    restored: int
    replaced: int | None
    number: int
    state: RollbackState
    started_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    closed_by: PersonRef | None
