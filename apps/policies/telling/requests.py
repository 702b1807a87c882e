"""One request in a sentence: who does what, where, and under which circumstances."""

import re
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
# Of each action: the words before what it is done to, and those where nothing more is known of it.
ACTIONS: Mapping[str, tuple[str, str]] = {
    "read_file": ("read the file", "read a file"),
    "write_file": ("write the file", "write a file"),
    "use_dependency": ("use the dependency", "use a dependency"),
    "run_tool": ("run the tool", "run a tool"),
    "read_memory": ("read memory", "read memory"),
    "write_memory": ("write memory", "write memory"),
    "read_knowledge": ("read knowledge", "read knowledge"),
    "propose_knowledge": ("propose knowledge", "propose knowledge"),
    "deploy": ("deploy to", "deploy somewhere"),
}
_INVENTED = re.compile(r"(user|agent|scope|dependency|file|tool|memory|knowledge)-\d+")


def tell_parts(witness: Json) -> tuple[str, str]:
    """Return who asks, and what for with the circumstances, of a request with its entities.

    The names that the analysis made up for want of any are left out.
    """
    entities = {_key(entity["uid"]): entity for entity in witness["entities"]}
    who = _principal(witness["principal"], entities)
    what = _deed(witness["action"]["id"], witness["resource"], entities)
    return who, what + _circumstances(witness["context"])


def tell_action(action: str) -> str:
    """Return an action in words, without what it is done to."""
    return ACTIONS.get(action, ("", action.replace("_", " ")))[1]


def _principal(uid: Json, entities: Mapping[Any, Json]) -> str:
    entity = entities.get(_key(uid), {"attrs": {}, "parents": []})
    attributes, kind = entity["attrs"], uid["type"]
    article = {"User": "A person", "Agent": "An agent"}.get(kind, f"A {kind}")
    name = article if _is_invented(uid["id"]) else f"{kind} {uid['id']}"
    parts = [name]
    if attributes.get("roles"):
        parts.append(f"with the role {_listed(attributes['roles'])}")
    if attributes.get("capabilities"):
        parts.append(f"with the capability {_listed(attributes['capabilities'])}")
    parts += _places(entity)
    owner = attributes.get("owner", {}).get("__entity")
    if owner and not _is_invented(owner["id"]):
        parts.append(f"of {owner['id']}")
    return " ".join(parts)


def _deed(action: str, uid: Json, entities: Mapping[Any, Json]) -> str:
    entity = entities.get(_key(uid), {"attrs": {}, "parents": []})
    known, unknown = ACTIONS.get(action, (action, action))
    named = _named(uid, entity["attrs"])
    return " ".join([f"{known} {named}" if named else unknown, *_places(entity)])


def _named(uid: Json, attributes: Json) -> str:
    plain = [attributes[key] for key in ("path", "name") if attributes.get(key)]
    if not plain and not _is_invented(uid["id"]):
        plain = [uid["id"]]
    parts = [f"“{text}”" for text in plain[:1]]
    shown = ("ecosystem", "version", "layer", "kind", "status")
    if uid["type"] != "Scope":
        parts += [f"{key} “{attributes[key]}”" for key in shown if key in attributes]
    if attributes.get("tags"):
        parts.append(f"tagged {_listed(attributes['tags'])}")
    return " ".join(parts)


def _places(entity: Json) -> list[str]:
    found = [
        parent["id"]
        for parent in entity["parents"]
        if parent["type"] == "Scope" and not _is_invented(parent["id"])
    ]
    return [f"in {_listed(found)}"] if found else []


def _circumstances(context: Json) -> str:
    parts = []
    if "mfa" in context:
        parts.append("with a second factor" if context["mfa"] else "without a second factor")
    if "hour" in context:
        parts.append(f"at hour {context['hour']}")
    if "source" in context:
        parts.append(f"from “{context['source']}”")
    if "reason" in context:
        parts.append(f"for the reason “{context['reason']}”")
    return f", {', '.join(parts)}" if parts else ""


def _listed(values: Any) -> str:
    return ", ".join(sorted(str(value) for value in values))


def _is_invented(name: str) -> bool:
    return _INVENTED.fullmatch(name) is not None


def _key(uid: Json) -> tuple[str, str]:
    return uid["type"], uid["id"]
