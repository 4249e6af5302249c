"""docs/models/vq-vae/*.svg: error against rate, samples of three priors and how many are accepted, two levels."""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from math import log, log2

import numpy as np
import torch
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as MarkPath
from matplotlib.transforms import Affine2D
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn import functional

from scripts.figures import style

source = import_module("docs.models.vq-vae.vq_vae")
levels = import_module("docs.models.vq-vae.levels")
kmeans = import_module("docs.models.vq-vae.kmeans_practice")

SIZES = (4, 16, 64, 256)  # codes in the codebook
SEEDS = 3
TRAINING = 1437  # of 1,797 digits
STEPS, PRIOR_STEPS, WIDTH = 200, 100, 48  # of the networks, of their priors; width of the priors
DRAWN, KEPT = 2000, 0.9  # samples of each prior; share of new digits that the judge accepts
SUMMED = 30  # new digits whose likelihood is computed by the sum over all codes
KINDS = ("restored", "in order", "each alone", "uniform")
SHOWN, TONES = 6, 4


@lru_cache
def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Digits to train on, new digits, and the classes of both."""
    torch.set_num_threads(1)  # small tensors: more threads only wait for one another
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
    quarters, classes = (torch.tensor(part)[order] for part in kmeans.digits())
    (x, new), (y, wanted) = (part.tensor_split([TRAINING]) for part in (quarters.float(), classes))
    return x, new, y, wanted


@lru_cache
def judge() -> tuple[torch.nn.Module, float, float]:
    """The classifier, how sure it must be, and its accuracy on new digits."""
    x, new, y, wanted = data()
    found = levels.classifier(x, y)
    least = float(levels.sure(found, new).quantile(1 - KEPT))
    return found, least, float((found(new).argmax(1) == wanted).double().mean())


def drawn(
    k: Tensor, prior: torch.nn.Module, count: int, generator: torch.Generator
) -> list[Tensor]:
    """Codes from the prior, from the shares of each place, and uniform; k (N, 4) are those of the training digits."""
    shares = alone(k, count)
    apart = [torch.multinomial(row, DRAWN, True, generator=generator) for row in shares]
    return [
        source.sample(prior, DRAWN, 4, generator),
        torch.stack(apart, 1),
        torch.randint(count, (DRAWN, 4), generator=generator),
    ]


def alone(k: Tensor, count: int) -> Tensor:
    """Shares of the codes at each place, one added to each count: k (N, 4) to (4, K)."""
    counts = torch.stack([torch.bincount(k[:, t], minlength=count) + 1.0 for t in range(4)])
    return counts / counts.sum(1, keepdim=True)


@lru_cache
def trained() -> tuple[style.Table, dict[str, Tensor]]:
    """What is measured, by codes and seed, and pictures of the network with 16 codes and the seed 0."""
    x, new, _, _ = data()
    judge()  # before gradients are switched off
    found: dict[str, list[float]] = {}
    shown: dict[str, Tensor] = {}
    for count in SIZES:
        for seed in range(SEEDS):
            torch.manual_seed(seed)
            generator = torch.Generator().manual_seed(seed)
            model = source.VQVAE(4, 16, count)
            source.fit(model, x, STEPS, generator)
            prior = source.Prior(count, WIDTH)
            source.fit_prior(prior, model.encode(x), PRIOR_STEPS, generator)
            row, pictures = measured(model, prior, generator)
            for name, value in {"codes": count, "seed": seed, **row}.items():
                found.setdefault(name, []).append(float(value))
            if (count, seed) == (16, 0):
                shown = {"digits": new[:SHOWN], **pictures}
    return found, shown


@torch.no_grad()
def measured(
    model: torch.nn.Module, prior: torch.nn.Module, generator: torch.Generator
) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Errors, bits, shares accepted and gaps of one network, and some of its pictures."""
    x, new, _, _ = data()
    found, least, _ = judge()
    count = len(model.get_parameter("codebook"))
    k, fresh = model.encode(x), model.encode(new)  # type: ignore[operator]
    decode = model.decode
    error = {"own": (decode(k) - x).square().mean(), "error": (decode(fresh) - new).square().mean()}  # type: ignore[operator]
    row = {name: float(value) for name, value in error.items()}
    row["used"] = len(k.unique())
    row["left"] = float(decode(k).var(0).mean() / x.var(0).mean())  # type: ignore[operator]
    row["uniform bits"] = 4 * log2(count)
    row["alone bits"] = float(-alone(k, count)[torch.arange(4), fresh].log2().sum(1).mean())
    row["bits"], row["own bits"] = (float(source.bits(prior, n).mean()) for n in (fresh, k))
    codes = [fresh, *drawn(k, prior, count, generator)]
    pictures = {name: decode(n) for name, n in zip(KINDS, codes, strict=True)}  # type: ignore[operator]
    for name, made in pictures.items():
        row[name] = float((levels.sure(found, made) >= least).double().mean())
    row["gap"] = row["bound"] = row["gap of the likeliest"] = 0.0
    if count <= 16:
        s = row["own"] ** 0.5
        bound = source.bound(model, prior, new[:SUMMED], s) / log(2)
        row["bound"] = float(bound.mean())
        each = source.joint(model, prior, new[:SUMMED], s) / log(2)
        exact = source.exact(model, prior, new[:SUMMED], s) / log(2)
        row["gap"] = float((exact - bound).mean())
        row["gap of the likeliest"] = float((exact - each.amax(0)).mean())
    return row, {name: made[:SHOWN] for name, made in pictures.items()}


