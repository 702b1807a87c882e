"""Random policies that pass strict validation, over a schema that has a bit of everything."""

import random

from apps.policies.analysis import InvalidPolicies, load_schema, parse_policies
from apps.policies.analysis.schema import EntityType, Plain, RecordType, SetType

RICH = """
entity Org;
entity Team in [Team, Org] { level: Long, lead?: User };
entity Color enum ["red", "green", "blue"];
entity User in [Team] {
  level: Long, name: String, active: Bool, manager?: User, team: Team, color: Color,
  roles: Set<String>, teams: Set<Team>, marks?: Set<Long>, points: Set<{a: Long, b?: String}>,
  address: {city: String, zip?: Long, geo: {x: Long, y?: Long}},
  born: datetime, leave?: duration, host: ipaddr, score: decimal
} tags Set<String>;
entity Folder in [Folder] { owner: User };
entity Doc in [Folder] {
  level: Long, title?: String, owner: User, labels: Set<String>, readers: Set<User>,
  cells: Set<{w: Long, h: Long}>, shape: {w: Long, h: Long},
  made: datetime, kept: duration, hosts: Set<ipaddr>, cost?: decimal
} tags Long;
type Around = { mfa?: Bool, hour: Long, source?: String, peer?: ipaddr, at?: datetime,
  box: {w: Long, h: Long}, labels?: Set<String>, via?: User };
action any; action change in [any];
action read in [any] appliesTo { principal: [User], resource: [Doc, Folder], context: Around };
action write in [change] appliesTo { principal: [User], resource: [Doc], context: Around };
"""

WORDS = ("a", "b", "dev", "ab", "", "x*y")
PATTERNS = ("a*", "*b", "*", "d*v", "*e*", "dev", "a*b*", "x\\*y", "")
NUMBERS = (0, 1, 2, 5, 10, -1, 2**63 - 1, -(2**63))
MOMENTS = (
    "2024-01-01",
    "2024-01-02T03:04:05Z",
    "1969-12-31T23:59:59.999Z",
    "2024-01-01T00:00:00+0130",
)
SPANS = ("1d", "90m", "-1d2h", "1500ms", "0ms")
SCORES = ("1.0", "1.5", "-0.25", "922337203685477.5807")
HOSTS = ("10.0.0.1", "10.0.0.0/8", "127.0.0.1", "::1", "ff00::/8", "2001:db8::/32", "0.0.0.0/0")
EIDS = ("one", "two", "three")


def agent_schema_text():
    """Return the schema of the product's own agents."""
    from apps.policies import product

    folder = product.__path__[0]
    with open(f"{folder}/agent.cedarschema", encoding="utf-8") as file:
        return file.read()


