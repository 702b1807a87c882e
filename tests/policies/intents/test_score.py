"""The shipped evaluation set: at least nine in ten right, and nothing silently wrong."""

import json

import pytest
from django.core.management import CommandError, call_command

from apps.policies.intents import read_intent
from apps.policies.intents.cases import CASES
from apps.policies.intents.scoring import Mark, is_valid, score_cases, wilson
from apps.policies.intents.types import Understood
from apps.policies.management.commands.score_intents import setting

CASE = {"intent": "Only architects may deploy", "expect": "understood"}


def cases():
    return [json.loads(line) for file in CASES for line in file.read_text().splitlines()]


@pytest.mark.gap("UX-H5")
def test_nine_in_ten_are_right_and_none_is_silently_wrong():
    scored = score_cases(cases(), setting())
    marks = [one.mark for one in scored]

    assert len(marks) >= 150
    assert [one.intent for one in scored if one.mark == Mark.WRONG] == []
    assert marks.count(Mark.RIGHT) / len(marks) >= 0.9


def test_all_that_is_understood_is_valid_for_agents():
    outcomes = [(case["intent"], read_intent(case["intent"], setting(), {})) for case in cases()]

    assert [
        intent
        for intent, outcome in outcomes
        if isinstance(outcome, Understood) and not is_valid(outcome.draft)
    ] == []


@pytest.mark.parametrize(
    ("case", "mark", "why"),
    [
        ({**CASE, "requests": [{"principal": "user", "action": "deploy", "allowed": True}]},
         Mark.WRONG, "deploy should be allowed"),
        ({**CASE, "requests": [{"principal": "user", "action": "deploy", "allowed": False}]},
         Mark.RIGHT, ""),
        ({**CASE, "expect": "ambiguous"}, Mark.WRONG, "understood, and is ambiguous"),
        ({"intent": "Do good", "expect": "understood"}, Mark.ASKED, "not a form"),
        ({"intent": "Block MySQL", "expect": "understood"}, Mark.ASKED, "client libraries"),
        ({"intent": "Block left-pad", "expect": "understood",
          "projects": [{"files": [], "violation": True}]}, Mark.WRONG, "a violation was meant"),
    ],
)  # fmt: skip
def test_a_case_is_marked_by_what_the_draft_decides(case, mark, why):
    (scored,) = score_cases([case], setting())

    assert (scored.mark, why in scored.why) == (mark, True)


def test_the_interval_is_wilsons():
    assert tuple(round(end, 3) for end in wilson(9, 10)) == (0.596, 0.982)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_command_tells_each_failure_and_what_is_wrong_with_a_file(tmp_path, capsys):
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps({**CASE, "expect": "ambiguous"}) + "\n\n")
    call_command("score_intents", file=file)
    shown = capsys.readouterr().out

    assert "wrong: Only architects may deploy" in shown
    assert "wrong: 1 of 1 = 100.0%" in shown
    file.write_text("{}\n{")
    with pytest.raises(CommandError, match="line 2"):
        call_command("score_intents", file=file)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("score_intents", file=tmp_path / "none.jsonl")