def grouped(name: str) -> np.ndarray:
    """A column of what was measured: (sizes, seeds)."""
    return np.array(trained()[0][name]).reshape(len(SIZES), SEEDS)


def summed(names: Sequence[str]) -> style.Table:
    """Mean, least and greatest of columns, a row for each size of the codebook."""
    out: style.Table = {"codes": [float(n) for n in SIZES]}
    for name in names:
        values, key = grouped(name), name.replace(" ", "_")
        out[f"{key}_mean"] = values.mean(1).tolist()
        out[f"{key}_least"] = values.min(1).tolist()
        out[f"{key}_most"] = values.max(1).tolist()
    return out


def rate() -> style.Table:
    """Errors and bits by the size of the codebook."""
    names = ("error", "own", "left", "used", "uniform bits", "alone bits", "bits", "own bits")
    return summed((*names, "bound", "gap", "gap of the likeliest"))


def draw_rate(table: style.Table, axes: style.Axes) -> None:
    """Error against the bits that a uniform prior and the learned one charge."""
    mean = np.array(table["error_mean"])
    low, high = mean - np.array(table["error_least"]), np.array(table["error_most"]) - mean
    for n, (name, text) in enumerate(
        (("bits", "learned prior"), ("uniform_bits", "uniform prior"))
    ):
        axes.errorbar(
            table[f"{name}_mean"], mean, [low, high], marker="os"[n], capsize=4,
            color=style.SERIES[n], label=text, ls="-:"[n],
        )  # fmt: skip
    for n, count in enumerate(table["codes"]):
        x = max(table["uniform_bits_mean"][n], table["bits_mean"][n])
        style.label_line(axes, x, mean[n], f"K = {count:g}", dx=6, dy=6)
    axes.set_xlim(4, 38)
    axes.set_ylim(0, 0.062)
    axes.set_xlabel("bits for a digit")
    axes.set_ylabel("squared error of a pixel")
    axes.legend(loc="lower left", fontsize=10)


def accepted() -> style.Table:
    """Share of pictures that the classifier accepts, by the size of the codebook."""
    table = summed(KINDS)
    table["least"] = [judge()[1]] * len(SIZES)
    table["right"] = [judge()[2]] * len(SIZES)
    return table


