"""The look keeps its promises: colours that can be told apart, a picture that its code computes."""

import re
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from scripts.figures import home, style
from tests.site.kit import DOCS, until

CSS = (DOCS / "assets" / "stylesheets" / "site.css").read_text(encoding="utf-8")
SELECTORS = {"light": "body", "dark": 'body[data-md-color-scheme="slate"]'}
TEXTS = ["ink", "muted", "accent", "good", "warn"]
CODE = [f"code-{name}" for name in ("keyword", "string", "number", "name", "comment")]
GROUNDS = ["paper", "sheet", "raised", "accent-wash"]
SERIES = [f"fig-{number}" for number in range(1, 7)]

# What is left of red, green and blue light for readers without one kind of cone (Machado and
# others, 2009), row by row.
SIGHT = {
    "three kinds of cones": np.eye(3),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no blue": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def variables(scheme: str) -> dict[str, str]:
    """The colours of a scheme, by the names of their variables."""
    block = re.search(rf"^{re.escape(SELECTORS[scheme])} {{\n(.*?)^}}", CSS, re.M | re.S)
    assert block, f"no block of variables for the {scheme} scheme"
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def test_the_dark_scheme_is_the_same_without_javascript() -> None:
    rule = re.escape("  :root:not(.js) body {")
    block = re.search(rf"^{rule}\n(.*?)^  }}", CSS, re.M | re.S)
    assert block
    again = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6,8});", block[1]))
    first = re.search(rf"^{re.escape(SELECTORS['dark'])} {{\n(.*?)^}}", CSS, re.M | re.S)
    assert first
    assert again == dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6,8});", first[1]))


def light(colour: str) -> NDArray[np.float64]:
    """Red, green and blue as amounts of light."""
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    dark, bright = sorted(float(light(colour) @ weights) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def perceived(colour: str, sight: NDArray[np.float64]) -> NDArray[np.float64]:
    """A colour in the space Oklab, where distance is difference as it is seen."""
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    found: NDArray[np.float64] = to_lab @ np.cbrt(to_cones @ np.clip(sight @ light(colour), 0, 1))
    return found


@pytest.mark.parametrize("scheme", SELECTORS)
def test_text_stands_out_from_every_ground(scheme: str) -> None:
    colours = variables(scheme)
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS]
    pairs += [(text, "sheet") for text in CODE] + [("paper", "accent")]
    weak = {
        f"{text} on {ground}": round(contrast(colours[text], colours[ground]), 2)
        for text, ground in pairs
        if contrast(colours[text], colours[ground]) < (7 if text == "ink" else 4.5)
    }
    assert not weak


@pytest.mark.parametrize("scheme", SELECTORS)
@pytest.mark.parametrize("ground", ["paper", "raised"])
def test_edges_and_lines_of_figures_can_be_seen(scheme: str, ground: str) -> None:
    colours = variables(scheme)
    weak = {
        name: round(contrast(colours[name], colours[ground]), 2)
        for name in [*SERIES, "edge"]
        if contrast(colours[name], colours[ground]) < 3
    }
    assert not weak


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scheme", SELECTORS)
def test_the_six_colours_of_figures_differ_for_every_kind_of_sight(scheme: str, sight: str) -> None:
    """Any two of the six, and each of them and the ink of lines and words, which lies beside all of them.

    The simulation is that of Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation
    of Color Vision Deficiency", IEEE Transactions on Visualization and Computer Graphics 15(6), 2009,
    doi:10.1109/TVCG.2009.113, with its matrices of severity 1; without blue it is an approximation.
    """
    colours = variables(scheme)
    seen = {name: perceived(colours[name], SIGHT[sight]) for name in [*SERIES, "ink"]}
    apart = {
        (one, other): float(np.linalg.norm(seen[one] - seen[other]))
        for one, other in combinations(seen, 2)
    }
    close = {
        f"{one} and {other}": round(distance, 3)
        for (one, other), distance in apart.items()
        if distance < (0.075 if other == "ink" else 0.09)
    }
    assert not close


def test_colours_stand_in_variables_only() -> None:
    plain = re.sub(r"--[\w-]+:[^;]*;", "", CSS)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", plain) == []
    assert "!important" not in CSS


def test_the_flow_ends_at_data_points() -> None:
    table = home.compute()
    kind, x, y = (np.array(table[name]) for name in ("kind", "x", "y"))
    ends = np.stack([x, y], axis=1)[kind == home.LINE].reshape(-1, home.SHOWN + 1, 2)[:, -1]
    data = np.stack([x, y], axis=1)[kind != home.LINE]
    distance = np.hypot(*(ends[:, None] - data).transpose(2, 0, 1)).min(axis=1)
    assert (distance <= 1).mean() > 0.95


def test_the_denoiser_is_the_mean_of_the_posterior() -> None:
    data = np.array([[0.0, 0.0], [1.0, 0.5], [-2.0, 1.0]])
    x, angle = np.array([[0.3, 0.4]]), 0.9
    density = [
        np.exp(-np.sum((x[0] - np.cos(angle) * point) ** 2) / (2 * np.sin(angle) ** 2))
        for point in data
    ]
    mean = sum(weight * point for weight, point in zip(density, data, strict=True)) / sum(density)
    np.testing.assert_allclose(home.denoise(x, angle, data)[0], mean, rtol=1e-12)


@pytest.mark.browser
def test_the_moving_picture_computes_what_the_printed_one_does(page: Page) -> None:
    page.goto("overview/")
    data = np.random.default_rng(0).normal(size=(40, 2))
    places = np.random.default_rng(1).normal(size=(7, 2))
    for angle in (1.5, 0.8, 0.2):
        got = page.evaluate(
            """async ([places, angle, data]) => {
                const {denoise} = await import("/assets/home.mjs");
                const flat = Float64Array.from(data.flat());
                return places.map(([x, y]) => denoise(x, y, angle, flat));
            }""",
            [places.tolist(), angle, data.tolist()],
        )
        np.testing.assert_allclose(got, home.denoise(places, angle, data), rtol=1e-9, atol=1e-9)


@pytest.mark.browser
def test_the_picture_of_the_entrance_moves_when_asked(page: Page) -> None:
    page.goto("")
    assert page.locator(".home-canvas").count() == 0
    status = page.locator(".home-status")
    page.locator("[data-home=step]").click()
    assert status.inner_text() == "Noise 100 %"
    for _ in range(12):
        page.locator("[data-home=step]").click()
    assert status.inner_text() == "No noise left."
    page.locator("[data-home=noise]").click()
    assert status.inner_text() == "Noise 100 %"
    page.locator("[data-home=play]").click()
    until(page, "!document.querySelector('.home-status').textContent.includes('100')")
    page.locator("[data-home=play]").click()
    assert page.locator("[data-home=play]").inner_text() == "Play"


def test_the_recipe_of_the_picture_is_listed() -> None:
    assert [recipe.name for recipe in home.FIGURES] == ["assets/home"]
    assert (style.DOCS / "assets" / "home.svg").is_file()
