"""Random small companies, changes and requests, and Cedar's own answer about each."""

import json

import cedarpy

from apps.policies.analysis import InvalidPolicies, load_schema, parse_policies
from apps.policies.comparison import Body, Change, Mode
from apps.policies.impact.classes import named_ids
from apps.policies.impact.patterns import matches
from apps.policies.impact.statements import read_statements, relevant
from apps.policies.impact.types import Effect, Says, Target, Uid
from tests.policies.analysis.generator import Generator, agent_schema_text

SCHEMA = load_schema(agent_schema_text())
SCOPES = ("c", "c/a", "c/a/x", "c/b")
TEXTS = ("a.env", "src/a.py", "lodash", "b", "")
HOURS = (None, -1, 0, 5, 6, 7, 12, 17, 18, 19, 23)
LISTS = ([], ["pii"], ["pii", "x"], ["y"])
CONDITIONS = (
    "context has mfa && context.mfa",
    "!(context has mfa) || !context.mfa",
    "context has hour && context.hour < 6",
    "context has hour && (context.hour >= 18 || context.hour == 12)",
    'context has source && context.source == "lodash"',
    'context has reason && context.reason like "*.env"',
    "principal in resource",
    'principal in Scope::"c/a"',
    'resource in Scope::"c/b"',
    "principal is User",
    'principal is User && principal.roles.contains("admin")',
    'principal is User && principal.roles.containsAny(["admin", "viewer"])',
    'principal is Agent && principal.owner in Scope::"c/a"',
    'principal is Agent && principal.owner == User::"u1"',
    "principal is Agent && principal.owner in resource",
    'principal is Agent && principal.capabilities.contains("write")',
    'principal is Agent && principal.name like "*1"',
    'resource is Scope && resource.kind == "team"',
    'resource is File && resource has path && resource.path like "src/*"',
    'resource is File && resource has path && resource.path like "*.py"',
    'resource is Memory && resource has tags && resource.tags.contains("pii")',
    'resource is Dependency && resource has name && resource.name == "lodash"',
    'resource == Tool::"bash"',
)
HEADS = (
    ("principal", 'principal in Scope::"c/a"', "principal is User", "principal is Agent",
     'principal == User::"u0"', 'principal is Agent in User::"u1"'),
    ("action", 'action in Action::"read"', 'action == Action::"deploy"',
     'action in [Action::"write", Action::"run_tool"]', 'action == Action::"use_dependency"'),
    ("resource", 'resource in Scope::"c/a"', "resource is File", 'resource == Scope::"c/b"',
     'resource in Scope::"c"'),
)  # fmt: skip


def company(pick):
    """Return the entities of a company of four scopes, four people and three agents."""
    rows = [_row("Scope", name, {"kind": pick.choice(("team", "org")), "name": name},
                 [("Scope", name.rsplit("/", 1)[0])] if "/" in name else [])
            for name in SCOPES]  # fmt: skip
    for at in range(4):
        roles = pick.sample(("admin", "viewer", "developer"), k=pick.randint(0, 2))
        places = [("Scope", name) for name in pick.sample(SCOPES, k=pick.randint(0, 2))]
        rows.append(_row("User", f"u{at}", {"roles": sorted(roles)}, places))
    for at in range(3):
        owner = f"u{pick.randrange(4)}"
        held = {
            "name": f"agent-{at}",
            "owner": {"__entity": {"type": "User", "id": owner}},
            "capabilities": sorted(pick.sample(("read", "write"), k=pick.randint(0, 2))),
        }
        rows.append(
            _row("Agent", f"g{at}", held, [("User", owner), ("Scope", pick.choice(SCOPES))])
        )
    return rows


def change(pick, *, is_wild):
    """Return a random change of one policy among a few; a wild one may hold anything valid."""
    write = _wild(pick) if is_wild else lambda: _plain(pick)
    others = tuple(_body(f"other{at}", [write()]) for at in range(pick.randint(0, 3)))
    old = _body("it", [write() for _ in range(pick.randint(0, 2))])
    new = _body("it", [write() for _ in range(pick.randint(0, 2))])
    base = (*others, old) if pick.random() < 0.7 else others
    after = (*others, new) if pick.random() < 0.8 else others
    return Change(id="it", base=base, after=after)


