"""The weights of the demo of docs/models/diffusion.md: digits of a class, denoised.

A class-conditional denoiser on scikit-learn's 8 × 8 digits, trained by the page's own code.
`python -m scripts.weights.diffusion` writes docs/models/diffusion/weights.json in about ten minutes.
"""

from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from torch import Tensor

from docs.models.diffusion import diffusion
from scripts.weights.pack import pack

PATH = Path(__file__).resolve().parents[2] / "docs" / "models" / "diffusion" / "weights.json"
SEED = 0
HIDDEN = 224
STEPS = 16_000
HELD_OUT = 297


def data() -> tuple[Tensor, Tensor]:
    """All digits, (1797, 64) from -1 to 1, and their classes from 1 to 10 (0 is none), shuffled."""
    digits = load_digits()
    order = torch.randperm(len(digits.data), generator=torch.Generator().manual_seed(SEED))
    x = torch.from_numpy(digits.data)[order] / 8 - 1
    return x, torch.from_numpy(digits.target)[order].long() + 1


def load(tensors: dict[str, Tensor]) -> diffusion.Denoiser:
    """The model with the given weights."""
    model = diffusion.Denoiser(64, HIDDEN, classes=11)
    model.load_state_dict(tensors)
    return model.eval()


def clip(x: Tensor, eps: Tensor, a: Tensor) -> Tensor:
    """The noise in x, (N, D), if the data that it implies are cut off at -1 and 1.

    Near pure noise the smallest error of eps is divided by sqrt(alpha-bar) on its way to the data.
    """
    a = a.reshape(-1, 1)
    x0 = ((x - (1 - a).sqrt() * eps) / a.sqrt()).clamp(-1, 1)
    return (x - a.sqrt() * x0) / (1 - a).sqrt()


@torch.no_grad()
def metrics(model: diffusion.Denoiser) -> dict[str, float]:
    """How good the model is on digits that it has not seen, and how well its samples are recognised."""
    x, kind = data()
    generator = torch.Generator().manual_seed(SEED + 1)
    a = torch.tensor(0.5, dtype=torch.float64)
    eps = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    noisy = diffusion.add_noise(x, a, eps)
    new = slice(len(x) - HELD_OUT, None)
    error = ((model(noisy[new], a.expand(HELD_OUT), kind[new]) - eps[new]) ** 2).mean()
    old = slice(0, len(x) - HELD_OUT)
    line = Ridge(alpha=1.0).fit(noisy[old].numpy(), eps[old].numpy())
    linear = torch.from_numpy(line.predict(noisy[new].numpy()))
    asked = torch.arange(1, 11).repeat(20)
    levels = diffusion.few(diffusion.cosine_schedule(1000), 25)
    start = torch.randn(len(asked), 64, generator=generator, dtype=torch.float64)
    model_of = diffusion.guide(lambda x, a: model(x, a, asked), lambda x, a: model(x, a), 1.5)
    judge = LogisticRegression(max_iter=2000).fit(x[old].numpy(), kind[old].numpy())

    def recognised(model: diffusion.Model) -> float:
        samples = diffusion.sample(model, start, levels, 0.0)
        return float((judge.predict(samples.numpy()) == asked.numpy()).mean())

    return {
        "error of the noise": float(error),
        "error of the best linear guess": float(((linear - eps[new]) ** 2).mean()),
        "samples of the asked class": recognised(lambda x, a: clip(x, model_of(x, a), a)),
        "samples of the asked class, not clipped": recognised(model_of),
    }


def main() -> None:
    """Train, measure what the rounded weights do, write."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    x, kind = data()
    model = diffusion.Denoiser(64, HIDDEN, classes=11)
    generator = torch.Generator().manual_seed(SEED + 2)
    old = slice(0, len(x) - HELD_OUT)
    diffusion.train(model, x[old], kind[old], STEPS, generator)
    rounded = {name: w.half().double() for name, w in model.state_dict().items()}
    found = metrics(load(rounded))
    meta = {
        "recipe": "scripts/weights/diffusion.py",
        "seed": SEED,
        "data": "scikit-learn digits, 1,500 of 1,797",
        "metric": {name: round(value, 4) for name, value in found.items()},
        "size": [64, HIDDEN, 11],
    }
    pack(PATH, model.state_dict(), meta)
    print(meta["metric"], PATH.stat().st_size)


if __name__ == "__main__":
    main()
