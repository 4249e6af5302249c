"""Mathematics: what is taken for it, what it becomes, and the three states of an equation."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.checker import source
from scripts.extensions import equation_tests, mathematics, mathml
from tests.extensions.project import make, render

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = "$$\n{}\n$$ {{#eq-vae-x .definition}}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path)


def formulas(html: str) -> int:
    return html.count("<math")


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $6.",
        "It costs $5.",
        "From $5-$6 a month.",
        "US$5 and US$6.",
        "A `$x$` in code.",
        "Escaped \\$x\\$ here.",
        "Blank $ x$ or $x $ inside.",
        "```text\n$x$\n```",
        "    $x$",
        "<!-- $x$ -->",
        "A lone $ sign.",
        "<pre>$x$</pre>",
        "`a` $ `b$`",
        "$x\n\ny$",
    ],
)
def test_what_is_no_mathematics_stays(root: Path, text: str) -> None:
    made = render(text + "\n", root)
    assert formulas(made.html) == 0
    assert made.problems == []


@pytest.mark.parametrize("text", ["[a]({})", "[a][b]\n\n[b]: {}", "<a href='{}'>a</a>", "<{}>"])
def test_an_address_holds_no_mathematics(root: Path, text: str) -> None:
    address = "https://h.example/$a$b$"
    made = render(text.format(address) + "\n", root)
    assert made.problems == []
    assert re.findall("(?:href|src)=[\"']([^\"']*)", made.html) == [address]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("$x$", 1),
        ("A $x$, $y$.", 2),
        ("($x$)", 1),
        ("It costs \\$5 for $x$.", 1),
        ("A line $a\nb$ break.", 1),
        ("**$x$** and *$y$*", 2),
        ("[$x$](vae.md)", 1),
        ("$x_1$ and $x_2$", 2),
        ("$\\$5$", 1),
        ("| a |\n| --- |\n| $p(x|z)$ |", 1),
        ("# The $\\beta$ term", 1),
        ("- $x$\n- $y$", 2),
        ('!!! note "The $x$"\n\n    $y$', 2),
        ("Term $x$\n:   $y$", 2),
        ("$x<y$ and $y>z$ and $a&b$".replace("$a&b$", "$a$"), 3),
    ],
)
def test_inline_mathematics_is_found_wherever_text_stands(
    root: Path, text: str, count: int
) -> None:
    made = render(text + "\n", root)
    assert made.problems == []
    assert formulas(made.html) == count
    assert "$" not in re.sub(r"\$5", "", re.sub(r"<math.*?</math>", "", made.html))


def test_signs_of_html_and_tables_mean_nothing_inside_mathematics(root: Path) -> None:
    made = render("$a<b$, $a>b$, $\\{x|y\\}$, $x<p$ and $p>q$\n", root)
    assert formulas(made.html) == 5
    assert "<mo>&lt;</mo>" in made.html
    assert "\ue1e1" not in made.html


def test_hidden_signs_come_back_in_code_html_and_attributes(root: Path) -> None:
    made = render("    $a<b|c$\n\n<div title='$a|b$'>x</div>\n\n![Show $a<b$](x.png) text\n", root)
    assert "<code>$a&lt;b|c$" in made.html
    assert "title='$a|b$'" in made.html
    assert 'alt="Show a&lt;b"' in made.html
    assert not re.search("[\ue1e1-\ue1e5\x02\x03]", made.html)


def test_a_heading_with_mathematics_has_a_plain_anchor_and_entry(root: Path) -> None:
    made = render("## The $\\beta$ term\n", root)
    [token] = made.md.toc_tokens  # type: ignore[attr-defined]
    assert token["id"] == "the-term"
    assert token["name"] == "The β term"


@pytest.mark.parametrize(
    "before",
    ["", "Text.\n\n", "Text directly above:\n", "- item\n\n", "## Heading\n\n"],
)
def test_a_displayed_equation_has_a_number_that_links_to_itself(root: Path, before: str) -> None:
    made = render(before + BLOCK.format("x = y"), root)
    assert made.problems == []
    assert '<div class="equation" id="eq-vae-x">' in made.html
    assert '<math class="few" display="block">' in made.html
    number = '<a aria-label="Equation 1" class="equation-number" href="#eq-vae-x">(1)</a>'
    assert number in made.html


def test_the_number_is_inside_what_scrolls_so_that_a_keyboard_reaches_it(root: Path) -> None:
    made = render(BLOCK.format("x = y"), root)
    scroll = re.search(r'<div class="equation-scroll"[^>]*>(.*?)</div>', made.html)
    assert scroll
    assert "equation-number" in scroll[1]
    assert "tabindex" not in made.html


@pytest.mark.parametrize(
    "text",
    [
        "$$ x = y $$ {#eq-vae-x .definition}\n",
        "$$\nx\n\n= y\n$$ {#eq-vae-x .definition}\n",
        "$$x\n= y$$ {#eq-vae-x .definition}\n",
        "> $$\n> x = y\n> $$ {#eq-vae-x .definition}\n",
        "1. item\n\n    $$\n    x = y\n    $$ {#eq-vae-x .definition}\n",
        '!!! note "T"\n\n    $$\n    x\n\n    = y\n    $$ {#eq-vae-x .definition}\n',
        '??? success "Answer 1"\n\n    Text.\n\n    $$ x = y $$ {#eq-vae-x .definition}\n\n    More.\n',
        "Term\n:   $$ x = y $$ {#eq-vae-x .definition}\n",
    ],
)
def test_a_displayed_equation_may_stand_wherever_a_block_stands(root: Path, text: str) -> None:
    made = render(text, root)
    assert made.problems == []
    assert formulas(made.html) == 1
    assert made.html.count("eq-vae-x") == 2
    assert "$$" not in made.html


def test_text_around_a_displayed_equation_is_kept(root: Path) -> None:
    made = render("Before:\n$$ x $$ {#eq-vae-x .definition}\nafter.\n", root)
    assert "<p>Before:</p>" in made.html
    assert "<p>after.</p>" in made.html


def test_a_link_to_an_equation_figure_or_table_gets_its_number(root: Path) -> None:
    made = render(
        "See [the bound](#eq-vae-y), [gap](#fig-vae-gap), [**b**](#tab-t) and [it](#eq-vae-none).\n\n"
        + BLOCK.format("x")
        + "\n$$ y $$ {#eq-vae-y .definition}\n\n"
        + "![What it shows](vae/gap.svg)\nCaption.\n\n| a |\n| --- |\n| b |\n\nTable: C {#tab-t}\n",
        root,
    )
    assert made.problems == []
    assert 'the bound\u00a0<span class="reference-number">(2)</span></a>' in made.html
    assert 'gap\u00a0<span class="reference-number">(Figure 1)</span></a>' in made.html
    assert (
        '<strong>b</strong>\u00a0<span class="reference-number">(Table 1)</span></a>' in made.html
    )
    assert '<a href="#eq-vae-none">it</a>' in made.html


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ("#eq-vae-elbo", 'equation-checked" href="../references/equations.md#eq-vae-elbo"'),
        ("#eq-vae-d .definition", 'equation-definition">definition</span>'),
        ('#eq-vae-u .unchecked reason="it is a limit"', ">not checked: it is a limit</span>"),
    ],
)
def test_each_of_the_three_states_is_shown(root: Path, attributes: str, shown: str) -> None:
    made = render(f"$$\nx\n$$ {{{attributes}}}\n", root)
    assert made.problems == []
    assert shown in made.html


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("$$", "the equation has no id"),
        ("$$ {#eq-vae-new}", 'no test carries @pytest.mark.equation("eq-vae-new")'),
        ("$$ {#vae-new}", "'vae-new' is not of the form eq-stem-name"),
        ("$$ {#eq-vae-u .unchecked}", "eq-vae-u does not say why it is not checked"),
        ("$$ {#eq-vae-elbo .definition}", "test_the_bound_holds; drop .definition"),
        ('$$ {#eq-vae-elbo .unchecked reason="x"}', "test_the_bound_holds; drop .unchecked"),
        ("$$ {.unnumbered}", "only contributing pages have unnumbered equations"),
    ],
)
def test_an_equation_without_a_right_state_is_told_with_its_place(
    root: Path, end: str, message: str
) -> None:
    made = render(f"# VAE\n\n- item\n\n    $$\n    x\n    {end}\n", root)
    assert len(made.problems) == 1
    assert made.problems[0].startswith("9:5: ")
    assert message in made.problems[0]


def test_contributing_pages_may_have_unnumbered_equations(root: Path) -> None:
    made = render("$$ x $$ {.unnumbered}\n", root, "contributing/style.md")
    assert made.problems == []
    assert "equation-number" not in made.html


def test_one_id_for_two_equations_is_told(root: Path) -> None:
    made = render(BLOCK.format("x") + "\n" + BLOCK.format("y"), root)
    assert ["used twice" in problem for problem in made.problems] == [True]


def test_an_equation_that_does_not_end_is_told(root: Path) -> None:
    made = render("Text.\n\n$$\nx = y\n", root)
    assert made.problems == ["7:1: the equation that begins here does not end; write $$ below it"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A $x + \\foo$ b.", "5:8"),
        ("# T\n\nA `$\\foo$` and $\\foo$.", "7:17"),
        ("$$\nx\n+ \\foo\n$$ {#eq-vae-x .definition}", "7:3"),
        ("1. a\n\n    $$\n    x\n    + \\foo\n    $$ {#eq-vae-x .definition}", "9:7"),
        ("$$ ü + \\foo $$ {#eq-vae-x .definition}", "5:8"),
    ],
)
def test_a_mistake_in_tex_is_told_at_its_place(root: Path, text: str, place: str) -> None:
    made = render(text + "\n", root)
    assert made.problems == [f'{place}: TeX: Unknown command "\\foo"; correct the formula']
    assert 'class="mathematics-broken"' in made.html


@pytest.mark.parametrize(
    "tex",
    [
        r"\boxed{x}",
        r"\cancel{x}",
        r"x \tag{1}",
        r"\begin{align} x \end{align}",
        r"\frac{a}{b",
        "a & b",
    ],
)
def test_what_browsers_or_pages_cannot_show_is_refused(tex: str) -> None:
    with pytest.raises(mathml.TexError):
        mathml.render(tex, True)


def facts(tex: str, display: bool = True) -> str:
    return mathml.render(tex, display)


def test_letters_of_alphabets_are_unicode_letters() -> None:
    assert "<mi>𝔼</mi>" in facts(r"\mathbb{E}")
    assert "<mi>𝒩</mi>" in facts(r"\mathcal{N}")
    assert "<mi>𝐱</mi>" in facts(r"\mathbf{x}")
    assert "<mi>𝜽</mi>" in facts(r"\boldsymbol{\theta}")
    assert "mathvariant" not in facts(r"\mathbb{E}\mathcal{N}\mathbf{x}\mathsf{T}\mathfrak{g}")


def test_columns_of_aligned_meet_at_the_relation_and_cases_stand_left() -> None:
    aligned = facts(r"\begin{aligned} a &= b \\ &= c \end{aligned}")
    assert re.findall(r'class="to-(\w+)', aligned) == ["right", "left", "right", "left"]
    cases = facts(r"\begin{cases} 1 & x \\ 0 & y \end{cases}")
    assert set(re.findall(r'class="to-(\w+)', cases)) == {"left"}
    assert " style=" not in aligned + cases


@pytest.mark.parametrize(
    "tex", [r"\color{red} x", r"\hspace{-20em} x", r"\begin{array}{l|l} a & b \end{array}"]
)
def test_what_would_need_a_style_in_the_page_is_refused(tex: str) -> None:
    with pytest.raises(mathml.TexError, match="has no class"):
        facts(tex)


def test_a_minus_sign_knows_whether_it_has_something_before_it() -> None:
    signs = re.findall(r"<mo[^>]*>−</mo>", facts("f(-x) = -y - z"))
    assert signs == [
        '<mo lspace="0" rspace="0">−</mo>',
        '<mo lspace="0" rspace="0">−</mo>',
        "<mo>−</mo>",
    ]


def test_names_of_functions_stand_apart_from_letters_but_not_from_brackets() -> None:
    assert 'lspace="0.1667em">&ApplyFunction;' in facts(r"\log x")
    assert "<mo>&ApplyFunction;</mo>" in facts(r"\log(x)")


def test_norms_are_tight_and_bars_between_variables_are_wide() -> None:
    norm = facts(r"\lVert x \rVert")
    assert 'form="prefix">‖' in norm
    assert 'form="postfix">‖' in norm
    assert "<mo>∣</mo>" in facts(r"p(x \mid z)")


def test_indices_have_no_spaces_around_signs() -> None:
    assert '<mo lspace="0" rspace="0">−</mo>' in facts("x_{t-1}")


def test_mathematics_may_stand_inside_text() -> None:
    made = facts(r"\text{if $x > 0$ and $y$}")
    assert re.findall(r"<mtext>(.*?)</mtext>", made) == ["if ", " and "] or "<mtext>if" in made
    assert "<mo>&gt;</mo>" in made


def test_there_is_no_annotation_and_no_name_space() -> None:
    assert "annotation" not in facts("x")
    assert "xmlns" not in facts("x")


class Balance(HTMLParser):
    """Whether every tag closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.good = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.good = self.good and bool(self.open) and self.open.pop() == tag


