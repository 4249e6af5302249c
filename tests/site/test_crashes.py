"""A crash of the browser counts when it comes back, and nothing else is tried again."""

import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = ["-p", "no:cacheprovider", "-p", "tests.site.crashes", "-o", "markers=browser\nother"]
TRIED = """
import itertools

import pytest

pytestmark = pytest.mark.{mark}
tries = itertools.count(1)


@pytest.fixture
def page():
    one = next(tries)
    yield one
    if {at_the_end}:
        pytest.fail("the page crashed", pytrace=False)


def test_a_page(page):
    if page <= {times}:
        raise RuntimeError("{said}")
"""


@pytest.mark.parametrize(
    ("times", "said", "mark", "at_the_end", "want"),
    [
        (0, "", "browser", "False", "1 passed"),
        (1, "Page.goto: Target crashed", "browser", "False", "1 passed, 1 warning"),
        (1, "Page.goto: Target crashed", "browser", "one == 1", "1 passed, 1 warning"),
        (0, "", "browser", "one == 1", "1 passed, 1 warning"),
        (2, "Page.goto: Target crashed", "browser", "False", "1 failed, 1 warning"),
        (1, "Page.goto: net::ERR_FAILED", "browser", "False", "1 failed"),
        (1, "Page.goto: Target crashed", "other", "False", "1 failed"),
    ],
)
def test_once_more_after_a_crash(
    times: int, said: str, mark: str, at_the_end: str, want: str, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]
    text = TRIED.format(times=times, said=said, mark=mark, at_the_end=at_the_end)
    (tmp_path / "test_tried.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *PLUGINS, str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{want} in " in done.stdout, done.stdout + done.stderr
