"""The generator of a DCGAN: sizes as torch makes them, parameters counted, kernels as on the page of the GAN."""

import runpy
from importlib import import_module
from pathlib import Path

import pytest
import torch

from docs.models.gan import practice as gan_practice
from scripts.printed.values import From
from tests.printed.plugin import Equations
from tests.said import sayings, tables

deep = import_module("docs.models.gan-family.dcgan")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "gan-family.md"
said = sayings(PAGE)
rows_of = tables(PAGE)


@pytest.mark.equation("eq-gan-family-size")
def test_the_sides_are_those_of_torch(printed: Equations) -> None:
    for n, k, s, r in ((5, 4, 2, 1), (3, 4, 1, 0), (7, 5, 3, 2)):
        layer = torch.nn.ConvTranspose2d(1, 1, k, s, r)
        side = layer(torch.zeros(1, 1, n, n)).shape[-1]
        assert deep.grown(n, k, s, r) == side
        if n == 7:
            printed("eq-gan-family-size").holds({"n'": side, "n": n, "k": k, "s": s, "r": r})


@pytest.mark.equation("eq-gan-family-count")
def test_the_parameters_of_a_dcgan_are_counted(printed: Equations) -> None:
    layers = deep.dcgan_layers(64)
    net = deep.dcgan(layers)
    count = sum(p.numel() for p in net.parameters())
    printed("eq-gan-family-count").holds(
        {"P": count, "C": From(0, [layers[0][0], *(many for _, many, *_ in layers)])}
    )
    said(f"3 biases {count:,} parameters", f"has {count / 1e6:.2f} million parameters")
    size = 1
    for k, (row, (few, many, *how)) in enumerate(
        zip(rows_of("tab-gan-family-dcgan"), layers, strict=True), 1
    ):
        size = deep.grown(size, *how)
        assert row == [str(k), f"{few} to {many}", str(size), f"{few * many * how[0] ** 2:,}"]
    assert net(torch.zeros(2, 100, 1, 1)).shape == (2, 3, size, size)
    theirs = gan_practice.dcgan()[0]
    kernels = [
        [m.weight.numel() for m in g.modules() if isinstance(m, torch.nn.ConvTranspose2d)]
        for g in (net, theirs)
    ]
    assert kernels[0] == kernels[1]


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "gan-family" / "dcgan.py"), run_name="__main__")
    assert "3,576,707 in all" in capsys.readouterr().out
