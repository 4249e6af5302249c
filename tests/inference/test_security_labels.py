"""Labels: over all small programs the stranger's text decides nothing, and each weaker rule lets some through."""

import pytest

from docs.inference.security import labels
from docs.inference.security.labels import Step

FULL = labels.RULES["values, both branches"]
READ = Step("read", "b")


def test_a_stranger_decides_in_no_program_of_up_to_three_statements() -> None:
    total = 0
    for program in labels.programs(3):
        total += 1
        sent = [labels.run(program, mail, FULL) for mail in labels.MAILS]
        assert sent[0] == sent[1] == sent[2], program
        assert not any("eve" in text for text in sent[2])
    assert total == 13_506


@pytest.mark.parametrize(
    ("rule", "program"),
    [
        ("no labels", (READ, Step("send", "b"))),
        ("values", (READ, Step("send", "a", test="b"))),
        ("values", (READ, Step("set", "a", test="b"), Step("send", "a"))),
        ("values, branch taken", (READ, Step("set", "a", test="b"), Step("send", "a"))),
        ("both branches, halt", (READ, Step("send", "a", test="b"), Step("send", "a"))),
    ],
)
def test_each_weaker_rule_lets_a_program_through(rule: str, program: tuple[Step, ...]) -> None:
    assert labels.decides(program, labels.RULES[rule])
    assert not labels.decides(program, FULL)


def test_the_user_alone_is_never_refused() -> None:
    for program in labels.programs(2):
        if not any(step.kind == "read" for step in program):
            assert labels.run(program, "eve", FULL) == labels.run(program, "eve", labels.NONE)


def test_every_statement_is_among_the_programs() -> None:
    steps = labels.steps()
    assert len(steps) == len(set(steps)) == 30
    assert {step.kind for step in steps} == {"set", "read", "copy", "join", "send"}
    assert sum(1 for _ in labels.programs(1)) == 6


def test_the_program_prints_a_line_for_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    labels.main()
    assert capsys.readouterr().out.count("programs=330") == 5
