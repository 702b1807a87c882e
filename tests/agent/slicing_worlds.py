"""Random policy sets, entities and requests that use every form slicing looks at, and misuse it."""

import json
import random
from dataclasses import dataclass
from typing import Any

import cedarpy

SCHEMA = """
entity Org in [Org]; entity Team in [Team, Org];
entity User in [Team, Org] {
  a?: Long, dept?: String, ok?: Bool, boss?: User, home?: Org, roles?: Set<String>,
  rec?: {a?: Long, boss?: User}, price?: decimal, cost?: decimal, orgs?: Set<Org>
} tags String;
entity Doc in [Org, Doc] {
  a?: Long, dept?: String, ok?: Bool, boss?: User, home?: Org, roles?: Set<String>,
  rec?: {a?: Long, boss?: User}, price?: decimal, cost?: decimal, orgs?: Set<Org>
};
namespace Ns { entity Bot in [Team]; }
action all; action some in [all];
action read in [some] appliesTo {
  principal: [User, Ns::Bot], resource: [Doc, Team],
  context: {a?: Long, dept?: String, ok?: Bool, boss?: User, home?: Org, roles?: Set<String>,
    rec?: {a?: Long, boss?: User}, price?: decimal, cost?: decimal, orgs?: Set<Org>}
};
action write, own in [some] appliesTo {
  principal: [User, Ns::Bot], resource: [Doc, Team],
  context: {a?: Long, dept?: String, ok?: Bool, boss?: User, home?: Org, roles?: Set<String>,
    rec?: {a?: Long, boss?: User}, price?: decimal, cost?: decimal, orgs?: Set<Org>}
};
"""
NAMES = ("a", "dept", "ok", "boss", "home", "roles", "rec", "price", "cost", "orgs")
TYPES = ("User", "Team", "Org", "Doc", "Ns::Bot")
ABOVE = {"User": ("Team", "Org"), "Team": ("Team", "Org"), "Org": ("Org",), "Ns::Bot": ("Team",)}
ACTIONS = ("read", "write", "own", "some", "all", "fly")
TEXTS = ("x", "y", "1.0", "1.00")
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One policy set with entities and the schema both were made for, if any."""

    policies: cedarpy.PolicySet
    rows: list[Row]
    entities: cedarpy.Entities
    schema: cedarpy.Schema | None


class Maker:
    """Makes worlds from one seed; `typed` keeps entities and contexts to the schema."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.typed = self.pick.random() < 0.5

    def case(self) -> Case:
        schema = cedarpy.Schema.from_str(SCHEMA) if self.typed else None
        rows = self.rows()
        text = json.dumps(rows)
        entities = cedarpy.Entities.from_json_str(text, schema)
        return Case(self.policies(), rows, entities, schema)

    def one(self, *choices: Any) -> Any:
        return self.pick.choice(choices)

    def chance(self, share: float) -> bool:
        return self.pick.random() < share

    def uid(self, *types: str) -> dict[str, str]:
        return {"type": self.one(*(types or TYPES)), "id": f"{self.pick.randrange(5)}"}

    # entities

    def rows(self, *, first: int = 0, least: float = 0.8) -> list[Row]:
        rows = [
            self.row({"type": kind, "id": str(number)})
            for kind in TYPES
            for number in range(first, first + 4)
            if self.chance(least)
        ]
        if not self.typed and self.chance(0.8):
            rows.append(_action("read", "some", "all"))
            rows.append(_action("some", "all"))
        return rows

    def row(self, uid: dict[str, str]) -> Row:
        kinds = ABOVE.get(uid["type"], ("Org", "Doc"))
        parents = [self.uid(*kinds) for _ in range(self.pick.randrange(3))]
        # No cycles among one type: the parent's number is higher.
        parents = [p for p in parents if p["type"] != uid["type"] or p["id"] > uid["id"]]
        bare = self.typed and uid["type"] in ("Team", "Org", "Ns::Bot")
        row: Row = {"uid": uid, "attrs": {} if bare else self.record(), "parents": parents}
        if uid["type"] == "User" and self.chance(0.3):
            row["tags"] = {"k": "x"}
        return row

    def record(self, depth: int = 0) -> Row:
        names = [name for name in NAMES if self.chance(0.6)]
        return {name: self.value(name, depth) for name in names}

    def value(self, name: str, depth: int = 0) -> Any:
        if not self.typed and self.chance(0.15):
            name = self.one(*NAMES)
        if name == "rec" and depth:
            return 1
        return {
            "a": lambda: self.pick.randrange(3),
            "dept": lambda: self.one(*TEXTS),
            "ok": lambda: self.chance(0.5),
            "boss": lambda: self.written(self.uid("User")),
            "home": lambda: self.written(self.uid("Org")),
            "roles": lambda: [self.one(*TEXTS) for _ in range(self.pick.randrange(3))],
            "rec": self.nested,
            "price": self.decimal,
            "cost": self.decimal,
            "orgs": lambda: [self.written(self.uid("Org")) for _ in range(self.pick.randrange(3))],
        }[name]()

    def nested(self) -> Row:
        if not self.typed:
            return self.record(1)
        return {name: self.value(name) for name in ("a", "boss") if self.chance(0.6)}

    def written(self, uid: dict[str, str]) -> Row:
        return dict(uid) if self.chance(0.4) else {"__entity": uid}

    def decimal(self) -> Any:
        text = self.one("1.0", "1.00", "2.5")
        forms = [text, {"fn": "decimal", "arg": text}, {"__extn": {"fn": "decimal", "arg": text}}]
        return self.one(*forms)

    # policies

    def policies(self) -> cedarpy.PolicySet:
        count = self.pick.randrange(1, 40)
        texts = [self.policy(number) for number in range(count)]
        templates = [self.policy(count + number, slots=True) for number in range(3)]
        if self.chance(0.5):
            templates = []
        parsed = cedarpy.PolicySet.from_str("\n".join(texts + templates))
        links = []
        for template in parsed.templates():
            for number in range(self.pick.randrange(4)):
                values = {slot: self.uid() for slot in template["slots"]}
                new = f"{self.one('l', 'policy`9', 'é')}{template['id']}{number}"
                links.append({"template_id": template["id"], "new_id": new, "values": values})
        return parsed.with_linked_batch(links)

    def policy(self, number: int, *, slots: bool = False) -> str:
        note = self.one("", "", f'@id("p{number}") ', "@id ", '@id("") ')
        effect = self.one("permit", "permit", "forbid")
        principal = self.scope("principal", slots=slots)
        resource = self.scope("resource", slots=slots and self.chance(0.5))
        clauses = " ".join(self.clause() for _ in range(self.pick.randrange(3)))
        return f"{note}{effect}({principal}, {self.action()}, {resource}) {clauses};"

    def scope(self, name: str, *, slots: bool) -> str:
        target = f"?{name}" if slots else self.entity()
        form = (
            self.one("", "==", "in", "is", "is in") if not slots else self.one("==", "in", "is in")
        )
        kind = self.one(*TYPES)
        words = {
            "": "",
            "==": f"== {target}",
            "in": f"in {target}",
            "is": f"is {kind}",
            "is in": f"is {kind} in {target}",
        }
        return f"{name} {words[form]}"

    def action(self) -> str:
        one, two = (f'Action::"{self.one(*ACTIONS)}"' for _ in range(2))
        return self.one(
            "action", f"action == {one}", f"action in {one}", f"action in [{one}, {two}]"
        )

    def clause(self) -> str:
        conjuncts = " && ".join(self.boolean(2) for _ in range(self.pick.randrange(1, 4)))
        return f"{self.one('when', 'when', 'unless')} {{ {conjuncts} }}"

    def entity(self) -> str:
        uid = self.uid()
        return f'{uid["type"]}::"{uid["id"]}"'

    def path(self, *names: str) -> str:
        root = self.one("principal", "resource", "context")
        steps = [self.one(*NAMES) for _ in range(self.one(0, 0, 0, 1))]
        return ".".join([root, *steps, self.one(*(names or NAMES))])

    def literal(self) -> str:
        texts = [json.dumps(text) for text in TEXTS]
        return self.one(
            *texts, "0", "1", "true", "false", self.entity(), '[1, "x"]', 'decimal("1.0")'
        )

    def literals(self, one: Any) -> str:
        return "[" + ", ".join(one() for _ in range(self.pick.randrange(3))) + "]"

    def thing(self) -> str:
        return self.one(self.path(), self.path(), self.literal(), "principal", "resource", "action")

    def boolean(self, depth: int) -> str:
        if depth and self.chance(0.3):
            left, right = self.boolean(depth - 1), self.boolean(depth - 1)
            return self.one(
                f"({left} || {right})",
                f"({left} && {right})",
                f"!({left})",
                f"(if {left} then {right} else {left})",
            )
        return self.one(self.compared, self.related, self.asked)()

    def compared(self) -> str:
        path = self.path("a", "dept", "ok", "boss", "home", "price")
        return self.one(
            f"{path} == {self.literal()}",
            f"{path} == {self.literal()}",
            f"{self.literal()} == {path}",
            f"{path} != {self.literal()}",
            f"{self.path()} == {self.thing()}",
            f"{self.path('price')} == {self.path('cost')}",
            f"{self.path('a')} {self.one('<', '<=', '>', '>=')} {self.one('1', self.path('a'))}",
            f"{path} + 1 == 2",
        )

    def related(self) -> str:
        left = self.one("principal", "resource", "action", self.path("boss", "home"))
        entities = self.literals(self.entity)
        return self.one(
            f"{left} in {self.entity()}",
            f"{left} in {entities}",
            f"{left} in {self.path('home', 'orgs', 'boss')}",
            f"{left} is {self.one(*TYPES)}",
            f"{left} is {self.one(*TYPES)} in {self.entity()}",
            f"{left} == {self.one('principal', 'resource', self.entity())}",
            f"{self.literals(self.literal)}.contains({self.path('dept', 'a', 'boss', 'price')})",
            f"{self.path('roles', 'orgs')}.contains({self.thing()})",
            f"{self.path('roles', 'orgs')}.containsAny({self.literals(self.literal)})",
            f"{self.path('roles', 'orgs')}.containsAll({self.literals(self.literal)})",
        )

    def asked(self) -> str:
        root = self.one("principal", "resource", "context", "action", self.path("rec", "boss"))
        name = self.one(*NAMES)
        return self.one(
            f"{root} has {name}",
            f"{root} has {name} && {root}.{name} == {self.literal()}",
            f"{root} has {name}.{self.one(*NAMES)}",
            f"{root} has {self.one('rec.a', 'boss.a', 'boss.dept')}",
            self.path("ok"),
            f'{self.path("dept", "price")} like "x*"',
            'principal.getTag("k") == "x"',
            'principal.hasTag("k")',
            self.one("true", "false", "1"),
        )

    # requests

    def request(self) -> Row:
        action = self.one("read", "read", "write", "own", "some", "fly")
        context = self.record() if self.chance(0.95) else self.one(None, {"a": 1.5}, {"ok": None})
        text = context if self.chance(0.5) else json.dumps(context or {})
        request: Row = {
            "principal": self.asked_uid(self.uid("User", "User", "User", "Ns::Bot", *TYPES[:3])),
            "action": self.asked_uid({"type": "Action", "id": action}),
            "resource": self.asked_uid(self.uid("Doc", "Doc", "Doc", "Team", "Org")),
            "context": text if not self.chance(0.02) else '{"a": 1, "a": 2, "dept": "x"}',
        }
        if self.chance(0.03):
            del request["context"]
        return request

    def asked_uid(self, uid: dict[str, str]) -> Any:
        if self.chance(0.02):
            return self.one('User::"q\\"r"', 'User :: "0"', "User", {"type": "U V", "id": "0"})
        return uid if self.chance(0.7) else f'{uid["type"]}::"{uid["id"]}"'

    def added(self) -> list[Row]:
        # Numbers 3 and 4: some are there already, some were only somebody's parent so far.
        rows = self.rows(first=self.one(3, 4, 4, 4), least=0.4)
        return [row for row in rows if row["uid"]["type"] != "Action"]


def _action(name: str, *parents: str) -> Row:
    above = [{"type": "Action", "id": parent} for parent in parents]
    return {"uid": {"type": "Action", "id": name}, "attrs": {}, "parents": above}
