"""docs/models/flow/*.svg: the example on a line and in the plane, the thread between two blobs, too few steps."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from statistics import NormalDist

import torch
from torch import Tensor

from docs.models.flow import flow
from scripts.figures import style

SEEDS, STEPS, BATCH, WIDTH = 8, 300, 128, 16
TESTED = 5000  # samples of each network
SHOWN = 300  # samples in the picture
EULER = (1, 2, 4, 8, 16, 32)
REACH, LINES, DOTS = 2.0, 9, 33  # of the grid in the plane


@dataclass(frozen=True)
class Setting:
    """How a flow on blobs is built: layers, whether its base has two bumps, additional noise, blobs."""

    name: str
    layers: int
    bumps: bool = False
    extra: int = 0
    centres: tuple[float, ...] = flow.TWO


SETTINGS = (
    Setting("2 layers", 2),
    Setting("4 layers", 4),
    Setting("8 layers", 8),
    Setting("4 layers,\nmore noise", 4, extra=2),
    Setting("4 layers,\ntwo bumps", 4, bumps=True),
    Setting("two bumps,\nthree blobs", 4, bumps=True, centres=flow.THREE),
)
PLAIN, LONG, EXTRA, BUMPS = SETTINGS[1], SETTINGS[2], SETTINGS[3], SETTINGS[4]


def side_by_side(half: int, number: int) -> tuple[flow.Net, list[Tensor]]:
    """Networks of all seeds for one layer, as one function of (seeds, batch, half), and their parameters."""
    parts = []
    for seed in range(SEEDS):
        torch.manual_seed(100 * seed + number)
        parts.append(flow.Network(half, WIDTH))
    values, _ = torch.func.stack_module_state(parts)

    def one(mine: dict[str, Tensor], kept: Tensor) -> tuple[Tensor, Tensor]:
        made: tuple[Tensor, Tensor] = torch.func.functional_call(parts[0], mine, (kept,))
        return made

    return partial(torch.func.vmap(one), values), list(values.values())


Made = tuple[list[flow.Net], Callable[[Tensor], Tensor], Tensor]


@cache
def trained(setting: Setting) -> Made:
    """Layers and base of a setting, and the logarithm of the base's spread, for all seeds side by side."""
    draw = torch.Generator().manual_seed(0)
    layers = [side_by_side(1 + setting.extra // 2, k) for k in range(setting.layers)]
    nets, parameters = [net for net, _ in layers], [p for _, part in layers for p in part]
    spread = torch.zeros((), requires_grad=setting.bumps)
    base = partial(flow.two_bumps, log_spread=spread) if setting.bumps else flow.log_normal
    parameters += [spread] if setting.bumps else []
    flow.train(nets, parameters, lambda: data(setting, BATCH, draw), STEPS, base)
    return nets, base, spread.detach()


def data(setting: Setting, n: int, draw: torch.Generator) -> Tensor:
    """Points of the blobs for each seed, (seeds, n, 2), with additional noise behind them, if there is some."""
    x = flow.blobs(SEEDS * n, draw, setting.centres).view(SEEDS, n, 2)
    return torch.cat([x, torch.randn(SEEDS, n, setting.extra, generator=draw)], -1)


@cache
def sampled(setting: Setting) -> Tensor:
    """Samples of each seed, (seeds, tested, 2 + extra)."""
    nets, _, spread = trained(setting)
    draw = torch.Generator().manual_seed(1)
    z = torch.randn(SEEDS, TESTED, 2 + setting.extra, generator=draw)
    if setting.bumps:
        z = torch.exp(spread) * z
        z[..., 0] += 4 * torch.randint(2, (SEEDS, TESTED), generator=draw) - 2
    with torch.no_grad():
        return flow.generate(z, nets)[0]


def shares(setting: Setting) -> Tensor:
    """Share of samples between the blobs, for each seed."""
    return flow.between(sampled(setting)[..., :2], setting.centres).double().mean(-1)


def loss(setting: Setting) -> Tensor:
    """Mean of -log p on fresh data in nats, for each seed; with additional noise a bound, its entropy taken off."""
    nets, base, _ = trained(setting)
    with torch.no_grad():
        x = data(setting, TESTED, torch.Generator().manual_seed(2))
        return -flow.log_density(x, nets, base).mean(-1) - setting.extra * entropy_of_noise()


def entropy_of_noise() -> float:
    """Entropy of a standard normal number, nats."""
    return 0.5 * math.log(2 * math.pi * math.e)


def entropy_of_blobs() -> float:
    """Entropy of the two blobs, nats: on a grid for the first number, by its formula for the second."""
    x = torch.linspace(-6, 6, 4801, dtype=torch.float64)
    bells = [torch.exp(-(((x - c) / flow.SPREAD) ** 2) / 2) for c in flow.TWO]
    p = torch.stack(bells).sum(0)
    p = p / (2 * flow.SPREAD * math.sqrt(2 * math.pi))
    first = -float((p * p.clamp(min=1e-300).log()).sum()) * 12 / 4800
    return first + entropy_of_noise() + math.log(flow.SPREAD)


def kept(setting: Setting, share: float = 0.9) -> Tensor:
    """Share between the blobs of those samples that are left when the least dense tenth is dropped."""
    nets, base, _ = trained(setting)
    x = sampled(setting)
    with torch.no_grad():
        best = flow.log_density(x, nets, base).topk(int(share * TESTED), -1).indices
    left = flow.between(x, setting.centres).double().gather(-1, best)
    return left.mean(-1)


# The figures.


def example() -> style.Table:
    """Densities of z and x = 3 + 2 z, along one axis."""
    at = torch.linspace(-4, 10, 141, dtype=torch.float64)[:, None]
    a = torch.tensor(math.log(2), dtype=torch.float64)
    z = flow.log_normal(at).exp()
    x = (flow.log_normal((at - 3) / 2) - a).exp()
    return {"at": at[:, 0].tolist(), "z": z.tolist(), "x": x.tolist()}


def draw_example(table: style.Table, axes: style.Axes) -> None:
    """Two bells, and the same probability under both: a narrow tall strip and a wide low one."""
    for n, (name, low, high, label) in enumerate((("z", 0.5, 1.5, "z"), ("x", 4, 6, "x = 3 + 2z"))):
        axes.plot(table["at"], table[name], ("-", "--")[n], color=style.SERIES[n])
        inside = [k for k, at in enumerate(table["at"]) if low - 1e-9 <= at <= high + 1e-9]
        axes.fill_between(
            [table["at"][k] for k in inside],
            [table[name][k] for k in inside],
            color=style.SERIES[n],
            alpha=0.25,
            lw=0,
        )
        peak = max(range(len(table["at"])), key=lambda k: table[name][k])
        style.label_line(
            axes,
            table["at"][peak],
            table[name][peak],
            label,
            color=style.SERIES[n],
            dx=-4 if n == 0 else 10,
            dy=8,
            ha="right" if n == 0 else "left",
        )
    axes.plot([1, 5], [0.241971, 0.120985], "o", color=style.INK)
    style.label_line(axes, 1, 0.241971, "0.242", dx=7, dy=2)
    style.label_line(axes, 5, 0.120985, "0.121", dx=7, dy=2)
    axes.set_xlabel("value")
    axes.set_ylabel("density")
    axes.set_ylim(0, 0.46)


def layers() -> style.Table:
    """Grid lines of the noise, after the first layer and after the second, and the point of the example."""
    along = torch.linspace(-REACH, REACH, DOTS, dtype=torch.float64)
    across = torch.linspace(-REACH, REACH, LINES, dtype=torch.float64)
    upright = torch.cartesian_prod(across, along)
    z = torch.cat([upright, upright.flip(-1), torch.tensor([flow.POINT], dtype=torch.float64)])
    stages = [z, flow.generate(z, flow.EXAMPLE[:1])[0], flow.generate(z, flow.EXAMPLE)[0]]
    return {
        f"{name}{k}": stage[:, n].tolist()
        for k, stage in enumerate(stages)
        for n, name in enumerate(("first", "second"))
    }


def draw_layers(table: style.Table, panels: list[style.Axes]) -> None:
    """Three panels with the same scale."""
    titles = ("noise z", "after layer 1", "after layer 2: x")
    for k, axes in enumerate(panels):
        first, second = table[f"first{k}"], table[f"second{k}"]
        for line in range(2 * LINES):
            part = slice(line * DOTS, (line + 1) * DOTS)
            colour = style.SERIES[0] if line < LINES else style.SERIES[1]
            axes.plot(first[part], second[part], "-", color=colour, lw=1.2)
        axes.plot(first[-1:], second[-1:], "o", color=style.INK, markersize=7)
        axes.set_title(titles[k])
        axes.set_xlim(-3, 8)
        axes.set_ylim(-4.6, 12.6)
        axes.set_aspect("equal")
        axes.set_xlabel("first number")
    panels[0].set_ylabel("second number")


def thread() -> style.Table:
    """Samples of the first seed, with a Gaussian base and with two bumps."""
    table: style.Table = {}
    for k, setting in enumerate((PLAIN, BUMPS)):
        for n, name in enumerate(("first", "second")):
            table[f"{name}{k}"] = sampled(setting)[0, :SHOWN, n].tolist()
    return table


def draw_thread(table: style.Table, panels: list[style.Axes]) -> None:
    """Two panels of dots."""
    for k, axes in enumerate(panels):
        axes.axvspan(-1, 1, color=style.GRID, alpha=0.5, lw=0)
        axes.plot(table[f"first{k}"], table[f"second{k}"], ".", color=style.SERIES[k], markersize=4)
        axes.set_title(("one Gaussian", "two bumps")[k])
        axes.set_xlim(-4.5, 4.5)
        axes.set_ylim(-3, 3)
        axes.set_xlabel("first number")
    panels[0].set_ylabel("second number")


def share_of_blobs() -> float:
    """Share of the two blobs themselves that lies between them, more than 1 from both centres."""
    blob = NormalDist(flow.TWO[0], flow.SPREAD)
    return blob.cdf(flow.TWO[1] - 1) - blob.cdf(flow.TWO[0] + 1)


def share() -> style.Table:
    """Of each seed and setting: share between the blobs, loss, share without the least dense tenth."""
    table: style.Table = {"seed": [float(seed) for seed in range(SEEDS)]}
    for n, setting in enumerate(SETTINGS):
        table[f"setting{n}"] = shares(setting).tolist()
        table[f"loss{n}"] = loss(setting).tolist()
        if not setting.extra:  # with additional noise there is only a bound of the density
            table[f"kept{n}"] = kept(setting).tolist()
    return table


def draw_share(table: style.Table, axes: style.Axes) -> None:
    """A row of dots for each setting, a bar at the mean, and the share of the two blobs themselves."""
    for n in range(len(SETTINGS)):
        values = [100 * value for value in table[f"setting{n}"]]
        axes.plot(values, [n] * SEEDS, "o", color=style.SERIES[0], fillstyle="none")
        axes.plot([sum(values) / SEEDS], [n], "|", color=style.SERIES[1], markersize=20, mew=3)
    two = len(SETTINGS) - 1  # the last row has three blobs
    axes.plot([100 * share_of_blobs()] * 2, [-0.6, two - 0.5], "--", color=style.MUTED, lw=1)
    axes.set_yticks(range(len(SETTINGS)), [setting.name for setting in SETTINGS])
    axes.set_ylim(len(SETTINGS) - 0.4, -0.6)
    axes.set_xlim(0)
    axes.set_xlabel("samples between the blobs, %")


def euler() -> style.Table:
    """Integral of the density that the continuous example claims, by the number of steps."""
    table: style.Table = {"steps": [float(n) for n in EULER]}
    for name, middle in (("euler", False), ("midpoint", True)):
        table[name] = [claimed(n, middle) for n in EULER]
    return table


def claimed(steps: int, middle: bool) -> float:
    """Sum over the noise of the density claimed at x times the width that x takes there."""
    z = torch.linspace(-8, 8, 1601, dtype=torch.float64)[:, None]
    x, volume = flow.follow(flow.doubling, z, steps, middle=middle)
    density = (flow.log_normal(z) - volume).exp()
    return float(torch.trapezoid(density, x[:, 0]))


def draw_euler(table: style.Table, axes: style.Axes) -> None:
    """Both solvers, and the line at one."""
    for n, (name, label) in enumerate((("euler", "Euler"), ("midpoint", "midpoint"))):
        axes.plot(table["steps"], table[name], ("o-", "s--")[n], color=style.SERIES[n], label=label)
    axes.axhline(1, color=style.MUTED, lw=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(EULER, [str(n) for n in EULER])
    axes.minorticks_off()
    axes.set_ylim(0.8, 1.02)
    axes.set_xlabel("steps")
    axes.set_ylabel("integral of the density")
    axes.legend(loc="lower right")


FIGURES = [
    style.Recipe("models/flow/example", example, draw_example, (400, 240)),
    style.Recipe("models/flow/layers", layers, draw_layers, (560, 320), (1, 3)),
    style.Recipe(
        "models/flow/thread", thread, draw_thread, (480, 250), (1, 2), tolerance=0.02, absolute=0.05
    ),
    style.Recipe(
        "models/flow/share", share, draw_share, (440, 300), tolerance=0.03, absolute=0.003
    ),
    style.Recipe("models/flow/euler", euler, draw_euler, (400, 240)),
]

if __name__ == "__main__":
    style.main(FIGURES)
