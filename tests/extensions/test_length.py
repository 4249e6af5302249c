"""How long a page is, as its head tells."""

from pathlib import Path

import pytest

from scripts.extensions.length import SECOND, minutes
from scripts.house import kinds
from tests.extensions.project import make, render

SENTENCE = "Every word of this sentence counts as one. "  # eight words


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project."""
    make(tmp_path)
    return tmp_path


def title(text: str, root: Path) -> str:
    """The opening tag of a page's title."""
    html = render(text, root).html
    return html[html.index("<h1") : html.index(">", html.index("<h1"))]


def test_words_and_equations_take_their_time() -> None:
    assert minutes(0, 0) == 1
    assert minutes(2300, 0) == 10
    assert minutes(2300, 9) == 13


def test_code_and_formulas_and_sources_are_no_prose(root: Path) -> None:
    words = SENTENCE * 100  # 800 words
    code = "\n```python\n" + "word = word\n" * 900 + "```\n"
    assert 'data-minutes="3"' in title(f"# T\n\n{words}\n{code}", root)
    assert 'data-minutes="3"' in title(f"# T\n\n{words}\n", root)
    assert 'data-minutes="7"' in title(f"# T\n\n{words}\n\n{words}\n", root)


def test_equations_and_the_place_of_the_demo_are_told(root: Path) -> None:
    equation = "\n$$ x $$ {#eq-vae-elbo}\n"
    demo = "\n## Try it\n\n[Move a code](vae/demo.mjs){ .demo }\n"
    head = title(f"# T\n\nText.\n{equation}{demo}", root)
    assert 'data-equations="1"' in head
    assert 'data-demo="demo"' in head
    assert "data-equations" not in title("# T\n\nText.\n", root)
    assert "data-demo" not in title("# T\n\nText.\n", root)


def test_the_first_depth_has_a_length_of_its_own(root: Path) -> None:
    words = SENTENCE * 100
    page = f"# T\n\n## Idea\n\n{words}\n\n## Objective\n\n{words}\n\n$$ x $$ {{#eq-vae-elbo}}\n"
    head = title(page, root)
    assert 'data-minutes="7"' in head
    assert 'data-first="3"' in head
    assert "data-first" not in title(f"# T\n\n## Idea\n\n{words}\n", root)


def test_a_second_depth_begins_below_the_demo_on_every_deep_page() -> None:
    for kind in ("model", "part", "method"):
        headings = kinds.KINDS[kind].headings
        assert headings[headings.index("Try it") + 1].lower() in SECOND
