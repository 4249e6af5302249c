"""The visual language: every diagram can be read, and what cannot be read is seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts import recipes
from scripts.checker import drawings
from scripts.figures import diagram, style
from scripts.figures.diagram import lettering

DIAGRAMS = [
    recipe
    for module in recipes.modules()
    for recipe in recipes.recipes(module)
    if isinstance(recipe, diagram.Recipe)
]


def names(recipe: diagram.Recipe) -> str:
    """How a diagram is named in a report."""
    return recipe.name


@pytest.mark.parametrize("recipe", DIAGRAMS, ids=names)
def test_nothing_overlaps_leaves_its_shape_or_is_crossed(recipe: diagram.Recipe) -> None:
    found = [
        f"{sheet.width} wide: {fault}"
        for sheet in recipe.sheets(recipe.written())
        for fault in diagram.faults(sheet)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("recipe", DIAGRAMS, ids=names)
def test_a_diagram_is_light_and_does_nothing_but_show(recipe: diagram.Recipe) -> None:
    for path in recipe.drawings:
        text = path.read_text(encoding="utf-8")
        assert len(text) < 30_000
        assert not [*drawings.faults(text, inlined=True)]
        for word in ("<style", "url(", "marker", "id="):
            assert word not in text, f"{path.name} has {word}"


@pytest.mark.parametrize("recipe", DIAGRAMS, ids=names)
def test_both_drawings_say_the_same_symbols(recipe: diagram.Recipe) -> None:
    wide, narrow = (
        {
            run.text
            for line in sheet.words
            for run in lettering.runs(line.text)
            if run.math and len(run.text) > 2
        }
        for sheet in recipe.sheets(recipe.written())
    )
    assert narrow <= wide, f"the narrow drawing alone says {narrow - wide}"


def sheet() -> diagram.Sheet:
    """An empty drawing."""
    made = diagram.Sheet()
    made.band(0, 300, "Training", "a phase")
    return made


def long_name(s: diagram.Sheet) -> None:
    s.network(200, 100, 60, 40, "Discriminator")


def long_formula(s: diagram.Sheet) -> None:
    s.loss(200, 100, 120, 40, r"$\lVert \mathbf{x} - f(\mathbf{z}) \rVert^2 + \beta\, \mathrm{KL}$")


def in_a_slope(s: diagram.Sheet) -> None:
    s.decoder(200, 150, 90, 60, "Decoder", r"$p(x \mid z)$", flow="down")


def two_texts(s: diagram.Sheet) -> None:
    s.label(200, 100, "the first")
    s.label(220, 104, "the second")


def text_on_box(s: diagram.Sheet) -> None:
    s.box(200, 100, 80, 40)
    s.label(240, 104, "outside")


def arrow_through_text(s: diagram.Sheet) -> None:
    s.arrow(s.box(100, 100, 40, 40), s.box(300, 100, 40, 40))
    s.label(200, 104, "in the way")


def arrow_through_box(s: diagram.Sheet) -> None:
    s.arrow(s.box(100, 100, 40, 40), s.box(300, 100, 40, 40))
    s.box(200, 100, 40, 40)


def crossing(s: diagram.Sheet) -> None:
    s.arrow(s.box(100, 100, 40, 40), s.box(300, 100, 40, 40))
    s.gradient(s.box(200, 60, 30, 30), s.box(200, 200, 30, 30))


def slanted(s: diagram.Sheet) -> None:
    s.arrow(s.box(100, 100, 40, 40).right(), s.box(300, 200, 40, 40).left(), via=[(200, 150)])


def two_shapes(s: diagram.Sheet) -> None:
    s.box(100, 100, 40, 40)
    s.pill(130, 100, 60, 40)


def small(s: diagram.Sheet) -> None:
    s.label(200, 100, "too small", size=10)


def outside(s: diagram.Sheet) -> None:
    s.label(690, 100, "out of the drawing")


@pytest.mark.parametrize(
    ("draw", "fault"),
    [
        (long_name, "“Discriminator” leaves its network"),
        (long_formula, "leaves its loss"),
        (in_a_slope, "leaves its decoder"),
        (two_texts, "“the first” and “the second” overlap"),
        (text_on_box, "“outside” touches a box at 200, 100"),
        (arrow_through_text, "crosses “in the way”"),
        (arrow_through_box, "runs through a box"),
        (crossing, "cross"),
        (slanted, "is slanted"),
        (two_shapes, "a box and a pill overlap"),
        (small, "“too small” is shown smaller than 11 pixels"),
        (outside, "“out of the drawing” leaves the drawing"),
    ],
)
def test_what_cannot_be_read_is_seen(draw: Callable[[diagram.Sheet], None], fault: str) -> None:
    made = sheet()
    assert diagram.faults(made) == []
    draw(made)
    assert any(fault in found for found in diagram.faults(made)), diagram.faults(made)


def test_every_part_of_the_language_can_be_drawn_without_a_fault() -> None:
    made = diagram.Sheet()
    made.band(0, 420, "Every part", "of the language $x_t$")
    a = made.picture(
        60, 100, [0.1 * i for i in range(9)], cell=16, label="$x$", gloss="data", marked=True
    )
    b = made.network(190, 100, 110, 50, "Network", r"$f_\theta(x)$")
    c = made.network(330, 100, 110, 50, "Network", r"$f_{\text{ref}}(x)$", frozen=True)
    made.label(330, 140, "frozen")
    d = made.loss(480, 100, 120, 40, r"$-\log D(x)$", gloss="maximise")
    made.chain([a, b, c, d])
    made.gradient(d.top(), b.top(), "gradient", via=60)
    e = made.box(600, 100, 50, 40, r"$\hat{\varepsilon}$", random=True)
    made.arrow(e, d)
    made.encoder(60, 220, 90, 80, flow="left")
    made.decoder(170, 220, 100, 70, flow="up")
    made.chain(
        [made.pill(290, 220, 70, 34, "step"), made.dot(370, 220), made.box(430, 220, 40, 30, "3")]
    )
    made.tokens(580, 220, ["the", "cat", "sat"])
    made.layers(90, 340, 120, 26, ["Attention", "MLP"])
    made.frame(90, 340, 140, 90, "× 12")
    made.matrix(
        330,
        350,
        [[0.9, 0.1], [-0.5, 0.5]],
        rows=["the", "cat"],
        columns=["the", "cat"],
        hidden=True,
    )
    made.line([(500, 390), (560, 340), (620, 390)])
    assert diagram.faults(made) == []
    assert not [*drawings.faults(made.svg("0"), inlined=True)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain", "plain"),
        (r"$x_t = 2$", "𝑥𝑡\u2004=\u20042"),
        (r"$-\log D(x)$", "−log\u2005𝐷(𝑥)"),
        (r"$a - b$", "𝑎\u2005−\u2005𝑏"),
        (r"$\hat{x}_0$", "𝑥\u03020"),
        (r"$\bar\alpha_t$", "𝛼\u0305𝑡"),
        (r"$\boldsymbol{\mu}$", "𝝁"),
        (r"$q_\phi(\mathbf{z} \mid x)$", "𝑞𝜙(𝐳\u2004∣\u2004𝑥)"),
        (r"$\pi_{\text{ref}}$", "𝜋ref"),
        (r"$\mathbb{E}, \mathcal{N}$", "𝔼,\u2005𝒩"),
    ],
)
def test_formulas_are_set_as_on_the_page(text: str, said: str) -> None:
    assert "".join(run.text for run in lettering.runs(text)) == said
    assert lettering.width(text, 13) > 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (r"$\frac{1}{2}$", r"a label cannot write \\frac"),
        ("$x", "a dollar sign has no partner"),
        ("$x_{t$", "a brace of a formula is not closed"),
        ("$ж$", "the font of formulas lacks 'ж'"),
    ],
)
def test_what_a_label_cannot_write_is_said(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        lettering.width(text, 13)


def test_a_changed_drawing_is_seen_and_drawn_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "DOCS", tmp_path)
    place = [100]

    def draw(table: style.Table, sheet: diagram.Sheet) -> None:
        sheet.band(0, 200)
        sheet.picture(place[0], 80, table["pixels"], cell=4)
        sheet.label(place[0], 140, f"{table['loss'][0]:g}")

    recipe = diagram.Recipe("net", lambda: {"pixels": [0.0, 1.0, 1.0, 0.0], "loss": [2.5]}, draw)
    assert len(style.check(recipe)) == 3
    style.write(recipe)
    assert (tmp_path / "net.csv").read_text().splitlines()[:3] == ["pixels,loss", "0,2.5", "1,nan"]
    assert style.check(recipe) == style.relabelled(recipe) == []
    place[0] = 120
    assert [fault.split(":")[0] for fault in style.relabelled(recipe)] == [
        "net.svg",
        "net.narrow.svg",
    ]
    style.write(recipe)
    assert style.relabelled(recipe) == []


def test_a_diagram_without_numbers_has_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "DOCS", tmp_path)
    recipe = diagram.Recipe("net", dict, lambda table, sheet: sheet.band(0, 40, "Training"))
    style.write(recipe)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.narrow.svg", "net.svg"]
    assert style.check(recipe) == style.relabelled(recipe) == []


STYLE = (recipes.ROOT / "docs" / "contributing" / "style.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_on_style_draws_what_can_be_read() -> None:
    (example,) = re.findall(r"```python\n(def draw\(table.*?)```", STYLE, re.DOTALL)
    names: dict[str, Any] = {"style": style, "diagram": diagram, "numbers": dict}
    exec(example, names)  # the page's own code
    (recipe,) = names["FIGURES"]
    for made in recipe.sheets({"x": [0.1] * 64}):
        assert len(made.shapes) == 3
        assert diagram.faults(made) == []


def test_the_page_on_style_names_every_part() -> None:
    table = STYLE[STYLE.index("| Shape | Written") : STYLE.index("{#tab-shapes}")]
    written = set(re.findall(r"`(\w+)`", table))
    parts = {name for name in vars(diagram.Sheet) if not name.startswith("_")}
    assert written == parts - {"label", "line", "svg"}
