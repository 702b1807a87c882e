"""The demo company's policies: what is in force, what is waiting, what was turned down."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """A policy with where it belongs, and what became of its proposal how many days ago."""

    name: str
    scope: str
    severity: str
    mode: str
    description: str
    cedar: str
    justification: str
    days_ago: int
    outcome: str
    note: str = ""
    rules: tuple[dict[str, Any], ...] = ()


SECURITY_RULES: tuple[dict[str, Any], ...] = (
    {
        "id": "no-old-lodash",
        "target": "dependency",
        "effect": "forbid",
        "ecosystem": "npm",
        "name": "lodash",
        "versions": "<4.17.21",
        "message": "Prototype pollution in what came before.",
        "alternatives": ["lodash >= 4.17.21", "es-toolkit"],
    },
    {
        "id": "security-file",
        "target": "file",
        "effect": "require",
        "severity": "warn",
        "path": "SECURITY.md",
        "message": "Whoever finds a hole must know whom to tell.",
    },
)
PLATFORM_RULES: tuple[dict[str, Any], ...] = (
    {
        "id": "telemetry-npm",
        "target": "dependency",
        "effect": "require",
        "ecosystem": "npm",
        "name": "@opentelemetry/*",
        "message": "Services are traced with OpenTelemetry.",
    },
    {
        "id": "telemetry-pypi",
        "target": "dependency",
        "effect": "require",
        "ecosystem": "pypi",
        "name": "opentelemetry-*",
        "message": "Services are traced with OpenTelemetry.",
    },
)
API_RULES: tuple[dict[str, Any], ...] = (
    {
        "id": "client-timeout",
        "target": "code",
        "effect": "require",
        "path": "src/clients/**",
        "pattern": r"(?i)timeout\s*[:=]",
        "message": "A client without a timeout waits for ever.",
    },
)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        name="engineering-baseline",
        scope="",
        severity="info",
        mode="mandatory",
        description="What every engineer and agent may do unless something else forbids it.",
        cedar="""// People and their agents read and write files, run tools and share memory.
permit (
  principal,
  action in [Action::"read", Action::"write", Action::"run_tool"],
  resource
);

// Engineers choose dependencies; so do agents that were given that capability.
permit (principal, action == Action::"use_dependency", resource);

// Only people deploy, and only with a second factor.
permit (principal is User, action == Action::"deploy", resource)
when { context has mfa && context.mfa };
""",
        justification="A starting point that forbids nothing, so that later rules are visible.",
        days_ago=38,
        outcome="approved",
        note="Good: permissive, and in one place.",
    ),
    Sample(
        name="security-baseline",
        scope="",
        severity="block",
        mode="mandatory",
        description="Blocks dependencies with known holes, and secrets from agents.",
        cedar="""// lodash before 4.17.21 has a prototype pollution hole.
forbid (principal, action == Action::"use_dependency", resource is Dependency)
when {
  resource has name &&
  resource.name == "lodash" &&
  resource has version &&
  (resource.version like "3.*" ||
   resource.version like "4.16.*" ||
   resource.version like "4.17.1*" ||
   resource.version == "4.17.20")
};

// No agent reads what holds secrets.
forbid (principal is Agent, action == Action::"read_file", resource is File)
when {
  resource has path &&
  (resource.path like "*.env" || resource.path like "*secrets*" || resource.path like "*.pem")
};
""",
        justification="Two incidents in spring came from exactly these.",
        days_ago=35,
        outcome="approved",
        note="Matches the incident reviews.",
        rules=SECURITY_RULES,
    ),
    Sample(
        name="platform-standards",
        scope="platform",
        severity="warn",
        mode="optional",
        description="Agents of the platform organization keep out of generated code.",
        cedar="""forbid (
  principal is Agent,
  action == Action::"write_file",
  resource is File
)
when { resource has path && resource.path like "*/generated/*" };
""",
        justification="Generated code is overwritten by the next build; edits there are lost.",
        days_ago=24,
        outcome="approved",
        rules=PLATFORM_RULES,
    ),
    Sample(
        name="api-conventions",
        scope="platform/gateway",
        severity="warn",
        mode="optional",
        description="The gateway team keeps personal data out of shared memory.",
        cedar="""forbid (principal, action == Action::"write_memory", resource is Memory)
when {
  resource has layer &&
  resource.layer != "user" &&
  resource has tags &&
  resource.tags.contains("personal-data")
};
""",
        justification="Shared memory is read by everybody's agents.",
        days_ago=12,
        outcome="approved",
        rules=API_RULES,
    ),
    Sample(
        name="night-deploys",
        scope="",
        severity="block",
        mode="optional",
        description="Nobody deploys between midnight and six.",
        cedar="""forbid (principal, action == Action::"deploy", resource)
when { context has hour && context.hour < 6 };
""",
        justification="The last three night deploys each woke somebody.",
        days_ago=9,
        outcome="rejected",
        note="On-call needs this in an emergency. Please add an exception for incidents.",
    ),
    Sample(
        name="no-network-tools",
        scope="security",
        severity="warn",
        mode="optional",
        description="Agents do not run network scanners.",
        cedar="""forbid (
  principal is Agent,
  action == Action::"run_tool",
  resource in Scope::"meridian/security"
);
""",
        justification="Scans from a laptop set off our own alarms.",
        days_ago=6,
        outcome="withdrawn",
    ),
    Sample(
        name="memory-hygiene",
        scope="data",
        severity="info",
        mode="optional",
        description="Nobody writes memory at the company layer from the data organization.",
        cedar="""forbid (
  principal in Scope::"meridian/data",
  action == Action::"write_memory",
  resource is Memory
)
when { resource has layer && resource.layer == "company" };
""",
        justification="Company memory should come through promotion, with a reason.",
        days_ago=2,
        outcome="pending",
    ),
    Sample(
        name="agent-shell-ban",
        scope="",
        severity="block",
        mode="optional",
        description="Agents do not open an interactive shell.",
        cedar="""forbid (
  principal is Agent,
  action == Action::"run_tool",
  resource == Tool::"shell"
);
""",
        justification="A shell goes around every other rule. The typed tools cover what is needed.",
        days_ago=1,
        outcome="pending",
    ),
    Sample(
        name="dependency-licences",
        scope="product",
        severity="warn",
        mode="optional",
        description="A first idea of a licence rule; not proposed yet.",
        cedar="""forbid (principal, action == Action::"use_dependency", resource is Dependency)
when { resource has name && resource.name like "gpl-*" };
""",
        justification="",
        days_ago=3,
        outcome="draft",
    ),
)