WRITTEN = [
    (path.relative_to(DOCS).as_posix(), match)
    for path in sorted(DOCS.rglob("*.md"))
    for match in mathematics.SCAN.finditer(source.blank(path.read_text(encoding="utf-8")))
    if not match["skip"]
]


def test_all_tex_of_the_site_is_read_and_drawn() -> None:
    broken = []
    for uri, match in WRITTEN:
        tex = match["display"] if match["block"] else match["tex"]
        try:
            made = mathml.render(tex.strip(), bool(match["block"]))
        except mathml.TexError as error:
            broken.append(f"{uri}: {tex.strip()}: {error}")
            continue
        balance = Balance()
        balance.feed(made)
        if not balance.good or balance.open:
            broken.append(f"{uri}: {tex}: unbalanced")
    assert broken == []


@given(st.text(alphabet="a$ \\`1\n|<>{}_*-.", max_size=40))
def test_no_text_breaks_the_page_or_leaves_a_placeholder(text: str) -> None:
    made = render(text)
    assert not re.search("[\ue1e1-\ue1e5\x02\x03]", made.html)


def test_marks_are_found_in_functions_and_classes_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        'import pytest\n\nTEXT = """@pytest.mark.equation("eq-a-no")"""\n\n\n'
        '@pytest.mark.equation("eq-a-class")\nclass TestA:\n'
        '    @pytest.mark.equation("eq-a-one", "eq-a-two")\n    def test_one(self) -> None:\n        pass\n'
        '\n\n# @pytest.mark.equation("eq-a-comment")\ndef test_two() -> None:\n    pass\n'
    )
    (tmp_path / "test_broken.py").write_text("def (mark.equation\n")
    found = equation_tests.of(tmp_path)
    assert list(found) == ["eq-a-class", "eq-a-one", "eq-a-two"]
    [test] = found["eq-a-one"]
    assert test.name == "TestA::test_one"
    assert test.source == "def test_one(self) -> None:\n    pass"


