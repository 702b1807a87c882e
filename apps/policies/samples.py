"""Policies that many companies start from, valid against the schema as they stand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Starter:
    """A policy to start from: its settings, its Cedar text and what it does in plain words."""

    slug: str
    title: str
    name: str
    description: str
    severity: str
    mode: str
    cedar: str


STARTERS: tuple[Starter, ...] = (
    Starter(
        slug="everyday-work",
        title="Allow everyday work",
        name="engineering-baseline",
        description="What people and their agents may do unless another policy forbids it.",
        severity="info",
        mode="mandatory",
        cedar="""// People and their agents read, write and run tools.
permit (
  principal,
  action in [Action::"read", Action::"write", Action::"run_tool"],
  resource
);

// Only people deploy, and only with a second factor.
permit (principal is User, action == Action::"deploy", resource)
when { context has mfa && context.mfa };
""",
    ),
    Starter(
        slug="vulnerable-dependency",
        title="Block a dependency",
        name="no-vulnerable-lodash",
        description="Nobody uses the versions of a dependency that are known to be unsafe.",
        severity="block",
        mode="mandatory",
        cedar="""// lodash before 4.17.21 has a prototype pollution hole.
forbid (principal, action == Action::"use_dependency", resource is Dependency)
when {
  resource has name &&
  resource.name == "lodash" &&
  resource has version &&
  (resource.version like "3.*" || resource.version like "4.16.*")
};
""",
    ),
    Starter(
        slug="secret-files",
        title="Keep agents out of secrets",
        name="no-secrets-for-agents",
        description="Agents do not read files that usually hold secrets.",
        severity="block",
        mode="mandatory",
        cedar="""forbid (principal is Agent, action == Action::"read_file", resource is File)
when {
  resource has path &&
  (resource.path like "*.env" ||
   resource.path like "*.pem" ||
   resource.path like "*secrets*")
};
""",
    ),
    Starter(
        slug="generated-code",
        title="Protect generated code",
        name="hands-off-generated-code",
        description="Agents do not edit files that the next build overwrites.",
        severity="warn",
        mode="optional",
        cedar="""forbid (principal is Agent, action == Action::"write_file", resource is File)
when { resource has path && resource.path like "*/generated/*" };
""",
    ),
    Starter(
        slug="night-deploys",
        title="No deploys at night",
        name="no-night-deploys",
        description="Nobody deploys between midnight and six, except for an incident.",
        severity="warn",
        mode="optional",
        cedar="""forbid (principal, action == Action::"deploy", resource)
when { context has hour && context.hour < 6 }
unless { context has reason && context.reason like "incident*" };
""",
    ),
)


def find_starter(slug: str) -> Starter | None:
    """Return the starting policy of that slug, or None."""
    return next((starter for starter in STARTERS if starter.slug == slug), None)