def draw_accepted(table: style.Table, axes: style.Axes) -> None:
    """A line for each kind of codes with its range."""
    texts = ("codes of new digits", "prior in order", "each place alone", "uniform")
    for n, (kind, text) in enumerate(zip(KINDS, texts, strict=True)):
        key = kind.replace(" ", "_")
        axes.plot(
            table["codes"], table[f"{key}_mean"], "dos^"[n], color=style.SERIES[n], label=text,
            ls=("--", "-", "-.", ":")[n],
        )  # fmt: skip
        axes.fill_between(
            table["codes"], table[f"{key}_least"], table[f"{key}_most"],
            color=style.SERIES[n], alpha=0.15, lw=0,
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(SIZES, [str(n) for n in SIZES])
    axes.minorticks_off()
    axes.set_ylim(0, 1)
    axes.set_xlabel("codes, K")
    axes.set_ylabel("share accepted as a digit")
    axes.legend(loc="upper left", fontsize=10)


def squares(axes: style.Axes, images: Sequence[np.ndarray]) -> None:
    """Pictures of 8 x 8 tones side by side in ink: one path for each tone, neighbours of a row in one piece."""
    tones: dict[int, list[MarkPath]] = {}
    for n, image in enumerate(images):
        for row, line in enumerate(image.astype(int)):
            ends = [0, *(np.flatnonzero(np.diff(line)) + 1).tolist(), len(line)]
            for start, end in pairwise(ends):
                piece = Affine2D().scale(end - start, 1).translate(9 * n + start, row)
                unit = MarkPath.unit_rectangle().transformed(piece)
                tones.setdefault(int(line[start]), []).append(unit)
        axes.add_patch(Rectangle((9 * n, 0), 8, 8, fill=False, edgecolor=style.MUTED, lw=0.8))
    for tone, paths in tones.items():
        if tone:
            whole = MarkPath.make_compound_path(*paths)
            axes.add_patch(PathPatch(whole, facecolor=style.INK, alpha=tone / TONES, lw=0))


def kept(name: str, x: Tensor) -> style.Table:
    """Columns of pixels in tones from 0 to TONES, one for each picture of x (N, 4, 16)."""
    tones = (levels.join(x).clamp(0, 1) * TONES).round().flatten(1)
    return {f"{name}_{n + 1}": row.double().tolist() for n, row in enumerate(tones)}


def samples() -> style.Table:
    """Tones of new digits, the same restored, and samples of three priors: 16 codes, seed 0."""
    out: style.Table = {}
    for name, x in trained()[1].items():
        out.update(kept(name.replace(" ", "_"), x))
    return out


def draw_rows(table: style.Table, panels: list[style.Axes], names: dict[str, str]) -> None:
    """A row of pictures for each name."""
    for axes, (name, text) in zip(panels, names.items(), strict=True):
        squares(axes, [np.array(table[f"{name}_{n + 1}"]).reshape(8, 8) for n in range(SHOWN)])
        axes.set_xlim(-0.5, 9 * SHOWN)
        axes.set_ylim(8.5, -0.5)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title(text, loc="left", fontsize=11)


def draw_samples(table: style.Table, panels: list[style.Axes]) -> None:
    """New digits, restored, and three priors."""
    names = {
        "digits": "new digits", "restored": "restored from 4 codes of 16", "in_order": "prior in order",
        "each_alone": "each place alone", "uniform": "uniform",
    }  # fmt: skip
    draw_rows(table, panels, names)


LEVEL_STEPS = 200
COLOURS = (0, 1, 1, 0, 1)  # of the bars: upper code, or lower ones


@lru_cache
def two() -> tuple[style.Table, dict[str, Tensor]]:
    """What each level holds, by seed, and pictures of the seed 0."""
    x, new, y, wanted = data()
    judge()
    found: dict[str, list[float]] = {}
    shown: dict[str, Tensor] = {}
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        model = levels.TwoLevels()
        levels.fit_levels(model, x, LEVEL_STEPS, generator)
        with torch.no_grad():
            _, _, top, low, _ = model(x)
            rough, full, top_new, low_new, _ = model(new)
            order = torch.arange(len(new)).roll(1)
            _, mixed = model.pictures(model.top[top_new], model.codes[low_new[order]])
            named, after = (judge()[0](n).argmax(1) for n in (full, mixed))
            differ = named != named[order]
            quarters = [told(low[:, t], y, low_new[:, t], wanted) for t in range(4)]
            row = {
                "rough": (rough - new).square().mean(), "full": (full - new).square().mean(),
                "told": told(top, y, top_new, wanted), "quarter": np.mean(quarters), "best": max(quarters),
                "four": told_by_all(low, y, low_new, wanted),
                "follows top": (after == named)[differ].double().mean(),
                "follows quarters": (after == named[order])[differ].double().mean(),
            }  # fmt: skip
        for name, value in {**row, **unforced(seed)}.items():
            found.setdefault(name, []).append(float(value))
        if seed == 0:
            shown = {"digits": new, "rough": rough, "full": full, "mixed": mixed}
    return found, {name: made[:SHOWN] for name, made in shown.items()}


def told(k: Tensor, y: Tensor, new: Tensor, wanted: Tensor) -> float:
    """Share of new digits whose class is the commonest of their code among the training digits."""
    counts = torch.zeros(int(k.max()) + 1, 10).index_put((k, y), torch.tensor(1.0), accumulate=True)
    return float((counts.argmax(1)[new.clamp(max=len(counts) - 1)] == wanted).double().mean())


def told_by_all(k: Tensor, y: Tensor, new: Tensor, wanted: Tensor) -> float:
    """Share of new digits whose class a logistic regression on all lower codes names: k (N, 4), new (M, 4)."""
    one, two = (functional.one_hot(n, 8).flatten(1).numpy() for n in (k, new))
    return float(LogisticRegression(max_iter=1000).fit(one, y.numpy()).score(two, wanted.numpy()))


def unforced(seed: int) -> dict[str, float]:
    """Error and share told by the upper code without the loss of the rough picture."""
    x, new, y, wanted = data()
    torch.manual_seed(seed)
    model = levels.TwoLevels()
    generator = torch.Generator().manual_seed(seed)
    levels.fit_levels(model, x, LEVEL_STEPS, generator, weight=0.0)
    with torch.no_grad():
        top = model(x)[2]
        _, full, top_new, _, _ = model(new)
        error = float((full - new).square().mean())
    return {"unforced full": error, "unforced told": told(top, y, top_new, wanted)}


def held() -> style.Table:
    """What each level holds: a row for each seed, and tones of pictures below one another."""
    return two()[0]


def draw_held(table: style.Table, axes: style.Axes) -> None:
    """Bars: what tells the class, and whom a mixture follows."""
    names = {
        "told": "class told by the code above", "quarter": "by one quarter's code",
        "four": "by the codes of all four quarters",
        "follows top": "mixture: class of the code above", "follows quarters": "class of the quarters",
    }  # fmt: skip
    for n, (name, text) in enumerate(names.items()):
        values = np.array(table[name])
        axes.barh(
            -n,
            values.mean(),
            0.5,
            color=style.SERIES[COLOURS[n]],
            hatch=("", "//")[COLOURS[n]],
            edgecolor=style.INK,
        )
        axes.plot([values.min(), values.max()], [-n, -n], color=style.INK, lw=2)
        axes.text(0.01, -n + 0.32, text, fontsize=10, color=style.INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(-4.5, 0.75)
    axes.set_yticks([])
    axes.set_xlabel("share of new digits")


def mixed() -> style.Table:
    """Tones of new digits, of the code above alone, of both, and with quarters of the digit before: seed 0."""
    out: style.Table = {}
    for name, x in two()[1].items():
        out.update(kept(name, x))
    return out


def draw_mixed(table: style.Table, panels: list[style.Axes]) -> None:
    """Four rows."""
    names = {
        "digits": "new digits", "rough": "code above alone", "full": "with codes of quarters",
        "mixed": "with quarters of the digit to the left",
    }  # fmt: skip
    draw_rows(table, panels, names)


FIGURES = [
    style.Recipe(
        "models/vq-vae/rate", rate, draw_rate, size=(440, 320), tolerance=0.05, absolute=0.02
    ),
    style.Recipe("models/vq-vae/accepted", accepted, draw_accepted, size=(440, 320), absolute=0.05),
    style.Recipe(
        "models/vq-vae/samples", samples, draw_samples, size=(440, 420), grid=(5, 1), absolute=4.0
    ),
    style.Recipe("models/vq-vae/held", held, draw_held, size=(440, 300), absolute=0.1),
    style.Recipe(
        "models/vq-vae/mixed", mixed, draw_mixed, size=(440, 340), grid=(4, 1), absolute=4.0
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
