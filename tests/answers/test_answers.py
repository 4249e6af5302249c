"""Every answer that a page asks for is computed by one test, and the browser reads it as Python does."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts.extensions import answers
from scripts.extensions.expressions import evaluate
from tests.answers.plugin import ROOT, Asked, Bench, pages

DOCS, TESTS = ROOT / "docs", ROOT / "tests"
MARKED = re.compile(r"^@pytest\.mark\.answer\(([^)]*)\)", re.MULTILINE)


def marked(path: Path) -> list[str]:
    """The answers that the tests of a file are marked with."""
    found = MARKED.findall(path.read_text(encoding="utf-8"))
    return [name for names in found for name in re.findall(r'"([\w-]+)"', names)]


def test_every_answer_has_one_test_beside_its_page() -> None:
    wanted = {
        one.name: TESTS / Path(uri).parent / f"test_{Path(uri).stem.replace('-', '_')}.py"
        for uri, found in answers.printed(DOCS).items()
        if not uri.startswith("contributing/")
        for one in found
    }
    assert len(wanted) >= 9
    count = Counter(
        (name, path) for path in sorted(TESTS.rglob("test_*.py")) for name in marked(path)
    )
    assert dict.fromkeys(wanted, 1) == Counter(name for name, _ in count.elements())
    for name, path in count:
        # A page with two files of code has two files of tests.
        assert path.parent == wanted[name].parent
        assert f"{path.stem}_".startswith(f"{wanted[name].stem}_"), f"{path} tests {name}"


def asked(*lines: str) -> Asked:
    """An answer as the plugin gives it."""
    return Asked(answers.parse(list(lines)))


def test_the_plugin_compares_to_the_last_digit() -> None:
    one = asked("Answer: 1.625 {#answer-x-y}", "Nearly: 2.34 => Bits.")
    one.is_(1.6254, 2.3445)
    for wrong in ((1.6256, 2.34), (1.625, 2.346), (1.625,), ((1.6, 2.0), 2.34)):
        with pytest.raises(AssertionError):
            one.is_(*wrong)  # type: ignore[arg-type]
    several = asked('Answer: 13/8; 3 {#answer-x-y label="a; b"}')
    several.is_((1.625, 3.2))
    with pytest.raises(AssertionError):
        several.is_((1.6251, 3))


def test_the_plugin_compares_choices_and_expressions() -> None:
    choice = asked("Answer: {#answer-x-y}", "Right: It grows.", "Wrong: It falls. => No.")
    assert choice.options == ["It grows.", "It falls."]
    choice.is_("It grows.")
    with pytest.raises(AssertionError):
        choice.is_("It falls.")
    expression = asked('Answer: (1 - exp(-x*y))/2 {#answer-x-y of="x, y"}')
    expression.is_(lambda x, y: (1 - math.exp(-x * y)) / 2)
    with pytest.raises(AssertionError):
        expression.is_(lambda x, y: (1 - math.exp(-x)) / 2)


def test_a_test_must_be_marked_and_must_compare() -> None:
    name = next(iter(pages()))
    bench = Bench({name})
    bench(name)
    assert bench.faults() == [f'compare it: answer("{name}").is_(…)']
    with pytest.raises(pytest.fail.Exception, match="mark the test"):
        Bench(set())(name)
    with pytest.raises(pytest.fail.Exception, match="no page has"):
        Bench({"answer-no-page"})("answer-no-page")


FAULTS = {
    "Answer: 3": "J01",
    "Answer: three {#answer-x-y}": "J01",
    "Answer: open('x') {#answer-x-y}": "J01",
    "Answer: 3; 4 {#answer-x-y}": "J01",
    'Answer: 3; 4 {#answer-x-y label="a; b; c"}': "J01",
    "Answer: 3 {#answer-x-y colour=red}": "J01",
    "Answer: 3 {#answer-x-y}\nand more": "J01",
    "Answer: 3 {#answer-x-y}\nNearly: 4": "J01",
    'Answer: x + z {#answer-x-y of="x"}': "J01",
    "Answer: 3.1 {#answer-x-y within=0.01}": "J02",
    "Answer: 3.1 {#answer-x-y within=0.2 near=0.1}": "J02",
    "Answer: 3 {#answer-x-y}\nRight: 3": "J03",
    "Answer: {#answer-x-y}\nRight: a\nRight: b": "J03",
    "Answer: {#answer-x-y}\nRight: a": "J03",
    "Answer: {#answer-x-y}\nRight: a" + "\nWrong: b" * 5: "J03",
}


@pytest.mark.parametrize(("text", "code"), FAULTS.items(), ids=FAULTS)
def test_what_cannot_be_asked_is_refused(text: str, code: str) -> None:
    with pytest.raises(answers.Unreadable) as refused:
        answers.parse(text.split("\n"))
    assert refused.value.code == code


# In the browser.

VALUES = "assets/answer-values.mjs"
READ: dict[str, list[float]] = {
    "1.625": [1.625],
    "1,625": [1625, 1.625],
    "0,955": [0.955],
    "1,5": [1.5],
    "13/8": [1.625],
    "1e-3": [0.001],
    "3·10^4": [30000],
    "-½": [-0.5],
    "−1½": [-1.5],
    "2¹⁰": [1024],
    "10⁻³": [0.001],
    "41,943,040": [41943040],
    "786 432": [786432],
    "1.625 nats": [1.625],
    "32MiB": [32],
    "≈ 0.5": [0.5],
    "β = 3": [3],
    "63 %": [0.63],
    "√2": [math.sqrt(2)],
    "2√2 / 2": [math.sqrt(2)],
    "2π": [2 * math.pi],
    "2 pi": [2 * math.pi],
    "1 - e^(-5/2)": [1 - math.exp(-2.5)],
    "log 4 / 2": [math.log(2)],
    "-2^2": [-4],
    "2^3^2": [512],
    "(1 + 2)(3)": [9],
    "sin(pi/2)^2": [1],
    "1/2 + .5": [1],
    "": [],
    "about": [],
    "1 +": [],
    "(1": [],
    "1)": [],
    "constructor": [],
    "alert(1)": [],
    "1,2,3": [],
    "1.2.3": [],
    "((((": [],
}


@pytest.mark.browser
def test_a_number_is_read_as_people_write_it(page: Page) -> None:
    page.goto("architectures/positions/")
    script = (
        "texts => import(new URL('../../%s', location)).then(m => texts.map(t => m.readings(t)))"
    )
    found = page.evaluate(script % VALUES, list(READ))
    wrong = {
        text: values
        for text, values in zip(READ, found, strict=True)
        if values != pytest.approx(READ[text], rel=1e-12)
    }
    assert not wrong


@pytest.mark.browser
def test_the_unit_is_passed_over_and_a_percentage_is_one(page: Page) -> None:
    page.goto("architectures/positions/")
    script = (
        "pairs => import(new URL('../../%s', location)).then(m => pairs.map(p => m.readings(...p)))"
    )
    pairs = [["0.63 %", "%"], ["0.63", "%"], ["0.63%", ""], ["3 m/s", "m/s"], ["3 e", ""]]
    found = page.evaluate(script % VALUES, pairs)
    assert [row[0] for row in found] == pytest.approx([0.63, 0.63, 0.0063, 3, 3 * math.e])


COMPARED: dict[tuple[float, float, float, float], str] = {
    (1.625, 1.625, 0.01, 0.1): "right",
    (1.634, 1.625, 0.01, 0.1): "right",
    (1.64, 1.625, 0.01, 0.1): "nearly",
    (-1.625, 1.625, 0.01, 0.1): "sign",
    (2.34, 1.625, 0.01, 0.1): "wrong",
    (3, 3, 0, 0): "right",
    (3.0001, 3, 0, 0): "wrong",
    (0, 0, 0, 0): "right",
    (1.1 + 2.2, 3.3, 0, 0): "right",
}
SAME: dict[tuple[str, str, str], str] = {
    ("x^2", "x*x", "x"): "right",
    ("(x+1)(x-1)", "x^2 - 1", "x"): "right",
    ("exp(-x)", "1/e^x", "x"): "right",
    ("x²/2", "x^2/2", "x"): "right",
    ("-x", "x", "x"): "sign",
    ("2x", "x", "x"): "factor",
    ("x^2", "x", "x"): "wrong",
    ("y", "x", "x"): "unread",
    ("x y", "x*y", "x y"): "right",
    ("y/x", "x/y", "x y"): "wrong",
    ("sqrt(s)", "s^(1/2)", "s"): "right",
    ("x +", "x", "x"): "unread",
}


@pytest.mark.browser
def test_numbers_and_expressions_are_compared(page: Page) -> None:
    page.goto("architectures/positions/")
    module = f"import(new URL('../../{VALUES}', location))"
    rows = [[[given], {"value": v, "within": w, "near": n}] for given, v, w, n in COMPARED]
    found = page.evaluate(f"rows => {module}.then(m => rows.map(r => m.compare(...r)))", rows)
    assert found == list(COMPARED.values())
    assert page.evaluate(f"() => {module}.then(m => m.compare([], {{}}))") == "unread"
    cases = [[text, wanted, names.split()] for text, wanted, names in SAME]
    found = page.evaluate(f"rows => {module}.then(m => rows.map(r => m.same(...r)))", cases)
    assert found == list(SAME.values())


@pytest.mark.browser
def test_what_an_author_writes_has_one_value_in_both_languages(page: Page) -> None:
    texts = (
        "2^10 13/8 1e-3 -2^2 2^-1 sqrt(2)/2 log(4)-ln(2) log2(8)*log10(100) tanh(.5)+abs(-1) pi*e"
    )
    page.goto("architectures/positions/")
    script = (
        "texts => import(new URL('../../%s', location)).then(m => texts.map(t => m.evaluate(t)))"
    )
    found = page.evaluate(script % VALUES, texts.split())
    assert found == pytest.approx([evaluate(text) for text in texts.split()], rel=1e-14)
