"""docs/architectures/state-space/*.svg: a held signal, compressed histories, what selection buys, recall, bytes."""

from importlib import import_module

import torch

from scripts.figures import style

state_space = import_module("docs.architectures.state-space.state_space")
latest = import_module("docs.architectures.state-space.latest")

FINE = 20  # places of the curve in each second
NOISE = (0, 2, 4, 8, 16, 32)  # unmarked elements behind the last mark
LENGTH, SIZES = 200, (2, 6, 20)  # of the compressed signal; numbers of the state
KEYS, PAIRS, DRAWS = 16, (1, 2, 4, 8, 16, 32), 20  # width of a key; pairs stored; seeds
TOKENS = [2**n for n in range(18)]


def held() -> style.Table:
    """The input of the example, held for a second each, and the continuous state."""
    one = torch.ones(1).double()
    rate = state_space.RATE * one
    keep, take = state_space.hold(rate, -rate, one / FINE)
    x = torch.tensor(state_space.SIGNAL).double().repeat_interleave(FINE)
    states = state_space.steps(keep, take, one, x)
    time = [(n + 1) / FINE for n in range(len(x))]
    return {
        "time": [0.0, *time],
        "input": [x[0].item(), *x.tolist()],
        "state": [0.0, *states.tolist()],
    }


def draw_held(table: style.Table, axes: style.Axes) -> None:
    """The held input as steps, the state as a curve with a dot at each whole second."""
    axes.step(table["time"], table["input"], "--", color=style.SERIES[1], label="input, held")
    axes.plot(table["time"], table["state"], "-", color=style.SERIES[0], label="state, continuous")
    axes.plot(
        table["time"][FINE::FINE],
        table["state"][FINE::FINE],
        "o",
        color=style.SERIES[0],
        label="recurrence",
    )
    axes.set_xticks(range(5))
    axes.set_xlabel("seconds")
    axes.legend(loc="upper center")


def signal() -> torch.Tensor:
    """A smooth signal that is not a polynomial."""
    t = torch.arange(LENGTH).double() / LENGTH
    return torch.sin(9 * t) + 0.5 * torch.cos(23 * t)


def hippo() -> style.Table:
    """The signal, and what the coefficients of all its history give back."""
    f = signal()
    table = {"time": [(n + 0.5) / LENGTH for n in range(LENGTH)], "signal": f.tolist()}
    for n in SIZES:
        back = state_space.compress(f, n) @ state_space.legendre(n, LENGTH)
        table[f"{n} numbers"] = back.tolist()
    return {name: values[::4] for name, values in table.items()}


def draw_hippo(table: style.Table, axes: style.Axes) -> None:
    """The signal grey and thick, the others over it."""
    axes.plot(
        table["time"], table["signal"], color=style.MUTED, linewidth=4, alpha=0.5, label="signal"
    )
    for n, mark in zip(range(len(SIZES)), (":", "--", "-"), strict=True):
        name = f"{SIZES[n]} numbers"
        axes.plot(table["time"], table[name], mark, color=style.SERIES[n], label=name)
    axes.set_xlabel("time, from the first input to the last")
    axes.legend(loc="lower left", fontsize=9)


def selection() -> style.Table:
    """Mean, least and greatest error of four networks of each kind, by the noise after the last mark."""
    table: style.Table = {"noise": [float(n) for n in NOISE]}
    for kind in latest.KINDS:
        weights = latest.train(kind)
        found = [latest.errors(weights, kind, n) for n in NOISE]
        table[kind] = [e.mean().item() for e in found]
        table[f"{kind} least"] = [e.min().item() for e in found]
        table[f"{kind} greatest"] = [e.max().item() for e in found]
    return table


