"""A request body becomes a question, or an error that names the field at fault."""

import json
from typing import Any

import pytest
from aeterna_cedar_agent.question import parse_uid, read_batch, read_body, read_question
from aeterna_cedar_agent.shape import ShapeError
from hypothesis import given
from hypothesis import strategies as st

from .samples import question


@pytest.mark.parametrize(
    ("text", "kind", "id_"),
    [
        ('User::"alice"', "User", "alice"),
        ('A::B::User::"x"', "A::B::User", "x"),
        ('User::""', "User", ""),
        (r'User::"a\"b\\c\n\r\t\0\'\x41\u{1F600}"', "User", "a\"b\\c\n\r\t\0'A\U0001f600"),
        ('User::"line\nbreak :: \' "', "User", "line\nbreak :: ' "),
    ],
)
def test_entity_text_is_read_as_cedar_reads_it(text: str, kind: str, id_: str) -> None:
    assert parse_uid(text, field="principal") == {"type": kind, "id": id_}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("alice", 'must be an entity such as User::"alice"'),
        ('User::"a" ', "must be an entity"),
        ('User::"a', "must be an entity"),
        ('User::"a"b"', "must be an entity"),
        ('::"a"', "must be an entity"),
        ('Us er::"a"', "must be an entity"),
        ('Üser::"a"', "must be an entity"),
        (r'User::"\q"', r"has an unknown escape \q"),
        (r'User::"\x80"', r"has an unknown escape \x"),
        (r'User::"\u{110000}"', "escapes 0x110000, which is no character"),
        (r'User::"\u{d800}"', "escapes 0xd800, which is no character"),
    ],
)
def test_entity_text_that_is_none_is_refused_by_field(text: str, problem: str) -> None:
    with pytest.raises(ShapeError) as caught:
        parse_uid(text, field="resource")
    assert caught.value.field == "resource"
    assert problem in caught.value.problem


@given(st.text())
def test_every_id_survives_being_written_as_cedar_writes_it(id_: str) -> None:
    quoted = "".join(f"\\u{{{ord(character):x}}}" for character in id_)
    assert parse_uid(f'User::"{quoted}"', field="principal")["id"] == id_


def test_context_and_additional_entities_may_be_left_out_or_null() -> None:
    body = {**question(), "context": None, "additional_entities": None}
    read = read_question(body)
    assert (read.context, read.additional_entities) == ("{}", None)
    del body["context"], body["additional_entities"]
    assert read_question(body) == read


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"principal": None}, "principal: must be a string, not null"),
        ({"principal": 5}, "principal: must be a string, not a number"),
        ({"principal": ""}, "principal: must not be empty"),
        ({"action": ["x"]}, "action: must be a string, not a list"),
        ({"resource": {"type": "Doc"}}, "resource: must be a string, not an object"),
        ({"context": []}, "context: must be an object, not a list"),
        ({"context": "{}"}, "context: must be an object, not a string"),
        ({"context": {"a": "\ud800"}}, "context: holds half of a surrogate pair"),
        ({"context": {"a": float("inf")}}, "context: holds a number that is too large"),
        ({"principal": 'User::"\ud800"'}, "principal: holds half of a surrogate pair"),
        ({"additional_entities": {}}, "additional_entities: must be a list, not an object"),
        (
            {"entities": []},
            "entities: cannot be replaced, the portal governs them; use additional_entities",
        ),
        ({"contxt": {}}, "contxt: is not a field of a request"),
        ({"\ud800": {}}, "?: is not a field of a request"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        read_question({**question(), **change})
    assert str(caught.value) == message


@pytest.mark.parametrize("field", ["principal", "action", "resource"])
def test_a_missing_field_is_named(field: str) -> None:
    body = question()
    del body[field]
    with pytest.raises(ShapeError, match=f"^{field}: is missing$"):
        read_question(body)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "body: is not JSON: "),
        (b"{", "body: is not JSON: "),
        (b"[]", "body: must be an object, not a list"),
        (b'"x"', "body: must be an object, not a string"),
        (b"\xff{}", "body: is not UTF-8 at byte 0"),
        (b'{"a": NaN}', "body: is not JSON: NaN is not JSON"),
        (b'{"a": -Infinity}', "body: is not JSON: -Infinity is not JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "body: is not JSON: "),
        (b"[" * 100_000, "body: nests too deep"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        read_body(content)
    assert str(caught.value).startswith(message)


def test_a_batch_keeps_its_order() -> None:
    batch = {"requests": [question("ann"), question("bob")]}
    assert [item.principal["id"] for item in read_batch(batch)] == ["ann", "bob"]


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({}, "requests: is missing"),
        ({"requests": {}}, "requests: must be a list, not an object"),
        ({"requests": [5]}, "requests[0]: must be an object, not a number"),
        (
            {"requests": [question(), {**question(), "action": 1}]},
            "requests[1].action: must be a string, not a number",
        ),
        (
            {"requests": [{**question(), "context": 1}]},
            "requests[0].context: must be an object, not a number",
        ),
        (
            {"requests": [{**question(), "nope": 1}]},
            "requests[0].nope: is not a field of a request",
        ),
        ({"requests": [], "more": 1}, "more: is not a field of a batch"),
        ({"requests": [question()] * 1_001}, "requests: holds 1001 items, at most 1000"),
    ],
)
def test_a_wrong_batch_names_the_item_and_field(batch: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        read_batch(batch)
    assert str(caught.value) == message


def test_a_body_read_from_bytes_gives_the_same_question() -> None:
    assert read_question(read_body(json.dumps(question()).encode())) == read_question(question())
