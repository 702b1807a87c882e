"""Reading Cedar's schema language into Cedar's JSON form of a schema."""

import json
import re
from collections.abc import Callable
from typing import Any

from .types import InvalidSchema

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)*)"""
    r"""|(?P<mark>::|[{}\[\]<>,;:?=@()])""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u\{([0-9A-Fa-f_]+)\}|x([0-9A-Fa-f]{2})|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", '"': '"', "'": "'"}
Json = dict[str, Any]


def schema_json(text: str) -> Json:
    """Return the JSON form of a schema in Cedar's schema language; InvalidSchema if it is none."""
    return _Reader(text).schema()


def unescape(literal: str) -> str:
    """Return the string that a quoted Cedar literal stands for."""

    def one(match: re.Match[str]) -> str:
        code = match[2] or match[3]
        return chr(int(code.replace("_", ""), 16)) if code else _PLAIN.get(match[1], match[1])

    return _ESCAPE.sub(one, literal[1:-1])


class _Reader:
    """Recursive descent over the grammar of Cedar schemas."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise InvalidSchema(f"Unexpected {text[place]!r} in the schema.")
            place = match.end()
            if match.lastgroup and match.lastgroup != "skip":
                found = match[0]
                if match.lastgroup == "name":
                    found = re.sub(r"\s", "", found)
                self.tokens.append((match.lastgroup, found))
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        found = self.peek()
        if not found or (wanted and found != wanted):
            raise InvalidSchema(f"Expected {wanted or 'more'} in the schema, found {found!r}.")
        self.at += 1
        return found

    def skip(self, mark: str) -> bool:
        if self.peek() != mark:
            return False
        self.at += 1
        return True

    def name(self) -> str:
        """Return an identifier or what a quoted string stands for."""
        found = self.take()
        return unescape(found) if found.startswith('"') else found

    def annotations(self) -> None:
        while self.skip("@"):
            self.take()
            if self.skip("("):
                self.take()
                self.take(")")

    def listed(self, item: Callable[[], Any], opened: str, closed: str) -> list[Any]:
        found = []
        self.take(opened)
        while not self.skip(closed):
            found.append(item())
            if not self.skip(","):
                self.take(closed)
                break
        return found

    def one_or_list(self, item: Callable[[], Any]) -> list[Any]:
        return self.listed(item, "[", "]") if self.peek() == "[" else [item()]

    def schema(self) -> Json:
        spaces: Json = {}
        while self.peek():
            self.annotations()
            if self.peek() == "namespace" and self._opens_namespace():
                self.take()
                space = spaces.setdefault(self.take(), _empty())
                self.take("{")
                while not self.skip("}"):
                    self.declaration(space)
            else:
                self.declaration(spaces.setdefault("", _empty()))
        return spaces

    def _opens_namespace(self) -> bool:
        after = self.tokens[self.at + 2 : self.at + 3]
        return bool(after) and after[0][1] == "{"

    def declaration(self, space: Json) -> None:
        self.annotations()
        kind = self.take()
        if kind == "entity":
            self.entity(space["entityTypes"])
        elif kind == "action":
            self.action(space["actions"])
        elif kind == "type":
            name = self.take()
            self.take("=")
            space["commonTypes"][name] = self.type()
            self.take(";")
        else:
            raise InvalidSchema(f"Expected a declaration in the schema, found {kind!r}.")

    def names(self) -> list[str]:
        found = [self.name()]
        while self.skip(","):
            found.append(self.name())
        return found

    def entity(self, types: Json) -> None:
        names = self.names()
        found: Json = {}
        if self.skip("enum"):
            found["enum"] = self.listed(self.name, "[", "]")
        if self.skip("in"):
            found["memberOfTypes"] = self.one_or_list(self.take)
        if self.skip("=") or self.peek() == "{":
            found["shape"] = self.record()
        if self.skip("tags"):
            found["tags"] = self.type()
        self.take(";")
        types.update(dict.fromkeys(names, found))

    def action(self, actions: Json) -> None:
        names = self.names()
        found: Json = {}
        if self.skip("in"):
            found["memberOf"] = self.one_or_list(self.reference)
        if self.skip("appliesTo"):
            applied = dict(self.listed(self.applies, "{", "}"))
            found["appliesTo"] = {
                "principalTypes": applied.get("principal", []),
                "resourceTypes": applied.get("resource", []),
                "context": applied.get("context", {"type": "Record", "attributes": {}}),
            }
        if self.skip("attributes"):
            self.listed(self.attribute, "{", "}")
        self.take(";")
        actions.update(dict.fromkeys(names, found))

    def applies(self) -> tuple[str, Any]:
        what = self.take()
        self.take(":")
        return what, self.type() if what == "context" else self.one_or_list(self.take)

    def reference(self) -> Json:
        found = self.take()
        if found.startswith('"'):
            return {"id": unescape(found)}
        if self.skip("::"):
            return {"type": found, "id": self.name()}
        return {"id": found}

    def type(self) -> Json:
        if self.peek() == "{":
            return self.record()
        name = self.take()
        if name == "Set" and self.skip("<"):
            element = self.type()
            self.take(">")
            return {"type": "Set", "element": element}
        return {"type": "EntityOrCommon", "name": name}

    def record(self) -> Json:
        return {"type": "Record", "attributes": dict(self.listed(self.attribute, "{", "}"))}

    def attribute(self) -> tuple[str, Json]:
        self.annotations()
        name = self.name()
        required = not self.skip("?")
        self.take(":")
        return name, {**self.type(), "required": required}


def _empty() -> Json:
    return {"entityTypes": {}, "actions": {}, "commonTypes": {}}


def as_json(source: str) -> Json:
    """Return the JSON form of a schema given in either of Cedar's forms."""
    if not source.lstrip().startswith("{"):
        return schema_json(source)
    found = json.loads(source)
    return found if isinstance(found, dict) else {}
