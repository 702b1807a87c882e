"""Wordings far from the forms are brought nearer, and nothing that limits a rule is left out."""

import pytest

from apps.policies.intents import NotUnderstood, Understood, read_intent
from apps.policies.management.commands.score_intents import setting

pytestmark = pytest.mark.gap("UX-H5")


def read(intent):
    return read_intent(intent, setting(), {})


@pytest.mark.parametrize(
    ("intent", "plain"),
    [
        ("Hey team, could you please block lodash?", "Block lodash"),
        ("We got burned by lodash a while back, so please block it everywhere.", "Block lodash"),
        ("Nobody may be pulling in lodash anymore.", "Block using lodash"),
        ("Per the last security audit, lodash must go.", "Block lodash"),
        ("Under no circumstances may an AI agent deploy.", "Agents may not deploy"),
        ("Deployments are the sole privilege of administrators.", "Only admins may deploy"),
        ("Cap numpy below 2.0.0, our wheels break with it.", "numpy must be below 2.0.0"),
        ("Agents can't deploy, period. People still can.", "Agents may not deploy"),
        ("Whoever deploys has to be signed in with MFA.", "Require MFA to deploy"),
    ],
)
def test_what_carries_no_content_changes_nothing(intent, plain):
    said, meant = read(intent), read(plain)

    assert isinstance(said, Understood)
    assert isinstance(meant, Understood)
    assert (said.draft.rules, said.draft.cedar) == (meant.draft.rules, meant.draft.cedar)


@pytest.mark.parametrize(
    "intent",
    [
        "Shall we ban lodash below 4.17.21?",
        "Remove the ban on lodash",
        "Everyone may remove lodash",
        "For frontend builds, block lodash.",
        "Frontend rules: block lodash.",
        "For frontend we require a README.md.",
        "Block lodash, ramda is terrible",
        "Block lodash. Old builds keep it.",
        "Block lodash. It is for backend only.",
        "Block lodash, tests are fine.",
        "Block lodash, the ledger guys still need it.",
        "Agents must not read files, we trust docs/.",
        "Agents may not deploy, nights are fine.",
        "Agents may not deploy directly.",
        "Agents may not read memory that is old.",
        "Only architects may deploy. People still may.",
        "We do not require MFA for deploys.",
    ],
)
def test_what_may_limit_or_turn_a_rule_is_never_left_out(intent):
    assert isinstance(read(intent), NotUnderstood)


@pytest.mark.parametrize(
    "joint", [", except in Ledger", ". Except in Ledger.", ", but not in Ledger"]
)
def test_an_exception_after_a_reason_is_no_part_of_it(joint):
    outcome = read(f"Block lodash because it is old{joint}")

    assert isinstance(outcome, Understood)
    assert outcome.draft.rules[0]["except_in"] == ["meridian/payments/ledger"]
    assert outcome.draft.rules[0]["message"] == "It is old"


def test_a_remark_that_was_left_out_is_told():
    outcome = read("Block lodash. We got burned by it.")

    assert isinstance(outcome, Understood)
    assert outcome.notes == ("Taken as a remark: we got burned by it",)
