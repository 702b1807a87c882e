"""The digest is the one both sides compute, whatever order content comes in."""

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from aeterna_cedar_agent.digest import (
    canonical,
    content_digest,
    entities_digest,
    policies_digest,
    schema_digest,
)
from hypothesis import given
from hypothesis import strategies as st

from .samples import ENTITIES, POLICIES, SCHEMA

DOCS = Path(__file__).resolve().parents[2] / "docs"


def sha(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_digest_of_nothing_is_the_documented_constant() -> None:
    empty, no_schema = sha("[]"), sha("")
    whole = f'{{"entities":"{empty}","policies":"{empty}","schema":"{no_schema}"}}'
    assert content_digest(schema="", policies=[], entities=[]) == sha(whole)
    specification = DOCS.joinpath("agent-protocol.md").read_text()
    assert sha(whole) in specification


def test_digest_of_a_known_revision_is_stable() -> None:
    policies = [
        {"id": "ä", "version": 2, "name": "n", "cedar": "permit(principal,action,resource);"}
    ]
    entities = [
        {
            "uid": {"type": "U", "id": "1"},
            "attrs": {"b": [1, 2.5, None, True], "a": "é"},
            "parents": [{"type": "T", "id": "2"}, {"type": "T", "id": "1"}],
        }
    ]
    assert policies_digest(policies) == sha(
        '[{"cedar":"permit(principal,action,resource);","id":"ä","name":"n","version":2}]'
    )
    assert schema_digest("entity U;") == sha("entity U;")
    assert entities_digest(entities) == sha(
        '[{"attrs":{"a":"é","b":[1,2.5,null,true]},"parents":[{"id":"1","type":"T"},'
        '{"id":"2","type":"T"}],"uid":{"id":"1","type":"U"}}]'
    )
    assert content_digest(schema="entity U;", policies=policies, entities=entities) == (
        "sha256:c1ba385971fdbdbcfd9120039277daff06be7a081e03de50584d155c8cb694ce"
    )


def test_digest_ignores_fields_of_a_policy_that_are_not_its_content() -> None:
    extended = [{**row, "author": "somebody"} for row in POLICIES]
    assert policies_digest(extended) == policies_digest(POLICIES)


@given(st.randoms(use_true_random=False))
def test_digest_is_the_same_in_any_order(source: random.Random) -> None:
    policies, entities = shuffled(POLICIES, source), shuffled(ENTITIES, source)
    entities = [{**row, "parents": shuffled(row["parents"], source)} for row in entities]
    assert content_digest(schema=SCHEMA, policies=policies, entities=entities) == content_digest(
        schema=SCHEMA, policies=POLICIES, entities=ENTITIES
    )


@pytest.mark.parametrize("field", ["id", "version", "name", "cedar"])
def test_digest_changes_with_every_field_of_a_policy(field: str) -> None:
    changed = [{**POLICIES[0], field: 9 if field == "version" else "other"}, *POLICIES[1:]]
    assert policies_digest(changed) != policies_digest(POLICIES)


@pytest.mark.parametrize("part", ["schema", "policies", "entities"])
def test_digest_changes_with_every_part(part: str) -> None:
    content: dict[str, Any] = {"schema": SCHEMA, "policies": POLICIES, "entities": ENTITIES}
    changed = {**content, part: content[part][1:]}
    assert content_digest(**changed) != content_digest(**content)


def test_canonical_json_refuses_half_of_a_surrogate_pair() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        canonical({"id": json.loads('"\\ud800"')})


def shuffled(rows: list[Any], source: random.Random) -> list[Any]:
    copy = list(rows)
    source.shuffle(copy)
    return copy
