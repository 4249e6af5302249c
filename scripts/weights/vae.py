"""docs/models/vae/weights.json: VAEs with two latent units on scikit-learn's digits, one a beta.

Run as a script it trains them with the page's own code and writes the file; the demo, the figures
and the tests read it.
"""

import math
from functools import cache
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from docs.models.vae import vae
from scripts.weights.pack import pack, unpack

PATH = Path(__file__).resolve().parents[2] / "docs" / "models" / "vae" / "weights.json"
BETAS = (0.1, 0.3, 1.0, 3.0, 8.0, 14.0, 20.0)
SIZES = (64, 48, 48, 2)
NOISE = 0.2
"""Standard deviation of p(x|z), the same for every beta; white is 1."""
STEPS = 6000
SEEDS = (1, 2)
"""Seeds of the networks that show how far chance matters; those of the demo have the seed 0."""
SEEDS_PATH = Path(__file__).with_name("vae_seeds.json")
UNITS = (2, 16)
"""Latent units of the networks that show how blur is cured; their noise is trained, from `NOISE`."""
UNITS_SEEDS = (0, 1, 2)
UNITS_STEPS = 3000
UNITS_PATH = Path(__file__).with_name("vae_units.json")
TEST = 360
SHOWN = 120
"""Test digits that the file carries for the demo."""
LEVELS = "0123456789abcdefg"
"""The 17 grey levels of a pixel, as one character each."""


@cache
def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images (N, 64) in [0, 1] and classes: those to train on, then those to test with."""
    images, classes = load_digits(return_X_y=True)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    x, y = torch.tensor(images)[order] / 16, torch.tensor(classes)[order]
    return x[:-TEST], y[:-TEST], x[-TEST:], y[-TEST:]


def blank(seed: int = 0) -> vae.VAE:
    """A network of the right shape, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    model = vae.VAE(SIZES, NOISE, generator).double()
    model.log_noise_var.requires_grad_(False)
    return model


def fit(beta: float, seed: int = 0) -> vae.VAE:
    """Train one network."""
    model, generator = blank(seed), torch.Generator().manual_seed(seed)
    vae.train(model, digits()[0], STEPS, beta, warm_up=STEPS // 10, generator=generator)
    return model


def filled(tensors: dict[str, Tensor], name: object) -> vae.VAE:
    """The network whose tensors have names that begin with this."""
    model = blank()
    part = {key.split(".", 1)[1]: t for key, t in tensors.items() if key.startswith(f"{name}.")}
    model.load_state_dict(part, strict=False)
    model.log_noise_var.data.fill_(2 * math.log(NOISE))  # as exact as the demo's
    return model


def load() -> dict[float, vae.VAE]:
    """The committed networks by their beta."""
    tensors, meta = unpack(PATH)
    return {beta: filled(tensors, i) for i, beta in enumerate(meta["betas"])}


def others() -> dict[int, vae.VAE]:
    """The committed networks with beta = 1 by their seed, that of the demo among them."""
    tensors = unpack(SEEDS_PATH)[0]
    return {0: load()[1.0]} | {seed: filled(tensors, seed) for seed in SEEDS}


def of_units() -> dict[int, list[vae.VAE]]:
    """The committed networks with trained noise by their number of latent units, one a seed."""
    tensors = unpack(UNITS_PATH)[0]
    found: dict[int, list[vae.VAE]] = {units: [] for units in UNITS}
    for units in UNITS:
        for seed in UNITS_SEEDS:
            model = vae.VAE((*SIZES[:-1], units), NOISE).double()
            start = f"{units}.{seed}."
            names = {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
            model.load_state_dict(names)
            found[units].append(model.requires_grad_(False))
    return found


@torch.no_grad()
def measure(model: vae.VAE, x: Tensor) -> tuple[float, float]:
    """Mean reconstruction term (over 50 codes for each x) and mean KL, nats."""
    generator = torch.Generator().manual_seed(1)
    reconstruction, kl = model.terms(x.repeat(50, 1), generator)
    return float(reconstruction.mean()), float(kl.sum(-1).mean())


def main_of_seeds() -> None:
    """Train with the other seeds; write the networks with beta = 1, and what was measured of all."""
    test = digits()[2]
    tensors: dict[str, Tensor] = {}
    measured: dict[str, list[list[float]]] = {}
    for seed in SEEDS:
        for beta in BETAS:
            model = fit(beta, seed)
            for name, tensor in model.state_dict().items():
                if name != "log_noise_var":
                    tensor.copy_(tensor.half())
                    if beta == 1:
                        tensors[f"{seed}.{name}"] = tensor
            measured.setdefault(str(seed), []).append([round(v, 3) for v in measure(model, test)])
    recipe = {"recipe": "scripts/weights/vae.py", "betas": BETAS, "noise": NOISE, "steps": STEPS}
    pack(SEEDS_PATH, tensors, recipe | {"test_reconstruction_and_kl": measured})


def main_of_units() -> None:
    """Train the networks with few and with many latent units and a trained noise; write them."""
    tensors: dict[str, Tensor] = {}
    for units in UNITS:
        for seed in UNITS_SEEDS:
            generator = torch.Generator().manual_seed(seed)
            model = vae.VAE((*SIZES[:-1], units), NOISE, generator).double()
            vae.train(
                model, digits()[0], UNITS_STEPS, warm_up=UNITS_STEPS // 10, generator=generator
            )
            for name, tensor in model.state_dict().items():
                tensors[f"{units}.{seed}.{name}"] = tensor
    recipe = {"recipe": "scripts/weights/vae.py", "units": UNITS, "seeds": UNITS_SEEDS}
    pack(UNITS_PATH, tensors, recipe | {"steps": UNITS_STEPS})


def main() -> None:
    """Train, write, print the trade-off."""
    _, _, test, classes = digits()
    tensors: dict[str, Tensor] = {}
    reconstruction: list[float] = []
    kl: list[float] = []
    for i, beta in enumerate(BETAS):
        model = fit(beta)
        for name, tensor in model.state_dict().items():
            if name != "log_noise_var":
                tensors[f"{i}.{name}"] = tensor
                tensor.copy_(tensor.half())  # measured as the browser will see it
        for values, value in zip((reconstruction, kl), measure(model, test), strict=True):
            values.append(round(value, 3))
        print(f"beta {beta}: reconstruction {reconstruction[-1]}, KL {kl[-1]}", flush=True)
    meta = {
        "recipe": "scripts/weights/vae.py",
        "seed": 0,
        "data": "scikit-learn load_digits, 1437 to train, 360 to test",
        "betas": BETAS,
        "noise": NOISE,
        "steps": STEPS,
        "test_reconstruction": reconstruction,
        "test_kl": kl,
        "digits": ["".join(LEVELS[round(16 * float(v))] for v in row) for row in test[:SHOWN]],
        "classes": classes[:SHOWN].tolist(),
    }
    pack(PATH, tensors, meta)
    main_of_seeds()
    main_of_units()


if __name__ == "__main__":
    main()
