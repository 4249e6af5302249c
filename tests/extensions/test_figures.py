"""Figures and images."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest

from scripts.extensions import figures
from tests.extensions.project import SVG, make, render

FIGURE = "![The gap closes to zero](vae/gap.svg)\n**The gap closes.** It ends at zero.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path)


def png(width: int, height: int) -> bytes:
    """The beginning of a PNG file of that size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


def test_a_figure_is_inlined_numbered_and_captioned(root: Path) -> None:
    made = render(FIGURE, root)
    assert made.problems == []
    assert '<figure class="figure" id="fig-vae-gap">' in made.html
    assert '<svg role="img" aria-label="The gap closes to zero" viewBox="0 0 360 270"' in made.html
    assert (
        '<figcaption><span class="figure-number">Figure 1</span> <strong>The gap closes.</strong> '
        "It ends at zero." in made.html
    )


def test_the_drawing_loses_what_the_page_does_not_need(root: Path) -> None:
    svg = re.search(r"<svg.*?</svg>", render(FIGURE, root).html, re.DOTALL)
    assert svg
    for gone in (
        "<?xml",
        "DOCTYPE",
        "comment",
        "secret",
        "<title",
        "xmlns",
        "data-csv",
    ):
        assert gone not in svg[0]
    assert ' width="360"' in svg[0]


def test_text_in_a_drawing_keeps_its_blanks(root: Path) -> None:
    assert "<text>0.5 <tspan>one</tspan> two</text>" in render(FIGURE, root).html


def test_groups_that_say_nothing_go_and_others_stay(root: Path) -> None:
    html = render(FIGURE, root).html
    assert "<g>" not in html
    assert html.count("<g ") == html.count("</g>") == 1


def test_ids_of_two_drawings_never_collide(root: Path) -> None:
    made = render(FIGURE + "\n![Bare one](vae/bare.svg)\nC.\n", root)
    ids = re.findall(r'\sid="([^"]+)"', made.html)
    assert len(ids) == len(set(ids))
    assert 'clip-path="url(#vae-gap-c)"' in made.html
    assert 'href="#vae-bare-m1"' in made.html


def test_several_panels_share_one_number_and_one_caption(root: Path) -> None:
    made = render("![One](vae/gap.svg)\n![Two](vae/bare.svg)\n**Both.** See.\n", root)
    assert made.html.count("<svg") == 2
    assert made.html.count("<figcaption>") == 1
    assert 'class="figure figure-2"' in made.html


def test_the_numbers_behind_a_figure_are_linked_if_they_are_there(root: Path) -> None:
    assert '<a href="vae/gap.csv">gap.csv</a>' in render(FIGURE, root).html
    assert ".csv" not in render("![Bare](vae/bare.svg)\nCaption.\n", root).html


def test_a_figure_may_name_itself_and_cite(root: Path) -> None:
    made = render("![A](vae/gap.svg)\nAfter[^kingma2014auto]. {#fig-mine}\n", root)
    assert 'id="fig-mine"' in made.html
    assert "{#" not in made.html
    assert "footnote-ref" in made.html


def test_an_attribute_list_behind_an_image_is_read(root: Path) -> None:
    html = render('![A](vae/gap.svg){ width="300" loading=lazy }\nCaption.\n', root).html
    assert ' width="300"' in html
    assert "style=" not in html
    assert "{" not in html
    html = render("![A](vae/shot.png){ .wide width=50% }\nCaption.\n", root).html
    assert '<img alt="A" class="wide"' in html
    assert 'width="50%"' in html
    assert "<figcaption>" in html


def test_a_picture_that_is_shown_twice_is_told_at_the_second(root: Path) -> None:
    beside = "![At a side](vae/gap.svg){ align=right }\n\nText.\n\n"
    made = render(f"{beside}{FIGURE}\n{FIGURE}", root)
    line = 5 + f"{beside}{FIGURE}\n".count("\n")
    assert [problem.split(":")[0] for problem in made.problems] == [str(line)]
    assert "name this figure" in made.problems[0]
    named = FIGURE.rstrip() + " {#fig-again}\n"
    assert render(f"{FIGURE}\n{named}", root).problems == []


def test_an_image_at_a_side_is_no_figure(root: Path) -> None:
    made = render("![A](vae/gap.svg){ align=right }\n\nText.\n", root)
    assert made.problems == []
    assert "figure" not in made.html
    assert re.search(r'<p><img [^>]*class="align-right"', made.html)
    assert "align=" not in made.html


