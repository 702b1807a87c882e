"""What the demo company looks like, drawn from a fixed seed."""

import random
from dataclasses import dataclass

COMPANY, SLUG, DOMAIN = "Meridian Systems", "meridian", "meridian.example"
SEED = 20261122
ENGINEERS = 300
PROJECTS_PER_TEAM = 7

ORGANIZATIONS: dict[str, tuple[str, ...]] = {
    "Platform": ("Runtime", "Build", "Gateway", "Storage", "Observability", "Identity", "Network"),
    "Product": ("Checkout", "Catalog", "Search", "Mobile", "Web", "Accounts", "Growth", "Partners"),
    "Data": ("Ingest", "Warehouse", "Models", "Insights", "Quality", "Features", "Streams"),
    "Security": ("Response", "Trust", "Cryptography", "Compliance", "Red Team"),
    "Operations": ("Reliability", "Release", "Support Tools"),
}
PROJECT_WORDS = (
    "api", "worker", "console", "sdk", "infra", "pipeline", "scheduler", "cache", "proxy",
    "events", "schema", "cli", "agent", "metrics", "docs", "testkit",
)  # fmt: skip
FIRST = (
    "Ada", "Amara", "Anders", "Aiko", "Ben", "Bianca", "Carlos", "Chen", "Clara", "Dalia",
    "Diego", "Elif", "Emil", "Esther", "Farid", "Fiona", "Grace", "Hana", "Hugo", "Ines",
    "Ivan", "Jamal", "Jonas", "Kaori", "Lena", "Liam", "Lucia", "Malik", "Maya", "Mei",
    "Nadia", "Noah", "Olga", "Omar", "Priya", "Quentin", "Rosa", "Samir", "Sofia", "Tariq",
    "Tomas", "Uma", "Vera", "Wanda", "Xavier", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
LAST = (
    "Abebe", "Almeida", "Bauer", "Bianchi", "Castillo", "Cohen", "Dubois", "Eriksen", "Fischer",
    "Garcia", "Haddad", "Hansen", "Ito", "Jansen", "Kaplan", "Kim", "Kowalski", "Larsen", "Lopez",
    "Mbeki", "Moreau", "Nakamura", "Novak", "Okafor", "Okonkwo", "Patel", "Petrov", "Quist",
    "Rossi", "Sato", "Schmidt", "Silva", "Singh", "Tanaka", "Torres", "Ueda", "Vargas", "Wagner",
    "Weber", "Yilmaz", "Zhang", "Ziegler",
)  # fmt: skip
TITLES = ("Engineer", "Senior Engineer", "Staff Engineer", "Data Engineer", "SRE")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo company; `team` is `organization/team`."""

    name: str
    email: str
    title: str
    team: str


@dataclass(frozen=True, slots=True)
class Guide:
    """Somebody a visitor can sign in as."""

    name: str
    email: str
    role: str
    scope: str
    title: str


GUIDES: tuple[Guide, ...] = (
    Guide("Ruth Adler", f"ruth@{DOMAIN}", "tenant_admin", "", "Head of Engineering"),
    Guide("Amir Rahimi", f"amir@{DOMAIN}", "admin", "", "Governance Administrator"),
    Guide("Nina Lindqvist", f"nina@{DOMAIN}", "architect", "", "Principal Architect"),
    Guide("Theo Marchetti", f"theo@{DOMAIN}", "architect", "platform", "Platform Architect"),
    Guide("Lea Fontaine", f"lea@{DOMAIN}", "tech_lead", "platform/gateway", "Tech Lead, Gateway"),
    Guide("Sam Osei", f"sam@{DOMAIN}", "developer", "platform/gateway", "Engineer, Gateway"),
    Guide("Vic Tanner", f"vic@{DOMAIN}", "viewer", "", "Auditor"),
)


def slug_of(name: str) -> str:
    """Return the slug of an organization, team or project name."""
    return name.lower().replace(" ", "-")


def teams() -> list[tuple[str, str]]:
    """Return every (organization, team), in order."""
    return [(org, team) for org, names in ORGANIZATIONS.items() for team in names]


def projects(dice: random.Random) -> list[tuple[str, str]]:
    """Return every (team path, project name); about two hundred."""
    found = []
    for org, team in teams():
        words = dice.sample(PROJECT_WORDS, PROJECTS_PER_TEAM)
        path = f"{slug_of(org)}/{slug_of(team)}"
        found += [(path, f"{slug_of(team)}-{word}") for word in words]
    return found


def people(dice: random.Random) -> list[Person]:
    """Return the engineers beside the guides, each in one team."""
    places = teams()
    names = dice.sample([(first, last) for first in FIRST for last in LAST], ENGINEERS)
    found = []
    for index, (first, last) in enumerate(names[: ENGINEERS - len(GUIDES)]):
        org, team = places[index % len(places)]
        found.append(
            Person(
                name=f"{first} {last}",
                email=f"{first}.{last}@{DOMAIN}".lower(),
                title=dice.choice(TITLES),
                team=f"{slug_of(org)}/{slug_of(team)}",
            )
        )
    return found
