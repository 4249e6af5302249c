"""Excerpts of tested code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extensions.project import make, render


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path)


def test_a_named_part_is_shown_with_its_file_and_without_its_marks(root: Path) -> None:
    made = render('--8<-- "models/vae/vae.py:loss"\n', root)
    assert made.problems == []
    assert '<div class="language-python highlight excerpt">' in made.html
    assert (
        '<a href="vae/vae.py">models/vae/vae.py</a> <span class="excerpt-name">loss</span>'
        in made.html
    )
    assert "8&lt;" not in made.html
    assert '<span class="k">def</span>' in made.html
    assert "math" in made.html


def test_an_inner_part_is_shown_at_the_left_margin(root: Path) -> None:
    made = render('--8<-- "models/vae/vae.py:inner"\n', root)
    assert '<code><span class="k">return</span>' in made.html


def test_a_short_file_may_be_shown_whole(root: Path) -> None:
    made = render('--8<-- "models/vae/vae.mjs"\n', root)
    assert made.problems == []
    assert 'class="language-javascript highlight excerpt"' in made.html


@pytest.mark.parametrize(
    "text",
    [
        'Text above:\n--8<-- "models/vae/vae.py:loss"\nand below.\n',
        '- item\n\n    --8<-- "models/vae/vae.py:loss"\n',
        '!!! note "T"\n\n    --8<-- "models/vae/vae.py:loss"\n',
        '> --8<-- "models/vae/vae.py:loss"\n',
    ],
)
def test_an_excerpt_may_stand_wherever_a_block_stands(root: Path, text: str) -> None:
    made = render(text, root)
    assert made.problems == []
    assert made.html.count("highlight excerpt") == 1
    assert "<p></p>" not in made.html


@pytest.mark.parametrize(
    "text",
    [
        '```markdown\n--8<-- "models/vae/vae.py:loss"\n```\n',
        '    --8<-- "models/vae/vae.py:loss"\n',
        'Write `--8<-- "models/vae/vae.py:loss"` so.\n',
        '<!--\n--8<-- "models/vae/vae.py:loss"\n-->\n',
    ],
)
def test_code_shows_the_line_itself(root: Path, text: str) -> None:
    made = render(text, root)
    assert made.problems == []
    assert "excerpt" not in made.html


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('--8<-- "models/none.py:loss"', "7:9: docs/models/none.py is missing"),
        (
            '--8<-- "models/vae/vae.py:los"',
            "7:9: docs/models/vae/vae.py has no part 'los'; write 'loss'",
        ),
        (
            '--8<-- "models/vae/vae.py:zzz"',
            "7:9: docs/models/vae/vae.py has no part 'zzz'; it has inner, loss, long",
        ),
        ('--8<-- "models/vae/vae.py:12:31"', "7:9: 'models/vae/vae.py:12:31' counts lines"),
        (
            '--8<-- "models/vae/vae.py:long"',
            "7:9: 'models/vae/vae.py:long' has 21 lines, more than 20",
        ),
        ('--8<-- "../secret.py:a"', "7:9: '../secret.py' leads out of docs/"),
        ('--8<-- "/etc/passwd"', "7:9: '/etc/passwd' leads out of docs/"),
        ('--8<-- "models/../../secret.py:a"', "7:9: 'models/../../secret.py' leads out of docs/"),
        (
            "--8<-- models/vae/vae.py:loss",
            '7:1: an excerpt has another form; write --8<-- "models/vae/vae.py:loss"',
        ),
        ("--8<--", '7:1: an excerpt has another form; write --8<-- "models/vae/vae.py:loss"'),
    ],
)
def test_a_wrong_excerpt_is_told_with_its_place(root: Path, line: str, problem: str) -> None:
    made = render(f"Text.\n\n{line}\n", root)
    assert [found[: len(problem)] for found in made.problems] == [problem]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("# --8<-- [start:a]\nx\n", "1:1: 'a' starts and never ends"),
        ("# --8<-- [end:a]\nx\n", "1:1: 'a' ends and has not started"),
        ("# --8<-- [start:a]\n# --8<-- [start:a]\nx\n", "2:1: 'a' starts a second time"),
        ("# --8<-- [start:a]\n# --8<-- [end:a]\n", "'models/vae/vae.py:a' is empty"),
    ],
)
def test_marks_out_of_order_are_told(root: Path, code: str, problem: str) -> None:
    (root / "docs/models/vae/vae.py").write_text(code)
    made = render('--8<-- "models/vae/vae.py:a"\n', root)
    assert len(made.problems) == 1
    assert problem in made.problems[0]
    path = "models/vae.md" if "empty" in problem else "models/vae/vae.py"
    assert made.page.problems[0].path == path


def test_a_changed_file_is_read_again(root: Path) -> None:
    path = root / "docs/models/vae/vae.py"
    render('--8<-- "models/vae/vae.py:loss"\n', root)
    path.write_text("# --8<-- [start:loss]\nchanged = 1\n# --8<-- [end:loss]\n")
    assert "changed" in render('--8<-- "models/vae/vae.py:loss"\n', root).html
