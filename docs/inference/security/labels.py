"""Labels on values: a small interpreter in which a text from outside cannot decide what is sent, tested by enumeration.

A program is what the user's own model has planned; `read` fetches a text that a stranger wrote.
Run as a program it prints for each rule how many of all small programs let the stranger decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

NAMES = ("a", "b")
MAILS = ("", "ann", "eve")  # what the stranger may have written


class Step(NamedTuple):
    """One statement: set, read, copy, join or send a variable, perhaps only if another one is not empty."""

    kind: str
    name: str
    other: str = ""
    test: str = ""


@dataclass(frozen=True)
class Rule:
    """Which flows count, and whether a run ends at a refusal."""

    values: bool = True  # a value made of an untrusted one is untrusted
    taken: bool = True  # so is what happens in a branch that an untrusted value has opened
    untaken: bool = True  # and what would have been set if it had opened
    halt: bool = False


NONE = Rule(values=False, taken=False, untaken=False)
RULES = {
    "no labels": NONE,
    "values": Rule(taken=False, untaken=False),
    "values, branch taken": Rule(untaken=False),
    "values, both branches": Rule(),
    "both branches, halt": Rule(halt=True),
}


# --8<-- [start:run]
def run(program: tuple[Step, ...], mail: str, rule: Rule) -> list[str]:
    """What is sent. Source: this page, eq-security-label."""
    value, sent = dict.fromkeys(NAMES, "ann"), []  # the user's own text
    untrusted = dict.fromkeys(NAMES, False)
    for step in program:
        inside = rule.values and bool(step.test) and untrusted[step.test]
        if step.test and not value[step.test]:
            untrusted[step.name] |= rule.untaken and inside and step.kind != "send"
            continue
        label = rule.taken and inside
        if step.kind == "send":
            if untrusted[step.name] or label:
                if rule.halt:
                    break
            else:
                sent.append(value[step.name])
        else:
            text, low = made(step, value, untrusted, mail)
            value[step.name], untrusted[step.name] = text, (rule.values and low) or label
    return sent
    # --8<-- [end:run]


# --8<-- [start:made]
def made(
    step: Step, value: dict[str, str], untrusted: dict[str, bool], mail: str
) -> tuple[str, bool]:
    """The new value of a variable, and whether an untrusted text went into it. Source: this page, eq-security-label."""
    match step.kind:
        case "set":
            return "bob", False
        case "read":
            return mail, True
        case "copy":
            return value[step.other], untrusted[step.other]
    joined = value[step.name] + value[step.other]
    return joined, untrusted[step.name] or untrusted[step.other]
    # --8<-- [end:made]


def steps() -> list[Step]:
    """All statements: 10 plain ones, and each of them behind a test of a or of b."""
    plain = [Step(kind, name) for kind in ("set", "read", "send") for name in NAMES]
    plain += [Step(kind, x, y) for kind in ("copy", "join") for x, y in (NAMES, NAMES[::-1])]
    return plain + [step._replace(test=name) for name in NAMES for step in plain]


def programs(length: int) -> Iterator[tuple[Step, ...]]:
    """All programs with up to so many statements, at least one of which sends."""
    for n in range(1, length + 1):
        for program in product(steps(), repeat=n):
            if any(step.kind == "send" for step in program):
                yield program


# --8<-- [start:decides]
def decides(program: tuple[Step, ...], rule: Rule) -> bool:
    """Whether the stranger's text changes what is sent: the run itself is compared, no label is asked.

    Source: this page, eq-security-silent.
    """
    return any(run(program, mail, rule) != run(program, MAILS[0], rule) for mail in MAILS[1:])
    # --8<-- [end:decides]


class Count(NamedTuple):
    """Programs in all; in which the stranger's text is sent, or decides; harmless, and spoilt by the rule."""

    programs: int
    sent: int
    decided: int
    harmless: int
    spoilt: int


def count(length: int, rule: Rule) -> Count:
    """The counts for one rule over all programs up to a length."""
    total = sent = decided = harmless = spoilt = 0
    for program in programs(length):
        total += 1
        sent += any("eve" in text for text in run(program, "eve", rule))
        decided += decides(program, rule)
        if not decides(program, NONE):
            harmless += 1
            spoilt += any(run(program, mail, rule) != run(program, mail, NONE) for mail in MAILS)
    return Count(total, sent, decided, harmless, spoilt)


def main() -> None:
    """The counts for programs of one and two statements; three take some seconds."""
    for name, rule in RULES.items():
        print(f"{name:22}", count(2, rule))


if __name__ == "__main__":
    main()