class Brute:
    """Asks Cedar about one request at a time, with all policies of one side as they are."""

    def __init__(self, change, rows, pick):
        self.change, self.rows, self.pick = change, rows, pick
        self.statements, self.unread = read_statements(change, SCHEMA)

    def effect(self, request, entity):
        """Return whether the change gives or takes what a request asks for; None if neither."""
        rows = [*self.rows, *([entity] if entity else [])]
        store = cedarpy.Entities.from_json_str(json.dumps(rows), SCHEMA.handle)
        now, then = (
            cedarpy.is_authorized(
                request, "\n".join(body.cedar for body in side), store, SCHEMA.handle
            ).allowed
            for side in (self.change.base, self.change.after)
        )
        return None if now == then else Effect.GAINS if then else Effect.LOSES

    def request(self):
        """Return a random request, its target, and the entity that is made up for it."""
        where = self.pick.choice(SCHEMA.environments)
        who = self.pick.choice([r["uid"] for r in self.rows if r["uid"]["type"] == where.principal])
        context = self._some({"mfa": (True, False), "hour": HOURS, "source": TEXTS,
                              "reason": TEXTS})  # fmt: skip
        target, entity = self._target(where)
        resource = {"type": target.type, "id": entity["uid"]["id"] if entity else target.id}
        request = {"principal": who, "action": where.action, "resource": resource,
                   "context": context}  # fmt: skip
        return request, target, entity

    def _target(self, where):
        if where.resource == "Scope":
            return Target("Scope", self.pick.choice(SCOPES), ""), None
        place, name = self.pick.choice(("", *SCOPES)), self.pick.choice(("bash", "one", "zsh"))
        held = {"path": TEXTS, "name": TEXTS, "version": TEXTS, "ecosystem": TEXTS,
                "layer": TEXTS, "tags": LISTS, "kind": TEXTS, "status": TEXTS}  # fmt: skip
        shape = {at for at, _, _ in SCHEMA.entities[where.resource].shape.attributes}
        attributes = self._some({key: held[key] for key in sorted(shape)})
        parents = [("Scope", place)] if place else []
        entity = _row(where.resource, name, attributes, parents)
        met = relevant(self.statements, SCHEMA, where)
        is_named = name in named_ids(where.resource, met)
        return Target(where.resource, name if is_named else "", place), entity

    def _some(self, choices):
        found = {key: self.pick.choice(values) for key, values in choices.items()}
        return {k: v for k, v in found.items() if v is not None and self.pick.random() < 0.75}


def rows_about(impact, request, target, entity):
    """Return the rows that speak of exactly this request."""
    who, attributes = Uid(**request["principal"]), entity["attrs"] if entity else {}
    held = {"context": request["context"], "resource": attributes}
    return [
        row
        for row in impact.rows
        if row.action == request["action"]["id"]
        and who in [impact.who[at] for at in row.who]
        and target in [impact.what[at] for at in row.what]
        and all(_holds(term, held[term.root]) for term in row.when)
    ]


def _holds(term, values):
    return any(_covers(term, one, values) for one in term.options)


def _covers(term, option, values):
    if option.says is Says.ABSENT:
        return term.name not in values
    if term.name not in values:
        return False
    value = values[term.name]
    if option.says is Says.RANGE:
        low, high = option.low, option.high
        return (low is None or low <= value) and (high is None or value <= high)
    if option.says is Says.IS:
        return value == option.value and type(value) is type(option.value)
    if isinstance(value, list):
        asked = {*option.value, *option.besides} if option.says is Says.HOLDS else option.besides
        held = set(option.value) if option.says is Says.HOLDS else set()
        is_other = option.says is Says.OTHER
        return set(value) & set(asked) == held and bool(set(value) - set(asked)) >= is_other
    return (
        value not in option.besides
        and all(matches(_pattern(one), value) for one in option.patterns)
        and not any(matches(_pattern(one), value) for one in option.unlike)
    )


def _pattern(text):
    return tuple(None if part == "*" else part for part in text)


def _wild(pick):
    generator = Generator(agent_schema_text(), pick.randrange(10**9))
    effects = ("permit", "permit", "forbid")
    return lambda: generator.text(pick.choice(SCHEMA.environments), pick.choice(effects))


def _plain(pick):
    head = ", ".join(pick.choice(choices) for choices in HEADS)
    effect = pick.choice(("permit", "permit", "forbid"))
    parts = pick.sample(CONDITIONS, k=pick.choice((0, 1, 1, 2)))
    return f"{effect} ({head}) " + " ".join(
        f"{pick.choice(('when', 'when', 'unless'))} {{ {one} }}" for one in parts
    ) + ";"  # fmt: skip


def _body(name, texts):
    kept = []
    for text in texts:
        try:
            parse_policies(text, SCHEMA)
        except InvalidPolicies:
            continue
        kept.append(text)
    return Body(id=name, cedar="\n".join(kept), mode=Mode.OPTIONAL, path=("c",))


def _row(type, id, attributes, parents):
    above = [{"type": kind, "id": name} for kind, name in parents]
    return {"uid": {"type": type, "id": id}, "attrs": attributes, "parents": above}
