"""Boxes of steps, and links from a step to the line of code that does it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from scripts.checker.engine import check
from scripts.checker.inputs import ask
from scripts.checker.request import Request
from tests.extensions.project import make, render

EXCERPT = '\n--8<-- "models/vae/vae.py:loss"\n'
CODE = '''class Coder(Base):
    """It says: return z, and more."""

    def encode(self, z: float) -> float:
        # return z
        if z < 0:
            return z * 2
        return z

    def decode(self, z: float) -> dict[str, float]:
        return {"a": z}


def decode(z: float) -> float:
    return z
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path)


def test_a_line_that_an_excerpt_shows_is_linked_inside_it(root: Path) -> None:
    made = render("1. Take it. `return math.log(x)`{ .line }\n" + EXCERPT, root)
    assert made.problems == []
    (href,) = re.findall(r'class="code-line" href="([^"]*)"', made.html)
    assert href == "#line-vae-loss-5"
    shown = re.search(rf'<span id="{href[1:]}">(.*?)</span>(?=</code>)', made.html, re.S)
    assert shown is not None
    assert re.sub("<[^>]*>", "", shown[1]) == "    return math.log(x)\n"
    assert 'aria-label="loss, line 13 of vae.py"' in made.html
    assert 'title="return math.log(x)"><code>loss</code>' in made.html


def test_a_linked_line_of_an_inner_part_is_that_line_and_others_get_no_id(root: Path) -> None:
    quoted = "`return -x`{ .line }"
    made = render(f'{quoted}\n\n--8<-- "models/vae/vae.py:inner"\n{EXCERPT}\n{quoted}\n', root)
    assert made.problems == []
    assert re.findall(r'id="(line[^"]*)"', made.html) == ["line-vae-inner-1"]
    assert made.html.count('href="#line-vae-inner-1"') == 2


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 1, 3)])
def test_lines_below_each_other_are_each_a_target_of_their_own(
    root: Path, order: tuple[int, ...]
) -> None:
    lines = [f"{row} = sum(range({row}))" for row in "abc"]
    marks = ("# --8<-- [start:loss]", "# --8<-- [end:loss]")
    (root / "docs/models/vae/vae.py").write_text("\n".join([marks[0], *lines, marks[1], ""]))
    quoted = "".join(f"`{lines[number - 1]}`{{ .line }}\n\n" for number in order)
    made = render(quoted + EXCERPT, root)
    assert made.problems == []
    tree = LexborHTMLParser(made.html)
    targets = tree.css(".excerpt code > span[id]")
    assert [target.text() for target in targets] == [f"{line}\n" for line in lines]
    assert [target.id for target in targets] == [f"line-vae-loss-{n}" for n in (1, 2, 3)]
    assert tree.css_first(".excerpt code").text() == "".join(f"{line}\n" for line in lines)


def test_a_line_that_no_excerpt_shows_is_linked_to_its_file(root: Path) -> None:
    made = render(f"`a3 = 3`{{ .line }}\n{EXCERPT}", root)
    assert made.problems == []
    assert 'class="code-line" href="vae/vae.py"' in made.html
    assert 'id="line' not in made.html


def test_signs_of_html_are_found_and_shown_as_they_are(root: Path) -> None:
    made = render("`if x < 0:`{ .line }\n", root)
    assert made.problems == []
    assert 'aria-label="loss, line 9 of vae.py"' in made.html
    assert 'title="if x &lt; 0:"' in made.html


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("decode: return z", 15),
        ("Coder.encode: return z * 2", 7),
        ("Coder.decode: return", 11),
        ('return {"a": z}', 11),
        ("def encode(", 4),
    ],
)
def test_a_function_may_be_named(root: Path, text: str, line: int) -> None:
    (root / "docs/models/vae/vae.py").write_text(CODE.replace("decode(self", "decode_(self"))
    made = render(f"`{text.replace('Coder.decode:', 'Coder.decode_:')}`{{ .line }}\n", root)
    assert made.problems == []
    assert f", line {line} of vae.py" in made.html
    assert "decode_:" not in made.html


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("return zz", "9:6: no line of vae.py holds 'return zz'; it has 'return z'"),
        ("It says", "9:6: no line of vae.py holds 'It says'; quote a part of a line"),
        (
            "decoder: return z",
            "9:6: no line of vae.py holds 'decoder: return z'; it has 'return z'",
        ),
        (
            "return z",
            "9:6: 'return z' stands in lines 7 of vae.py (Coder.encode), 8 of vae.py (Coder.encode),"
            " 15 of vae.py (decode); quote more of the line, or write 'function: return z'",
        ),
        (
            "encode: return z",
            "9:6: 'return z' stands in lines 7 of vae.py (Coder.encode), 8 of vae.py (Coder.encode);"
            " quote more of the line",
        ),
    ],
)
def test_no_line_and_several_are_told_at_their_place(root: Path, text: str, problem: str) -> None:
    (root / "docs/models/vae/vae.py").write_text(CODE)
    shown_as_code = f"Written so: `` `{text}`{{ .line }} ``.\n\n"
    made = render(f"{shown_as_code}Of it.\n\nSee: `{text}`{{ .line }} and more.\n", root)
    (found,) = made.problems
    assert found.startswith(problem.replace("9:6", "9:6"))
    assert ("function:" in found) == ("function:" in problem)
    assert "code-line" not in made.html


def test_a_page_without_code_says_so_and_modules_serve_where_there_is_no_python(root: Path) -> None:
    made = render("`x = 1`{ .line }\n", root, "models/gan.md")
    assert made.problems == [
        "5:1: 'x = 1' is a line of no code: models/gan/ has none; write it there"
    ]
    folder = root / "docs/models/gan"
    folder.mkdir()
    module = "// x = 1\nexport function f(x) {\n  return x;\n}\nfunction g(x) {\n  return x;\n}\n"
    (folder / "gan.mjs").write_text(module)
    made = render("`g: return x;`{ .line }\n", root, "models/gan.md")
    assert made.problems == []
    assert "line 6 of gan.mjs" in made.html


def test_without_a_page_the_text_stays_code() -> None:
    made = render("`x = 1`{ .line }\n")
    assert '<code class="line">x = 1</code>' in made.html


def test_boxes_that_follow_each_other_stand_in_a_row(root: Path) -> None:
    box = '!!! steps "{}"\n    1. Do it.\n\n'
    two = box.format("Training") + box.format("Generation")
    made = render(f"{two}Text.\n\n{box.format('Alone')}", root)
    assert made.problems == []
    (row,) = re.findall(r'<div class="steps-row">(.*?)</div>\n</div>', made.html, re.S)
    assert row.count('class="admonition steps"') == 2
    assert made.html.count('class="admonition steps"') == 3
    assert "Alone" not in row


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("    Do it.\n", "7:1: the box 'B' has no numbered list; number the steps"),
        ("    - Do it.\n", "7:1: the box 'B' has no numbered list; number the steps"),
        (
            "".join(f"    {n}. Do it.\n" for n in range(1, 12)),
            "7:1: the box 'B' has 11 steps, more than 10; join some",
        ),
    ],
)
def test_a_box_is_a_numbered_list_of_at_most_ten(root: Path, body: str, problem: str) -> None:
    first = '!!! steps "A"\n    1. Do it.\n'
    made = render(f'{first}\n!!! steps "B"\n{body}', root)
    assert made.problems == [problem.replace("7:1", "8:1")]


def test_a_changed_line_of_code_turns_the_check_red(root: Path) -> None:
    (root / "mkdocs.yml").write_text(
        "site_name: A\nmarkdown_extensions: [attr_list, scripts.extensions.excerpts, scripts.extensions.steps]\n"
    )
    house = '[tool.check]\nrules = "scripts.house.rules"\n'
    (root / "pyproject.toml").write_text(house)
    page, code = root / "docs/models/vae.md", root / "docs/models/vae/vae.py"
    page.write_text("# VAE\n\nTake it. `return math.log(x)`{ .line }\n")

    def codes() -> list[str]:
        request = Request([page], ("Q",), jobs=1, cache=root / ".cache")
        return [f"{p.line}:{p.column} {p.code}" for p in check(request).problems]

    assert codes() == []
    code.write_text(code.read_text().replace("math.log(x)", "math.log2(x)"))
    assert codes() == ["3:10 Q09"]
    (root / "docs/models/vae/practice.py").write_text("def f(x):\n    return math.log(x)\n")
    assert codes() == []
    (root / "docs/models/vae/more.py").write_text("def g(x):\n    return math.log(x)\n")
    assert codes() == ["3:10 Q10"]


def test_what_a_page_is_made_from_changes_with_its_code_and_with_the_list_of_its_files(
    root: Path,
) -> None:
    made = render("`a3 = 3`{ .line }\n", root).page.inputs
    changed = lambda: [q for q, answer in made.items() if ask(q) != answer]  # noqa: E731
    assert changed() == []
    (root / "docs/models/vae/practice.py").write_text("b = 1\n")
    assert len(changed()) == 1
    (root / "docs/models/vae/vae.py").write_text("a3 = 3  # now\n")
    assert len(changed()) == 2