def draw_selection(table: style.Table, axes: style.Axes) -> None:
    """A line with its range for each kind; a thin line for always saying zero."""
    labels = ("fixed", "$B$, $C$ chosen", "step chosen", "all chosen")
    for n, (kind, mark) in enumerate(zip(latest.KINDS, ("o-", "s--", "^:", "D-"), strict=True)):
        colour = style.SERIES[n]
        axes.plot(table["noise"], table[kind], mark, label=labels[n], markersize=5, color=colour)
        axes.fill_between(
            table["noise"],
            table[f"{kind} least"],
            table[f"{kind} greatest"],
            alpha=0.15,
            color=colour,
        )
    axes.axhline(1 / 3, color=style.MUTED, linewidth=1)
    axes.set_yscale("log")
    axes.set_xticks(NOISE, [str(n) for n in NOISE])
    axes.set_yticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
    axes.minorticks_off()
    axes.set_xlabel("elements of noise after the last mark")
    axes.set_ylabel("mean squared error")
    axes.legend(loc="lower right", fontsize=9)


def stored(pairs: int, seed: int, beta: float | None) -> float:
    """Error of recall over the mean square of the values, after one pass over random pairs."""
    draw = torch.Generator().manual_seed(seed)
    k = torch.nn.functional.normalize(torch.randn(pairs, KEYS, generator=draw).double(), dim=1)
    v = torch.randn(pairs, KEYS, generator=draw).double()
    memory = torch.zeros(KEYS, KEYS).double()
    for key, value in zip(k, v, strict=True):
        memory = state_space.update(memory, key, value, beta=beta)
    away = k @ memory.T - v
    return float(away.square().mean() / v.square().mean())


def recall() -> style.Table:
    """Mean and standard deviation of the error over seeds, added and by the delta rule."""
    table: style.Table = {"pairs": [float(n) for n in PAIRS]}
    for name, beta in (("added", None), ("delta", 1.0)):
        found = torch.tensor([[stored(n, seed, beta) for seed in range(DRAWS)] for n in PAIRS])
        table[name] = found.mean(1).tolist()
        table[f"{name} deviation"] = found.std(1).tolist()
    table["theory"] = [(n - 1) / KEYS for n in PAIRS]
    return table


def draw_recall(table: style.Table, axes: style.Axes) -> None:
    """Both rules with their spread, and the formula for the first."""
    for n, (name, mark, label) in enumerate(
        (("added", "o-", "added"), ("delta", "s--", "delta rule"))
    ):
        axes.errorbar(
            table["pairs"],
            table[name],
            table[f"{name} deviation"],
            fmt=mark,
            color=style.SERIES[n],
            label=label,
            markersize=5,
        )
    axes.plot(table["pairs"], table["theory"], ":", color=style.MUTED, label="$(P-1)/K$")
    axes.set_xlabel("pairs stored")
    axes.set_ylabel("error over mean square")
    axes.legend(loc="upper left")


def memory() -> style.Table:
    """MiB of a state and of a cache by the length of the text."""
    mib = 2**20
    return {
        "tokens": [float(n) for n in TOKENS],
        "state": [state_space.state_bytes(64, 5120, 16) / mib for _ in TOKENS],
        "cache": [state_space.cache_bytes(32, 8, 128, n) / mib for n in TOKENS],
    }


def draw_memory(table: style.Table, axes: style.Axes) -> None:
    """A level line and a rising one on logarithmic axes."""
    axes.plot(
        table["tokens"],
        table["state"],
        "o-",
        color=style.SERIES[0],
        label="state, 64 layers",
        markersize=4,
    )
    axes.plot(
        table["tokens"],
        table["cache"],
        "s--",
        color=style.SERIES[1],
        label="KV cache, 32 layers",
        markersize=4,
    )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([1, 32, 1024, 32768], ["1", "32", "1,024", "32,768"])
    axes.set_yticks([0.1, 1, 10, 100, 1000, 10000], ["0.1", "1", "10", "100", "1,000", "10,000"])
    axes.minorticks_off()
    axes.set_xlabel("tokens")
    axes.set_ylabel("MiB")
    axes.legend(loc="upper left")


FIGURES = [
    style.Recipe("architectures/state-space/held", held, draw_held, (440, 270)),
    style.Recipe("architectures/state-space/hippo", hippo, draw_hippo, (440, 280)),
    style.Recipe("architectures/state-space/selection", selection, draw_selection, (440, 300)),
    style.Recipe("architectures/state-space/recall", recall, draw_recall, (440, 280)),
    style.Recipe("architectures/state-space/memory", memory, draw_memory, (440, 270)),
]

if __name__ == "__main__":
    style.main(FIGURES)
