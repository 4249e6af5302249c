"""A page that says that there is none, and a page about errors."""

import pytest

from scripts.outside.verdicts import told_absence


@pytest.mark.parametrize(
    "title",
    [
        "404",
        "404 Not Found",
        "Error 404 | Example",
        "404 - Page not found",
        "Page Not Found (404)",
        "Oops! That page can’t be found.",
        "Sorry, this page isn't available",
        "Page Not Found · Example Pages",
        "The page you requested could not be found",
        "We couldn't find the page you were looking for",
        "The requested URL was not found on this server.",
        "Seite nicht gefunden | Beispiel",
    ],
)
def test_a_page_that_says_that_there_is_none(title: str) -> None:
    assert told_absence(title, "")
    assert not title.startswith("Oops") or told_absence("Example", title)


@pytest.mark.parametrize(
    "title",
    [
        "HTTP 404",
        "HTTP 404 - Encyclopedia",
        "Error 404: how to design a not-found page",
        "How to fix page not found errors",
        "FileNotFoundError - Python docs",
        "Free lunch does not exist",
        "Not found in translation",
        "No free lunch theorems for search",
        "Peugeot 404",
        "Lost and found",
    ],
)
def test_a_page_about_errors_is_no_error(title: str) -> None:
    assert not told_absence(title, "")