class Generator:
    """Writes policies for one schema; the same seed writes the same ones."""

    def __init__(self, text, seed, *, templates=0.0):
        self.templates = templates
        self.schema, self.pick = load_schema(text), random.Random(seed)
        self.paths = {}

    def policy(self, environment=None, effect=None):
        """Return one parsed policy for an environment, and the environment."""
        while True:
            where = environment or self.pick.choice(self.schema.environments)
            text = self.text(where, effect or self.pick.choice(("permit", "forbid")))
            try:
                return parse_policies(text, self.schema, name="")[0], where
            except InvalidPolicies as error:
                self.rejected = (text, str(error))

    def set(self, environment, count, name):
        """Return policies of one environment, numbered under a name."""
        found = (self.policy(environment)[0] for _ in range(count))
        return [_named(policy, f"{name}{at}") for at, policy in enumerate(found)]

    def pair(self):
        """Return two policies of one environment, and the environment."""
        one, environment = self.policy()
        other, _ = self.policy(environment)
        return _named(one, "one"), _named(other, "other"), environment

    def text(self, where, effect):
        self.here = self._paths(where)
        parts = [f"principal is {where.principal}", "action", f"resource is {where.resource}"]
        parts[1] = f'action == Action::"{where.action_id}"'
        for at, name, kind in ((0, "principal", where.principal), (2, "resource", where.resource)):
            above = sorted(self.schema.entities[kind].ancestors)
            roll = self.pick.random()
            if roll < 0.2 and above:
                parts[at] += f" in {self.literal(EntityType(self.pick.choice(above)))}"
            elif roll > 1 - self.templates:
                parts[at] += f" in ?{name}"
            elif roll < 0.3:
                parts[at] = f"{name} == {self.literal(EntityType(kind))}"
        conditions = [
            f"{self.pick.choice(('when', 'when', 'unless'))} {{ {self.bool(2)} }}"
            for _ in range(self.pick.choice((0, 1, 1, 1, 2)))
        ]
        return f"{effect}({', '.join(parts)}) {' '.join(conditions)};"

    def _paths(self, where):
        if where not in self.paths:
            found = []
            context = self.schema.action_of(where).context
            self._walk("principal", EntityType(where.principal), (), 3, found)
            self._walk("resource", EntityType(where.resource), (), 3, found)
            self._walk("context", context, (), 3, found)
            self.paths[where] = found
        return self.paths[where]

    def _walk(self, text, kind, guards, depth, found):
        found.append((text, kind, guards))
        if depth == 0:
            return
        shape = kind if isinstance(kind, RecordType) else None
        if isinstance(kind, EntityType):
            entity = self.schema.entities[kind.name]
            shape = entity.shape
            if entity.tags is not None:
                for key in ("a", "dev"):
                    guard = f'{text}.hasTag("{key}")'
                    found.append((f'{text}.getTag("{key}")', entity.tags, (*guards, guard)))
        for name, held, required in shape.attributes if shape else ():
            more = guards if required else (*guards, f"{text} has {name}")
            self._walk(f"{text}.{name}", held, more, depth - 1, found)

    def bool(self, depth):
        """Return a condition whose accesses are all guarded."""
        roll = self.pick.random()
        if depth > 0 and roll < 0.45:
            op = self.pick.choice(("&&", "||"))
            return f"({self.bool(depth - 1)} {op} {self.bool(depth - 1)})"
        if depth > 0 and roll < 0.55:
            return f"!({self.bool(depth - 1)})"
        if depth > 0 and roll < 0.62:
            parts = (self.bool(depth - 1) for _ in range(3))
            return "(if {} then {} else {})".format(*parts)
        self.guards = []
        atom = self.pick.choice(self.atoms)(self)
        guards = list(dict.fromkeys(self.guards))
        if not guards:
            return f"({atom})"
        if self.pick.random() < 0.15:
            return (
                f"(if {' && '.join(guards)} then {atom} else {self.pick.choice(('true', 'false'))})"
            )
        return f"({' && '.join([*guards, atom])})"

    def path(self, kind):
        """Return a guarded path to a value of this type, or None."""
        fitting = [held for held in self.here if held[1] == kind]
        if not fitting:
            return None
        text, _, guards = self.pick.choice(fitting)
        self.guards += guards
        return text

    def some(self, kind, depth=1):
        """Return an expression of this type."""
        roll = self.pick.random()
        if roll < 0.6 and (text := self.path(kind)):
            return text
        if isinstance(kind, Plain) and depth and roll < 0.85:
            return self.computed(kind, depth)
        return self.literal(kind)

    def computed(self, kind, depth):
        def some(name):
            return self.some(Plain(name), depth - 1)

        forms = {
            "Long": (
                lambda: f"({some('Long')} + {some('Long')})",
                lambda: f"({some('Long')} - {some('Long')})",
                lambda: f"({some('Long')} * {self.pick.choice((2, 3, -1))})",
                lambda: f"(-{some('Long')})",
                lambda: f"{some('duration')}.toHours()",
                lambda: f"{some('duration')}.toMilliseconds()",
            ),
            "datetime": (
                lambda: f"{some('datetime')}.offset({some('duration')})",
                lambda: f"{some('datetime')}.toDate()",
            ),
            "duration": (
                lambda: f"{some('datetime')}.durationSince({some('datetime')})",
                lambda: f"{some('datetime')}.toTime()",
            ),
        }
        made = forms.get(kind.name)
        return self.pick.choice(made)() if made else self.literal(kind)

    def literal(self, kind):
        pick = self.pick.choice
        if isinstance(kind, EntityType):
            choices = self.schema.entities[kind.name].choices or EIDS
            return f'{kind.name}::"{pick(choices)}"'
        if isinstance(kind, SetType):
            count = self.pick.randint(1, 3)
            return f"[{', '.join(self.some(kind.element, 0) for _ in range(count))}]"
        if isinstance(kind, RecordType):
            held = (f"{name}: {self.some(one, 0)}" for name, one, _ in kind.attributes)
            return f"{{{', '.join(held)}}}"
        quoted = {"datetime": MOMENTS, "duration": SPANS, "decimal": SCORES}
        if kind.name in quoted:
            return f'{kind.name}("{pick(quoted[kind.name])}")'
        plain = {
            "Bool": lambda: pick(("true", "false")),
            "Long": lambda: str(pick(NUMBERS)) if pick(NUMBERS) >= 0 else "3",
            "String": lambda: f'"{pick(WORDS)}"',
            "ipaddr": lambda: f'ip("{pick(HOSTS)}")',
        }
        return plain[kind.name]()

    def _flag(self):
        return self.path(Plain("Bool")) or "true"

    def _kind(self):
        return self.pick.choice(self.here)[1]

    def _equal(self):
        kind = self._kind()
        return f"{self.some(kind)} {self.pick.choice(('==', '!='))} {self.some(kind)}"

    def _order(self):
        kind = Plain(self.pick.choice(("Long", "Long", "datetime", "duration")))
        return f"{self.some(kind)} {self.pick.choice(('<', '<=', '>', '>='))} {self.some(kind)}"

    def _in(self):
        low = self.pick.choice(list(self.schema.entities.values()))
        above = self.pick.choice([low.name, *sorted(low.ancestors)])
        kind = EntityType(above)
        right = self.some(SetType(kind)) if self.pick.random() < 0.5 else self.some(kind)
        return f"{self.some(EntityType(low.name))} in {right}"

    def _sets(self):
        sets = [held[1] for held in self.here if isinstance(held[1], SetType)]
        kind = self.pick.choice(sets)
        left, roll = self.some(kind), self.pick.random()
        if roll < 0.4:
            return f"{left}.contains({self.some(kind.element)})"
        if roll < 0.5:
            return f"{left}.isEmpty()"
        method = self.pick.choice(("containsAll", "containsAny"))
        return f"{left}.{method}({self.some(kind)})"

    def _like(self):
        return f'{self.some(Plain("String"))} like "{self.pick.choice(PATTERNS)}"'

    def _has(self):
        guarded = [held[2][-1] for held in self.here if held[2]]
        text = self.pick.choice(guarded)
        self.guards += next(held[2][:-1] for held in self.here if held[2] and held[2][-1] == text)
        return text

    def _is(self):
        kind = self.pick.choice(list(self.schema.entities))
        return f"{self.some(EntityType(kind))} is {kind}"

    def _decimal(self):
        method = self.pick.choice(("lessThan", "greaterThanOrEqual"))
        return f"{self.some(Plain('decimal'))}.{method}({self.some(Plain('decimal'))})"

    def _address(self):
        left = self.some(Plain("ipaddr"))
        if self.pick.random() < 0.5:
            return f"{left}.isInRange({self.some(Plain('ipaddr'))})"
        return f"{left}.{self.pick.choice(('isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'))}()"

    atoms = (_flag, _equal, _equal, _order, _order, _in, _in, _sets, _sets, _sets, _like, _has, _is)
    atoms = (*atoms, _decimal, _address)


def _named(policy, name):
    return type(policy)(name, policy.body)