def test_a_test_is_shown_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        "@pytest.mark.parametrize(\n    'x', [1]\n)\n@pytest.mark.equation(\n    'eq-a-one',\n)\n"
        "def test_one(\n    x: int,\n) -> None:\n    y = [\n        1\n    ]\n\n    assert y\n\n\nz = 1\n"
    )
    [test] = equation_tests.of(tmp_path)["eq-a-one"]
    assert test.source.startswith("def test_one(\n    x: int,\n) -> None:\n    y = [")
    assert test.source.endswith("    assert y")
    assert test.line == 7


def test_marks_found_by_lines_are_those_that_python_finds() -> None:
    tests = DOCS.parent / "tests"
    by_python: dict[str, int] = {}
    for path in equation_tests.paths(tests):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                for call in node.decorator_list:
                    if (
                        isinstance(call, ast.Call)
                        and ast.unparse(call.func) == "pytest.mark.equation"
                    ):
                        for argument in call.args:
                            assert isinstance(argument, ast.Constant)
                            name = str(argument.value)
                            by_python[name] = by_python.get(name, 0) + 1
    by_lines = {name: len(found) for name, found in equation_tests.of(tests).items()}
    assert by_lines == by_python


def test_without_a_page_path_equations_are_drawn_all_the_same() -> None:
    made = render("$$ x $$ {#eq-vae-zz .definition}\n\nand $y$\n")
    assert formulas(made.html) == 2
    assert made.problems == []


def test_a_formula_holds_the_signs_that_touch_it(root: Path) -> None:
    html = render("If ($x$), or $y$, or $z$ or ($n$-gram) or $k$.\n", root).html
    held = re.findall(r'<span class="held">(.*?)</span>', html)
    assert [re.sub(r"<math.*?</math>", "_", text) for text in held] == ["(_),", "_,", "(_-", "_."]


def test_under_a_root_stands_a_strut(root: Path) -> None:
    assert f"<msqrt>{mathml.STRUT}<mi>x</mi></msqrt>" in render("$\\sqrt{x}$\n", root).html


@pytest.mark.parametrize(("tex", "few"), [("x^2", True), (r"\mathbf{x}", False)])
def test_a_page_whose_formulas_are_plain_says_so(root: Path, tex: str, few: bool) -> None:
    html = render(f"$n$ and ${tex}$\n", root).html
    assert html.count('<math class="few"') == (2 if few else 0)