def test_figures_are_numbered_in_their_order(root: Path) -> None:
    made = render(
        FIGURE + "\n> ![B](vae/bare.svg)\n> C.\n\n- a\n\n    ![C](vae/gap.svg)\n    D. {#fig-c}\n",
        root,
    )
    assert made.problems == []
    assert re.findall(r"Figure (\d)", made.html) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("![](vae/gap.svg)\nC.\n", "5:1: the image has no alternative text"),
        ("Text.\n\n![A](vae.none.svg)\nC.\n", "7:6: the figure vae.none.svg is missing"),
        ("![A](vae/gap.svg)\n", "5:1: the figure has no caption"),
        ("![A](../../secret.svg)\nC.\n", "5:6: ../../secret.svg is not below docs/"),
        (
            "![A](https://example.org/a.svg)\nC.\n",
            "5:6: https://example.org/a.svg is not below docs/",
        ),
    ],
)
def test_a_wrong_figure_is_told_with_its_place(root: Path, text: str, problem: str) -> None:
    made = render(text, root)
    assert [found[: len(problem)] for found in made.problems] == [problem]


@pytest.mark.parametrize(
    ("svg", "problem"),
    [
        ("<svg><g></svg>", "not well-formed"),
        (SVG.replace("<g>", "<script>x</script><g>", 1), "<script"),
        (SVG.replace("<g>", "<style>a{}</style><g>", 1), "<style"),
        (SVG.replace("<g>", '<g onclick="x">', 1), "not allowed, onclick"),
        (SVG.replace('href="#m1"', 'href="https://a.b/c"'), "leads out of itself"),
        (SVG.replace("url(#c)", "url(//a.b/c)"), "asks for another file"),
        (re.sub(r' (?:width|height|viewBox)="[^"]*"', "", SVG, count=3), "no viewBox"),
    ],
)
def test_a_drawing_that_would_harm_the_page_is_refused(root: Path, svg: str, problem: str) -> None:
    (root / "docs/models/vae/gap.svg").write_text(svg)
    made = render(FIGURE, root)
    assert len(made.problems) == 1
    assert problem in made.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "A ![inline](vae/gap.svg) image.\n",
        "`![A](vae/gap.svg)`\n",
        "    ![A](vae/gap.svg)\n    C.\n",
    ],
)
def test_images_in_text_and_in_code_are_no_figures(root: Path, text: str) -> None:
    made = render(text, root)
    assert made.problems == []
    assert "<figure" not in made.html


def test_other_images_have_a_size_and_wait(root: Path) -> None:
    (root / "docs/models/shot.png").write_bytes(png(640, 480))
    made = render("![A picture](shot.png)\nCaption.\n", root)
    [image] = re.findall(r"<img [^>]*>", made.html)
    for part in (
        'width="640"',
        'height="480"',
        'loading="lazy"',
        'decoding="async"',
        'src="shot.png"',
    ):
        assert part in image


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png(3, 4), (3, 4)),
        (b"GIF89a" + struct.pack("<HH", 5, 6) + b"\0" * 8, (5, 6)),
        (b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x07\0\x08\x03\0\0\0\0", (8, 7)),
        (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x09\0\0\x0a\0\0" + b"\0" * 9, (10, 11)),
        (b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + struct.pack("<HH", 12, 13), (12, 13)),
        (b"RIFF\0\0\0\0WEBPVP8L" + b"\0" * 5 + (13 | 14 << 14).to_bytes(4, "little"), (14, 15)),
        (b"nothing", None),
    ],
)
def test_sizes_are_read_from_the_first_bytes(
    tmp_path: Path, data: bytes, size: tuple[int, int] | None
) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    assert figures.image_size(path) == size


def test_without_a_page_path_a_figure_is_an_image_with_its_caption() -> None:
    made = render(FIGURE)
    assert made.problems == []
    assert '<img alt="The gap closes to zero"' in made.html
    assert "Figure 1" in made.html


def test_a_diagram_stands_twice_in_the_page_and_its_style_chooses(root: Path) -> None:
    folder = root / "docs" / "models" / "vae"
    (folder / "gap.narrow.svg").write_text(SVG.replace("360", "350"), encoding="utf-8")
    made = render(FIGURE, root)
    assert made.problems == []
    assert made.html.count("<figcaption>") == 1
    assert '<div class="figure-panels figure-diagram">' in made.html
    for kind, width in (("wide", 360), ("narrow", 350)):
        head = (
            f'<div class="figure-panel diagram-{kind}" data-search-exclude="true"><svg role="img" '
        )
        assert head + f'aria-label="The gap closes to zero" viewBox="0 0 {width} 270"' in made.html
    ids = re.findall(r'\sid="([^"]+)"', made.html)
    assert len(ids) == len(set(ids))


def test_a_fault_of_the_narrow_drawing_is_said(root: Path) -> None:
    folder = root / "docs" / "models" / "vae"
    (folder / "gap.narrow.svg").write_text("<svg><style/></svg>", encoding="utf-8")
    made = render(FIGURE, root)
    assert "gap.narrow.svg" in str(made.problems[0])
