"""Every shape of the page's table, from the configurations in shapes.py."""

from importlib import import_module
from pathlib import Path

from tests.said import tables

shapes = import_module("docs.models.latent-diffusion.shapes")
rows_of = tables(Path(__file__).resolve().parents[2] / "docs" / "models" / "latent-diffusion.md")


def test_every_shape_is_computed_from_the_configuration() -> None:
    one, two = shapes.unet_shapes(512, 512), shapes.mmdit_shapes(1024, 1024)
    levels = [one[f"level {k}"] for k in (1, 2, 3, 4)]

    def text(shape: tuple[int, ...]) -> str:
        return " × ".join(str(n) for n in shape)

    table = rows_of("tab-latent-diffusion-shapes")
    n, words = two["picture tokens"][1], two["text tokens"][1]
    c = shapes.Mmdit()
    wanted = [
        (text(one["tokens"]), f"2 × {c.clip} for CLIP, 2 × {c.t5} for T5 (default of diffusers)"),
        (text(one["text"]), text(two["text"])),
        ("none", text(two["pooled"])),
        (text(one["noise"]), text(two["noise"])),
        ("none; levels of a U-Net", text(two["picture tokens"])),
        (
            ", ".join(text(level) for level in levels) + ", and back",
            f"{c.layers} blocks; {c.heads} heads with {n + words} × {n + words} weights",
        ),
        (text(one["prediction"]), text(two["prediction"])),
        (text(one["guided"]), text(two["guided"])),
        (text(one["picture"]), text(two["picture"])),
    ]
    assert [tuple(cells[1:]) for cells in table] == wanted
    assert two["joint attention"] == (2, c.heads, n + words, n + words)


def test_a_picture_keeps_its_numbers_in_patches() -> None:
    found = shapes.mmdit_shapes(512, 768)
    n, numbers = found["patches"][1:]
    assert n * numbers == 16 * 64 * 96
    assert shapes.unet_shapes(512, 768)["level 2"] == (2, 640, 32, 48)
