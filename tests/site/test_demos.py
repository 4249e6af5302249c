"""Every demo gives the values of the page's Python code: the cases of tests/**/*.golden.json."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site.kit import DOCS, ROOT, NewPage, idle

pytestmark = pytest.mark.browser

GOLDEN = sorted((ROOT / "tests").rglob("*.golden.json"))

RUN = """async ([module, cases]) => {
  const root = new URL("../", document.querySelector("script[src$='site.mjs']").src);
  const {load} = await import(new URL("assets/demos/weights.mjs", root));
  const fill = async (value) => {
    if (Array.isArray(value)) return Promise.all(value.map(fill));
    if (value === null || typeof value !== "object") return value;
    if (typeof value.weights === "string" && Object.keys(value).length === 1)
      return load(new URL(value.weights, root));
    const entries = Object.entries(value).map(async ([name, part]) => [name, await fill(part)]);
    return Object.fromEntries(await Promise.all(entries));
  };
  const plain = (value) => {
    if (ArrayBuffer.isView(value) || Array.isArray(value)) return Array.from(value, plain);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
  };
  const exports = await import(new URL(module, root));
  const results = [];
  for (const {function: name, args} of cases) {
    if (typeof exports[name] !== "function") throw new Error(`${module} exports no ${name}`);
    results.push(plain(await exports[name](...(await fill(args)))));
  }
  return results;
}"""


def differences(wanted: Any, given: Any, tolerance: float, place: str) -> Iterator[str]:
    """Where two values differ by more than `tolerance`, relative to 1 or to the wanted number."""
    if isinstance(wanted, bool) or wanted is None or isinstance(wanted, str):
        if given != wanted or type(given) is not type(wanted):
            yield f"{place} is {given!r}, Python gives {wanted!r}"
    elif isinstance(wanted, int | float):
        number = isinstance(given, int | float) and not isinstance(given, bool)
        same = number and (
            given == wanted
            or (math.isnan(given) and math.isnan(wanted))
            or abs(given - wanted) <= tolerance * max(1.0, abs(wanted))
        )
        if not same:
            yield f"{place} is {given!r}, Python gives {wanted!r}"
    elif isinstance(wanted, list):
        if not isinstance(given, list) or len(given) != len(wanted):
            yield f"{place} has not the {len(wanted)} values that Python gives: {given!r:.100}"
            return
        for i, (one, other) in enumerate(zip(wanted, given, strict=True)):
            yield from differences(one, other, tolerance, f"{place}[{i}]")
    elif isinstance(given, dict) and set(given) == set(wanted):
        for name, part in wanted.items():
            yield from differences(part, given[name], tolerance, f"{place}.{name}")
    else:
        yield f"{place} has not the names {sorted(wanted)}: {given!r:.100}"


def name(path: Path) -> str:
    """The demo that a file of values belongs to."""
    return path.relative_to(ROOT / "tests").as_posix().removesuffix(".golden.json")


@pytest.mark.parametrize("path", GOLDEN, ids=name)
def test_demo_and_python_agree(path: Path, new_page: NewPage) -> None:
    golden = json.loads(path.read_text(encoding="utf-8"))
    cases = golden["cases"]
    assert cases, "no case"
    assert golden["module"] == f"{name(path)}/{path.name.split('.')[0]}.mjs"
    assert 0 <= golden["tolerance"] <= 1e-2
    page = new_page()
    page.goto("")
    given = page.evaluate(RUN, [golden["module"], cases])
    found = [
        difference
        for i, (case, result) in enumerate(zip(cases, given, strict=True))
        for difference in differences(
            case["returns"], result, golden["tolerance"], f"case {i}: {case['function']}(…)"
        )
    ]
    assert not found, "\n".join(found[:20])


def test_every_demo_has_values() -> None:
    demos = {p.parent.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.mjs")}
    demos = {demo for demo in demos if not demo.startswith("assets")}
    assert demos - {name(path) for path in GOLDEN} == set()


def test_importing_a_demo_changes_nothing(new_page: NewPage) -> None:
    page = new_page()
    page.goto("overview/")
    idle(page)
    before = page.content()
    modules = sorted(p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.mjs"))
    modules = [module for module in modules if not module.startswith("assets/")]
    exports = page.evaluate(
        "modules => Promise.all(modules.map(async m => "
        "typeof (await import(new URL(`../${m}`, location.href))).mount))",
        modules,
    )
    wanted = {True: "function", False: "undefined"}
    assert exports == [wanted[module.endswith("/demo.mjs")] for module in modules]
    assert page.content() == before


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (1.0, 1.1),
        ([1.0], [1.0, 2.0]),
        ({"a": 1}, {"b": 1}),
        (True, 1),
        (None, 0),
        ([1.0, [2.0]], [1.0, [3.0]]),
        (1.0, math.nan),
        ("a", "b"),
    ],
)
def test_differences_are_seen(wanted: object, given: object) -> None:
    assert list(differences(wanted, given, 1e-3, "x"))


def test_small_differences_are_not() -> None:
    wanted = {"a": [1.0, 1e6, math.nan, math.inf], "b": None}
    given = {"a": [1.0004, 1e6 + 900, math.nan, math.inf], "b": None}
    assert list(differences(wanted, given, 1e-3, "x")) == []
