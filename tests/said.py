"""Numbers that stand on a page are compared with what the code gives: the test reads the page."""

from collections.abc import Callable
from pathlib import Path


def text_of(page: Path) -> str:
    """The page with each run of white space as one blank, so that lines may break anywhere."""
    return " ".join(page.read_text(encoding="utf-8").split())


def sayings(page: Path) -> Callable[..., None]:
    """`said("at 0.84 nats")`: the page says each of these."""

    def said(*texts: str) -> None:
        for text in texts:
            assert text in text_of(page), f"{page.name} does not say {text!r}"

    return said
