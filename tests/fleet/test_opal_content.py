"""A revision as OPAL clients take it: one module for each statement, or what changed of them."""

from uuid import uuid4

from apps.fleet.opal.content import policy_bundle, topics_of
from apps.fleet.types import OpalPart
from apps.policies.types import Bundle

PERMIT = "permit (principal, action, resource);"
FORBID = 'forbid (principal, action, resource) when { context.note == "a;b" };'


def bundle(number: int, **policies: str) -> Bundle:
    rows = [{"id": key, "version": 1, "name": key, "cedar": text} for key, text in policies.items()]
    return Bundle(
        revision=number,
        digest=f"sha256:{number}",
        previous_digest=None,
        policies=rows,
        schema="",
        entities=[],
        kid="",
        manifest="",
    )


def modules(found: dict) -> dict[str, str]:
    return {one["path"]: one["rego"] for one in found["policy_modules"]}


def test_each_statement_is_a_module_named_as_decisions_name_it():
    head = bundle(1, single=f"{PERMIT}\n", double=f'// why\n{PERMIT}\n@note("x")\n{FORBID}\n')
    found = policy_bundle(head, base=None)
    assert modules(found) == {
        "single": PERMIT,
        "double#0": PERMIT,
        "double#1": f'@note("x")\n{FORBID}',
    }
    assert found["manifest"] == ["single", "double#0", "double#1"]
    assert (found["hash"], found["old_hash"], found["deleted_files"]) == ("sha256:1", None, None)


def test_a_delta_holds_what_changed_and_names_what_is_gone():
    base = bundle(1, kept=PERMIT, changed=PERMIT, gone=PERMIT, split=PERMIT)
    head = bundle(2, kept=PERMIT, changed=FORBID, new=PERMIT, split=f"{PERMIT}{FORBID}")
    found = policy_bundle(head, base=base)
    assert modules(found) == {
        "changed": FORBID,
        "new": PERMIT,
        "split#0": PERMIT,
        "split#1": FORBID,
    }
    assert (found["hash"], found["old_hash"]) == ("sha256:2", "sha256:1")
    assert found["deleted_files"] == {"data_modules": [], "policy_modules": ["gone", "split"]}


def test_a_company_has_the_topics_of_no_scope_and_of_its_own():
    company = uuid4()
    assert topics_of(company, "acme") == {
        "policy:.": OpalPart.POLICIES,
        "policy_data": OpalPart.ENTITIES,
        f"{company}:policy:.": OpalPart.POLICIES,
        f"{company}:data:policy_data": OpalPart.ENTITIES,
        "acme:policy:.": OpalPart.POLICIES,
        "acme:data:policy_data": OpalPart.ENTITIES,
    }
