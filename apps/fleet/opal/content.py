"""A revision as OPAL clients take it: policy bundles, and one list of all entities."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from apps.policies.queries import split_statements
from apps.policies.types import Bundle

from ..types import OpalPart

ROOT = "."
POLICY_TOPIC = "policy:."
DATA_TOPIC = "policy_data"
# Before anything is published; a hash must be a text.
NOTHING = "none"


def topics_of(company_id: UUID, slug: str) -> dict[str, OpalPart]:
    """Return the topics that clients of a company may follow, and the part each announces."""
    found = {POLICY_TOPIC: OpalPart.POLICIES, DATA_TOPIC: OpalPart.ENTITIES}
    for scope in (str(company_id), slug):
        found[f"{scope}:{POLICY_TOPIC}"] = OpalPart.POLICIES
        found[data_topic(scope)] = OpalPart.ENTITIES
    return found


def data_topic(scope: str) -> str:
    """Return the topic of entities for a client of this OPAL scope, or of none."""
    return f"{scope}:data:{DATA_TOPIC}" if scope else DATA_TOPIC


def policy_bundle(head: Bundle | None, *, base: Bundle | None) -> dict[str, Any]:
    """Return the policies of `head`: what changed since `base`, or all where there is none.

    One module is one statement, as Cedar agents take them, under the name that decisions give it.
    """
    wanted = {} if head is None else statements_of(head)
    held = {} if base is None else statements_of(base)
    changed = {name: text for name, text in wanted.items() if held.get(name) != text}
    gone = [name for name in held if name not in wanted]
    return {
        "manifest": list(changed),
        "hash": NOTHING if head is None else head.digest,
        "old_hash": None if base is None else base.digest,
        "data_modules": [],
        "policy_modules": [
            {"path": name, "package_name": name, "rego": text} for name, text in changed.items()
        ],
        "deleted_files": {"data_modules": [], "policy_modules": gone} if base else None,
    }


def statements_of(bundle: Bundle) -> Mapping[str, str]:
    """Return each statement by its name: the policy's id, with `#n` where it holds several."""
    found: dict[str, str] = {}
    for entry in bundle.policies:
        texts = split_statements(entry["cedar"])
        for number, text in enumerate(texts):
            found[entry["id"] if len(texts) == 1 else f"{entry['id']}#{number}"] = text
    return found


def entities_entry(*, portal: str, revision: int, topic: str, token: str) -> dict[str, Any]:
    """Return where a client finds the entities; it is to replace all that it holds."""
    return {
        "url": f"{portal}/opal/data/entities?{urlencode({'revision': revision})}",
        "config": {"headers": {"Authorization": f"Bearer {token}"}},
        "topics": [topic],
        "dst_path": "",
        "save_method": "PUT",
    }


def policy_news(digest: str | None, previous: str | None) -> dict[str, Any]:
    """Return what is announced on a topic of policies: that there is something to fetch."""
    return {
        "old_policy_hash": previous or NOTHING,
        "new_policy_hash": digest or NOTHING,
        "changed_directories": [ROOT],
    }


def entities_news(entry: Mapping[str, Any], *, revision: int) -> dict[str, Any]:
    """Return what is announced on a topic of entities: where to fetch them all."""
    return {
        "id": f"revision-{revision}",
        "reason": f"Revision {revision}",
        "entries": [entry],
        "callback": {"callbacks": []},
    }
