"""docs/training/quantisation/*.svg: grids, the site's GPT by bits a weight, outliers, and its cache."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from docs.models.gpt import bpe, gpt
from docs.training.quantisation import outliers
from docs.training.quantisation import quantisation as code
from scripts.figures import seeds, style
from scripts.weights import gpt as weights

Rule = Callable[[Tensor, Tensor, code.Format], Tensor]
LAYERS = ("qkv", "proj", "up", "down")
SPECIAL = ("int8", "E4M3", "NF4", "MXFP4", "NVFP4", "ternary")
BITS, GROUPS = (4, 3, 2), (64, 32, 16)
DRAWS, WINDOWS = 3, 64  # draws of calibration text, windows of 64 tokens in each
DRAWN = ("int4", "NF4", "MXFP4", "int3", "ternary")
FACTORS = (1.0, 10.0, 100.0, 1000.0)
CHANNELS = (5, 21, 42)  # that are made large, one at a time
CACHE = (8, 4, 3, 2)
CURES = {
    "inputs": {
        "plain": "as it is",
        "smoothed": "smoothed",
        "rotated": "rotated",
        "parted": "outlier apart",
    },
    "weights": {
        "matrix": "scale of the matrix",
        "row": "of a row",
        "group": "of 16 in a row",
        "column": "of a column",
        "rotated": "of a row, rotated",
    },
}
READ = 40_000  # characters of the training text that are turned into tokens


@cache
def kept() -> Tensor:
    """Tokens of the beginning of the training text."""
    text, _ = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    return torch.tensor(bpe.encode(text[:READ], weights.load()[1]))


@cache
def held() -> tuple[Tensor, int]:
    """Tokens of the held-out text, and its characters."""
    _, text = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    return torch.tensor(bpe.encode(text, weights.load()[1])), len(text)


def trained() -> gpt.GPT:
    """The committed model in single precision."""
    return weights.load()[0].float().eval()


def blocks(model: gpt.GPT) -> list[Any]:
    """Its layers."""
    return list(model.blocks)


def matrices(model: gpt.GPT) -> list[nn.Linear]:
    """The matrices of all blocks, those that are rounded here."""
    return [block.get_submodule(name) for block in blocks(model) for name in LAYERS]


@torch.no_grad()
def cost(model: gpt.GPT) -> Tensor:
    """Bits of each piece of 32 held-out tokens, read as on the page of the GPT: (pieces,)."""
    tokens, half = held()[0], model.config.context // 2
    count = (len(tokens) - 1) // half
    first = tokens[: half + 1][None]
    rest = torch.stack([tokens[half * i : half * i + 2 * half + 1] for i in range(count - 1)])
    last = tokens[half * (count - 1) :][None]
    pieces = []
    for window, skip in ((first, 0), (rest, half), (last, half)):
        log_p = model(window[:, :-1])[0].log_softmax(-1)
        bits = -log_p.gather(-1, window[:, 1:, None])[..., 0] / math.log(2)
        pieces.append(bits[:, skip:].sum(1))
    return torch.cat(pieces)


def against(model: gpt.GPT, base: Tensor) -> tuple[float, float]:
    """Bits a character more than the base, and the standard error of that over the pieces."""
    more = cost(model) - base
    return float(more.sum()) / held()[1], float(more.std() * len(more) ** 0.5) / held()[1]


def windows(seed: int) -> Tensor:
    """Windows of the training text that begin anywhere: (WINDOWS, 64)."""
    generator, tokens = torch.Generator().manual_seed(seed), kept()
    begin = torch.randint(len(tokens) - 64, (WINDOWS, 1), generator=generator)
    return tokens[begin + torch.arange(64)]


def calibrated(seed: int) -> list[Tensor]:
    """H of each matrix: mean of x xᵀ over windows of the training text."""
    model, found = trained(), []
    for layer in matrices(model):

        def keep(_: nn.Module, x: tuple[Tensor]) -> None:
            flat = x[0].flatten(0, -2).double()
            found.append(flat.T @ flat / len(flat))

        layer.register_forward_pre_hook(keep)
    with torch.no_grad():
        model(windows(seed))
    return found


def nearest(w: Tensor, h: Tensor, kind: code.Format) -> Tensor:
    """Rounded to nearest: no calibration."""
    return code.quantise(w, kind)


def scaled(w: Tensor, h: Tensor, kind: code.Format) -> Tensor:
    """AWQ, without its exponent."""
    return code.awq(w, h, kind)[0]


def measured(rule: Rule, kind: code.Format, squares: list[list[Tensor]]) -> tuple[float, ...]:
    """Mean of the bits above the base over calibrations, standard error of the first, least and most."""
    found = []
    for h in squares:
        model = trained()
        for n, layer in enumerate(matrices(model)):
            layer.weight.data = rule(layer.weight.data.double(), h[n], kind).float()
        found.append(against(model, cost(trained())))
    more = [value for value, _ in found]
    return sum(more) / len(more), found[0][1], min(more), max(more)


def loss() -> style.Table:
    """Bits a character above those of the model as it is: formats, groups, GPTQ and AWQ."""
    squares = [calibrated(seed) for seed in range(DRAWS)]
    rows: list[tuple[float, ...]] = []
    for n, name in enumerate(SPECIAL):
        kind = code.FORMATS[name]
        rows.append(
            (float(n), kind.bits_a_weight(), kind.group, *measured(nearest, kind, squares[:1]))
        )
    for bits in BITS:
        for group in GROUPS:
            kind = code.Format(code.integers(bits), bits, group, 16)
            head = (kind.bits_a_weight(), group)
            draws = squares if group == GROUPS[0] else squares[:1]
            rows.append((10, *head, *measured(nearest, kind, squares[:1])))
            rows.append((11, *head, *measured(code.gptq, kind, draws)))
            if group == GROUPS[0]:  # AWQ in the widest groups alone
                rows.append((12, *head, *measured(scaled, kind, draws)))
    names = ("method", "bits", "group", "more", "error", "least", "most")
    return {name: [float(row[i]) for row in rows] for i, name in enumerate(names)}


def draw_loss(table: style.Table, axes: style.Axes) -> None:
    """Nearest and GPTQ as lines over the groups of each width; the special formats as marks with names."""
    rows = list(zip(*(table[name] for name in ("method", "bits", "more")), strict=True))
    for n, (method, label) in enumerate(((10, "nearest"), (11, "GPTQ"))):
        for bits in BITS:
            points = [(b, m) for which, b, m in rows if which == method and bits < b <= bits + 1]
            axes.plot(
                *zip(*points, strict=True),
                ("o-", "s--")[n],
                color=style.SERIES[n],
                label=label if bits == BITS[0] else None,
            )
    at: dict[str, tuple[float, float]] = {
        "int8": (-28, 2),
        "E4M3": (-36, -8),
        "NF4": (-30, 0),
        "MXFP4": (-48, -12),
        "NVFP4": (-10, -16),
        "ternary": (-16, -18),
    }
    for n, name in enumerate(SPECIAL):
        x, more = table["bits"][n], table["more"][n]
        axes.plot([x], [more], "D", color=style.SERIES[2])
        style.label_line(axes, x, more, name, dx=at[name][0], dy=at[name][1])
    axes.set_yscale("log")
    axes.set_xlim(1.2, 9)
    axes.set_ylim(1e-4, 3)
    axes.set_xlabel("bits a weight, scales included")
    axes.set_title("bits a character above the model as it is")
    axes.legend(loc="upper right")


def grids() -> style.Table:
    """The values of the formats of few bits, over the largest of each."""
    found = [(n, v) for n, name in enumerate(DRAWN) for v in shown(name).tolist()]
    return {"format": [float(n) for n, _ in found], "value": [v for _, v in found]}


def shown(name: str) -> Tensor:
    """The grid of a format, over its largest value."""
    grid = code.FORMATS[name].grid
    return grid / grid[-1]


def draw_grids(table: style.Table, axes: style.Axes) -> None:
    """A row of ticks for each format."""
    for n, value in zip(table["format"], table["value"], strict=True):
        axes.plot([value, value], [n - 0.28, n + 0.28], color=style.SERIES[int(n)])
    axes.set_yticks(range(len(DRAWN)), ["E2M1" if name == "MXFP4" else name for name in DRAWN])
    axes.set_ylim(len(DRAWN) - 0.4, -0.6)
    axes.set_xlabel("value over the largest of the format")


def spread() -> style.Table:
    """Errors of a layer against the factor of its outlier, for each cure."""
    table: style.Table = {"factor": list(FACTORS)}
    for kind, measure in (("inputs", outliers.inputs), ("weights", outliers.weights)):
        runs = [measure(factor) for factor in FACTORS]
        for name in runs[0]:
            seeds.span(table, f"{kind} {name}", torch.tensor([run[name] for run in runs]))
    return table


def draw_spread(table: style.Table, panels: list[style.Axes]) -> None:
    """Inputs above, weights below."""
    kinds = (("inputs", "inputs and weights, 8 bits"), ("weights", "weights alone, 4 bits"))
    for axes, (kind, title) in zip(panels, kinds, strict=True):
        for n, (name, label) in enumerate(CURES[kind].items()):
            seeds.draw_span(axes, table, "factor", f"{kind} {name}", n, label)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(title)
        axes.set_ylabel("relative error")
        axes.legend(loc="upper left", fontsize=9)
    panels[0].set_ylim(0.006, 9)
    panels[1].set_ylim(0.06, 9)
    panels[1].set_xlabel("one feature larger by this factor")


def spoilt(channel: int) -> gpt.GPT:
    """The same function with one feature behind each norm 100 times as large, its weights as much smaller."""
    model = trained()
    for block in blocks(model):
        for norm, layer in ((block.ln_1, block.qkv), (block.ln_2, block.up)):
            norm.weight.data[channel] *= outliers.FACTOR
            norm.bias.data[channel] *= outliers.FACTOR
            layer.weight.data[:, channel] /= outliers.FACTOR
    return model


def served(model: gpt.GPT, cure: str) -> gpt.GPT:
    """Inputs and weights of all matrices in 8 bits; smoothed by the largest inputs on 64 windows of training text."""
    layers = matrices(model)
    largest: list[Tensor] = []
    if cure == "smoothed":

        def keep(_: nn.Module, x: tuple[Tensor]) -> None:
            largest.append(x[0].flatten(0, -2).abs().amax(0))

        hooks = [layer.register_forward_pre_hook(keep) for layer in layers]
        with torch.no_grad():
            model(windows(0))
        for hook in hooks:
            hook.remove()
    for n, layer in enumerate(layers):
        turn = torch.eye(layer.in_features)
        if cure == "rotated":
            turn = outliers.rotation(len(turn), torch.Generator().manual_seed(0)).float()
        w = layer.weight.detach()
        s = (largest[n] / w.abs().amax(0)).sqrt() if largest else torch.ones(len(turn))

        def change(_: nn.Module, x: tuple[Tensor], s: Tensor = s, turn: Tensor = turn) -> Tensor:
            return outliers.rounded((x[0] / s) @ turn, 8)

        layer.register_forward_pre_hook(change)
        layer.weight.data = outliers.rounded((w * s) @ turn, 8)
    return model


def cured() -> style.Table:
    """Bits a character above the model as it is, with 8 bits everywhere: without outlier, and with one, by cure."""
    base = cost(trained())
    table: style.Table = {"kind": [0.0, 1.0, 2.0, 3.0]}
    clean = against(served(trained(), "plain"), base)[0]
    rows = [[clean] * len(CHANNELS)]
    rows += [
        [against(served(spoilt(channel), cure), base)[0] for channel in CHANNELS]
        for cure in ("plain", "rotated", "smoothed")
    ]
    seeds.span(table, "more", torch.tensor(rows))
    return table


def draw_cured(table: style.Table, axes: style.Axes) -> None:
    """Marks with ranges on a logarithmic axis."""
    names = ("no outlier", "outlier", "outlier, rotated", "outlier, smoothed")
    for n, mean in enumerate(table["more_mean"]):
        axes.plot([table["more_least"][n], table["more_most"][n]], [n, n], color=style.SERIES[0])
        axes.plot([mean], [n], "o", color=style.SERIES[0])
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("bits a character above the model as it is")


def stored(x: Tensor, bits: int, along: int) -> Tensor:
    """Rounded with scale and zero-point for each 16 numbers of a head (along -1) or of 16 tokens (along 1)."""
    parts = []
    for part in torch.split(x, 16, along):
        q, scale, zero = code.affine(part.transpose(along, -1), bits)
        parts.append(((q - zero) * scale).transpose(along, -1))
    return torch.cat(parts, along)


def cached(bits: int, keys: int, what: str = "kv") -> gpt.GPT:
    """The model with keys and values rounded before they are used; keys along channels (-1) or tokens (1)."""
    model = trained()

    def change(layer: nn.Module, _: object, out: Tensor) -> Tensor:
        q, k, v = out.reshape(*out.shape[:2], 3, model.config.heads, -1).unbind(2)
        k = stored(k, bits, keys) if "k" in what else k
        v = stored(v, bits, -1) if "v" in what else v
        return torch.stack([q, k, v], 2).flatten(2)

    for block in blocks(model):
        block.qkv.register_forward_hook(change)
    return model


def cache_loss() -> style.Table:
    """Bits a character above the model as it is by the bits of a number in the cache."""
    base, table = cost(trained()), {"bits": [float(bits) for bits in CACHE]}
    for name, keys, what in (
        ("token", -1, "kv"),
        ("channel", 1, "kv"),
        ("keys", -1, "k"),
        ("values", -1, "v"),
    ):
        found = [against(cached(bits, keys, what), base) for bits in CACHE]
        table[name] = [more for more, _ in found]
        table[f"{name} error"] = [error for _, error in found]
    return table


def draw_cache(table: style.Table, axes: style.Axes) -> None:
    """Lines with bars of the standard error."""
    names = {
        "token": "keys and values, by token",
        "channel": "keys by channel, values by token",
        "keys": "keys alone, by token",
        "values": "values alone",
    }
    for n, (name, label) in enumerate(names.items()):
        axes.errorbar(
            table["bits"],
            table[name],
            table[f"{name} error"],
            fmt=seeds.MARKS[n],
            color=style.SERIES[n],
            capsize=3,
            label=label,
        )
    axes.set_yscale("symlog", linthresh=0.001)
    axes.set_xticks(table["bits"])
    axes.set_xlabel("bits of a number, without scales")
    axes.set_title("bits a character above the model as it is")
    axes.legend(loc="upper right", fontsize=10)


FIGURES = [
    style.Recipe("training/quantisation/grids", grids, draw_grids, size=(440, 230)),
    style.Recipe("training/quantisation/loss", loss, draw_loss, size=(440, 340), tolerance=0.05, absolute=5e-4),
    style.Recipe("training/quantisation/outliers", spread, draw_spread, size=(440, 560), grid=(2, 1)),
    style.Recipe("training/quantisation/cured", cured, draw_cured, size=(440, 190), tolerance=0.05, absolute=5e-4),
    style.Recipe("training/quantisation/cache", cache_loss, draw_cache, size=(440, 300), tolerance=0.05, absolute=5e-4),
]  # fmt: skip

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
