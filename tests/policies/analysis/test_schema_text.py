"""Schemas are read as Cedar reads them, in either of its forms."""

import json

import pytest

from apps.policies.analysis import InvalidSchema, load_schema
from apps.policies.analysis.schema import EntityType, Plain, RecordType, SetType
from apps.policies.analysis.schema_text import schema_json, unescape

SPACES = """
// A comment, and annotations of every sort.
@doc("the shop")
namespace Shop::Core {
  type Money = { amount: Long, "two words"?: String };
  @flag
  entity Person, Robot in [Group, Root] = { @doc("price") paid: Money, born?: __cedar::datetime };
  entity Group in Group;
  entity Size enum ["s", "m \\"l\\""];
  action "look at", buy in [all, Shop::Core::Action::"any thing"] appliesTo {
    principal: [Person, Robot], resource: Group, context: Money,
  };
  action all;
  action "any thing";
}
entity Root tags Set<String>;
type Alias = Set<Root>;
entity Leaf { roots: Alias, "in": Bool };
"""


@pytest.fixture
def spaces():
    return load_schema(SPACES)


def test_names_are_those_of_their_own_namespace_then_of_none(spaces):
    person = spaces.entities["Shop::Core::Person"]
    assert person.ancestors == {"Shop::Core::Group", "Root"}
    money = RecordType((("amount", Plain("Long"), True), ("two words", Plain("String"), False)))
    assert person.shape == RecordType((("born", Plain("datetime"), False), ("paid", money, True)))
    assert spaces.entities["Shop::Core::Robot"].shape == person.shape


def test_groups_that_hold_themselves_are_their_own_ancestors(spaces):
    assert spaces.entities["Shop::Core::Group"].ancestors == {"Shop::Core::Group"}


def test_choices_tags_and_aliases_are_kept(spaces):
    assert spaces.entities["Shop::Core::Size"].choices == ("s", 'm "l"')
    assert spaces.entities["Root"].tags == SetType(Plain("String"))
    leaf = {name: kind for name, kind, _ in spaces.entities["Leaf"].shape.attributes}
    assert leaf == {"in": Plain("Bool"), "roots": SetType(EntityType("Root"))}


def test_actions_know_their_groups_and_whom_they_apply_to(spaces):
    buy = spaces.actions[("Shop::Core::Action", "buy")]
    assert buy.ancestors == {("Shop::Core::Action", "all"), ("Shop::Core::Action", "any thing")}
    assert [str(environment) for environment in spaces.environments] == [
        f'Shop::Core::{who} → Shop::Core::Action::"{what}" → Shop::Core::Group'
        for who in ("Person", "Robot")
        for what in ("buy", "look at")
    ]


def test_the_json_form_means_the_same():
    text = """
    entity A in [B] { n: Long, s?: Set<B> };
    entity B;
    action go appliesTo { principal: A, resource: B };
    """
    held = schema_json(text)
    same = load_schema(json.dumps(held))
    assert same.entities == load_schema(text).entities
    assert same.environments == load_schema(text).environments


def test_the_older_json_form_of_types_is_read_too():
    types = {
        "b": {"type": "Boolean", "required": False},
        "i": {"type": "Extension", "name": "ipaddr"},
        "e": {"type": "Entity", "name": "A"},
        "c": {"type": "Common"},
    }
    schema = {
        "": {
            "commonTypes": {"Common": {"type": "Long"}},
            "entityTypes": {"A": {"shape": {"type": "Record", "attributes": types}}},
            "actions": {},
        }
    }
    shape = load_schema(json.dumps(schema)).entities["A"].shape
    assert shape.attributes == (
        ("b", Plain("Bool"), False),
        ("c", Plain("Long"), True),
        ("e", EntityType("A"), True),
        ("i", Plain("ipaddr"), True),
    )


def test_escapes_stand_for_their_characters():
    assert unescape(r'"a\n\u{1F600}\x41\"\\\0"') == 'a\n\U0001f600A"\\\0'


@pytest.mark.parametrize("text", ["entity", "entity A { b: Nope };", "{", "entity A $;"])
def test_what_is_no_schema_is_refused(text):
    with pytest.raises(InvalidSchema):
        load_schema(text)


@pytest.mark.parametrize("text", ["entity $;", "thing A;", "entity A { b Long };", "type A ="])
def test_the_reader_names_what_it_did_not_expect(text):
    with pytest.raises(InvalidSchema, match=r"[Ee]xpected"):
        schema_json(text)


def test_the_products_own_schema_has_an_environment_for_each_principal_and_action(agent_schema):
    assert len(agent_schema.environments) == 18
