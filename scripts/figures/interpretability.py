"""docs/training/interpretability/*.svg: planted features found, directions taken out, two lenses, one patched model."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from docs.models.gpt import bpe, gpt
from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.figures.seeds import MARKS, put
from scripts.weights import gpt as weights

net: Any = import_module("docs.training.interpretability.networks")
bits: Any = import_module("docs.training.interpretability.probes")

SEEDS, FEATURES, WIDTH, CHANCE, UNITS = 5, 32, 16, 0.05, 64
PRICES, KEPT, FEW = (0.03, 0.1, 0.2, 0.3, 0.5), (1, 2, 3, 4), (16, 32)
TAKEN = (0, 1, 2, 4, 8, 12, 16, 20)
NAMED = {"task": "the task", "first": "a bit of the task", "spare": "spare bit", "any": "at random"}
CHUNKS, HELD, CONTEXT = 200, 60, 64
LEARN = 400
SITES = ("embedding of the name", "attention's writing", "MLP's writing", "embedding of “likes”")


def found(units: int, price: float = 0.0, k: int = 0) -> Any:
    """What autoencoders with these settings find."""
    torch.set_num_threads(1)
    draws = net.Draws(SEEDS)
    codes = net.planted(draws, FEATURES, WIDTH)
    coder = net.train(codes, draws, units, CHANCE, price, k)
    return net.judge(coder, codes, draws, CHANCE)


def recorded(table: style.Table, name: str, result: Any) -> None:
    """Each number of a result under its name."""
    for field, values in result._asdict().items():
        put(table, f"{name}, {field}", values.tolist())


def features() -> style.Table:
    """A row for each price, and for each k, of what was found."""
    table: style.Table = {"price": [*PRICES], "k": [float(k) for k in KEPT]}
    for price in PRICES:
        recorded(table, "L1", found(UNITS, price))
    for k in KEPT:
        recorded(table, "TopK", found(UNITS, k=k))
    return {name: [*v, *[float("nan")] * (len(PRICES) - len(v))] for name, v in table.items()}


def draw_features(table: style.Table, axes: style.Axes) -> None:
    """What is lost against how many are on, with the share recovered beside each point."""
    for n, (name, label) in enumerate({"L1": "price (L1)", "TopK": "TopK"}.items()):
        on, lost = table[f"{name}, active"], table[f"{name}, lost"]
        axes.errorbar(
            on, lost, table[f"{name}, lost, deviation"], table[f"{name}, active, deviation"],
            fmt=MARKS[n], color=style.SERIES[n], label=label, elinewidth=0.8,
        )  # fmt: skip
        for x, y, share in zip(on, lost, table[f"{name}, recovered"], strict=True):
            if x == x:
                axes.annotate(
                    f"{100 * share:.0f} %", (x, y), fontsize=11, color=style.SERIES[n],
                    xytext=(6, 5) if n == 0 else (-7, -9), textcoords="offset points",
                    ha="left" if n == 0 else "right",
                )  # fmt: skip
    axes.axvline(FEATURES * CHANCE, color=style.MUTED, lw=1, ls=":")
    axes.annotate("planted: 1.6", (1.6, 0.335), fontsize=11, color=style.MUTED, xytext=(5, 0),
                  textcoords="offset points")  # fmt: skip
    axes.set_xlim(-1.5, 17.5)
    axes.set_xticks([0, 4, 8, 12, 16])
    axes.set_ylim(0, 0.36)
    axes.set_xlabel("units on, mean of states")
    axes.set_ylabel("share of the mean square lost")
    axes.legend(loc="upper right")


def sizes() -> style.Table:
    """The same with fewer units."""
    table: style.Table = {"units": [float(n) for n in FEW]}
    for units in FEW:
        recorded(table, "TopK", found(units, k=2))
    return table


@cache
def task() -> Any:
    """Networks that have learned the task, untrained ones, inputs to fit and to test probes, labels."""
    torch.set_num_threads(1)
    x, patterns = bits.data(SEEDS, 8)
    fresh_x, _ = bits.data(SEEDS, 8, 100)
    aims = bits.labels(patterns, SEEDS)
    start = bits.fresh(SEEDS)
    return bits.learn(start, x, aims["task"]), start, x, fresh_x, aims


def probes() -> style.Table:
    """Right answers of probes on input, first and second hidden state, trained and not."""
    trained, start, x, fresh_x, aims = task()
    table: style.Table = {"state": [0.0, 1.0, 2.0]}
    for name, layers in (("trained", trained), ("untrained", start)):
        seen, tested = bits.states(layers, x), bits.states(layers, fresh_x)
        for label, y in aims.items():
            for at in range(3):
                probe = bits.probe(seen[at], y)
                put(table, f"{name}, {label}", bits.right(probe, tested[at], y).tolist())
    return table


def directions(label: str) -> Tensor:
    """Directions of the last state one after another: each is the probe's after the others are gone."""
    trained, _, x, _, aims = task()
    state = bits.states(trained, x)[2]
    taken: list[Tensor] = []
    draws = [torch.Generator().manual_seed(4000 + seed) for seed in range(SEEDS)]
    for _ in range(max(TAKEN)):
        if label == "any":
            u = torch.stack([torch.randn(state.shape[-1], 1, generator=g) for g in draws])
        else:
            u = bits.probe(state, aims[label])[0]
        for before in taken:
            u = u - before @ (before.mT @ u)
        u = nn.functional.normalize(u, dim=1)
        taken.append(u)
        state = state - (state - state.mean(1, keepdim=True)) @ u @ u.mT
    return torch.cat(taken, -1)


def removed() -> style.Table:
    """Right answers of the network when directions are taken out, and of probes for the label afterwards."""
    trained, _, x, fresh_x, aims = task()
    table: style.Table = {"taken": [float(n) for n in TAKEN]}
    for label in NAMED:
        u = directions(label)
        for n in TAKEN:
            score = bits.without(trained, fresh_x, aims["task"], 2, u[..., :n])
            put(table, label, score.tolist())
            if label != "any":
                seen, tested = (
                    without_part(bits.states(trained, v)[2], u[..., :n]) for v in (x, fresh_x)
                )
                probe = bits.probe(seen, aims[label])
                put(table, f"{label}, readable", bits.right(probe, tested, aims[label]).tolist())
    return table


def without_part(state: Tensor, u: Tensor) -> Tensor:
    """States at their mean along the directions."""
    return state - (state - state.mean(1, keepdim=True)) @ u @ u.mT


def draw_removed(table: style.Table, axes: style.Axes) -> None:
    """A line for each kind of direction."""
    for n, (name, label) in enumerate(NAMED.items()):
        axes.errorbar(
            table["taken"], table[name], table[f"{name}, deviation"], fmt=MARKS[n],
            color=style.SERIES[n], label=label, elinewidth=0.8,
        )  # fmt: skip
    axes.axhline(0.5, color=style.MUTED, lw=1, ls=":")
    axes.set_xticks(TAKEN[::2], [str(n) for n in TAKEN[::2]])
    axes.set_xlabel("directions of 32 taken out")
    axes.set_ylabel("right answers of the network")
    axes.legend(loc="lower left")


def stream(model: nn.Module, tokens: Tensor) -> tuple[list[Tensor], Tensor]:
    """What goes into each block, what comes out of the last, and the logits."""
    kept: list[Tensor] = []
    places = [*model.blocks, model.ln_f]  # type: ignore[misc]
    hooks = [
        part.register_forward_pre_hook(lambda _, given: kept.append(given[0])) for part in places
    ]
    with torch.no_grad():
        logits = model(tokens)[0]
    for hook in hooks:
        hook.remove()
    return kept, logits


def lens() -> style.Table:
    """Loss and agreement with the final guess by block: the logit lens, and behind a learned linear map."""
    torch.set_num_threads(1)
    model, merges, _ = weights.load()
    sides = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    seen, held = (
        torch.tensor(bpe.encode(text, merges)[: n * CONTEXT]).view(n, CONTEXT)
        for text, n in zip(sides, (CHUNKS, HELD), strict=True)
    )
    fit, (states, final) = stream(model, seen)[0], stream(model, held)
    table: style.Table = {"block": [float(n) for n in range(len(states))]}
    for at, state in enumerate(states):
        ones = torch.ones(*fit[at].shape[:2], 1)
        given = torch.cat([fit[at], ones], -1).flatten(0, 1)
        linear = torch.linalg.lstsq(given, fit[-1].flatten(0, 1)).solution
        tuned = torch.cat([state, torch.ones(*state.shape[:2], 1)], -1) @ linear
        for name, x in (("logit lens", state), ("tuned lens", tuned)):
            with torch.no_grad():
                logits = model.ln_f(x) @ model.wte.T
            log_p = logits.log_softmax(-1)[:, :-1].gather(-1, held[:, 1:, None])
            table.setdefault(name, []).append(float(-log_p.mean()))
            same = (logits.argmax(-1) == final.argmax(-1)).float().mean()
            table.setdefault(f"{name}, same", []).append(float(same))
    return table


def draw_lens(table: style.Table, axes: style.Axes) -> None:
    """Two lines."""
    for n, name in enumerate(("logit lens", "tuned lens")):
        axes.plot(table["block"], table[name], MARKS[n], color=style.SERIES[n], label=name)
    axes.axhline(6.238, color=style.MUTED, lw=1, ls=":")
    axes.annotate("all 512 tokens alike", (3, 6.24), fontsize=11, color=style.MUTED, ha="right",
                  xytext=(0, 4), textcoords="offset points")  # fmt: skip
    axes.set_xticks([0, 1, 2, 3])
    axes.set_ylim(0, None)
    axes.set_xlabel("state after so many blocks")
    axes.set_ylabel("loss of the next token (nats)")
    axes.legend(loc="upper right")


def learned(seed: int) -> gpt.GPT:
    """The tiny model of the page on GPT, taught both sentences."""
    model, texts = (
        gpt.GPT(gpt.SHAPE, torch.Generator().manual_seed(seed)),
        torch.tensor(gpt.SENTENCES),
    )
    optimiser = torch.optim.Adam(model.parameters(), 0.01, betas=(0.9, 0.95))
    for _ in range(LEARN):
        optimiser.zero_grad()
        torch.autograd.backward(gpt.loss(model(texts)[0], texts))
        optimiser.step()
    return model


def between(model: gpt.GPT, tokens: Tensor) -> float:
    """Logit of tea less that of milk after the two words."""
    with torch.no_grad():
        logits = model(tokens)[0][0, -1]
    return float(logits[3] - logits[4])


def shares(model: gpt.GPT) -> list[float]:
    """Share of the gap between "Ann likes" and "Tom likes" that each site restores."""
    clean, other = torch.tensor([[0, 2]]), torch.tensor([[1, 2]])
    block = model.blocks[0]
    high, low = between(model, clean), between(model, other)

    def restored(part: nn.Module, place: int, before: bool) -> float:
        kept: list[Tensor] = []

        def keep(_: Any, given: Any, out: Any = None) -> None:
            kept.append((given[0] if before else out).clone())

        def put_in(_: Any, given: Any, out: Any = None) -> Any:
            x = (given[0] if before else out).clone()
            x[:, place] = kept[0][:, place]
            return (x, *given[1:]) if before else x

        for hook, tokens in ((keep, clean), (put_in, other)):
            add: Callable[..., Any] = (
                part.register_forward_pre_hook if before else part.register_forward_hook
            )
            handle = add(hook)
            result = between(model, tokens)
            handle.remove()
        return (result - low) / (high - low)

    return [
        restored(block, 0, True),
        restored(block.proj, 1, False),  # type: ignore[arg-type]
        restored(block.down, 1, False),  # type: ignore[arg-type]
        restored(block, 1, True),
    ]


def patched() -> style.Table:
    """A row for each site: weights by hand, and five learned models."""
    torch.set_num_threads(1)
    table: style.Table = {"site": [0.0, 1.0, 2.0, 3.0], "by hand": shares(gpt.by_hand())}
    for seed in range(SEEDS):
        table[f"seed {seed}"] = shares(learned(seed))
    return table


def draw_patched(table: style.Table, axes: style.Axes) -> None:
    """A row of dots for each site."""
    rows = [-v for v in table["site"]]
    for seed in range(SEEDS):
        axes.plot(
            table[f"seed {seed}"], [y - 0.12 * (seed - 2) for y in rows], "o",
            color=style.SERIES[0], label="learned, five seeds" if seed == 0 else None,
        )  # fmt: skip
    axes.plot(
        table["by hand"], [y + 0.36 for y in rows], "D", color=style.SERIES[1], fillstyle="none",
        label="weights by hand",
    )  # fmt: skip
    axes.set_yticks(rows, SITES)
    axes.set_ylim(-3.5, 0.6)
    axes.set_xlim(-0.15, 1.15)
    axes.set_xticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.set_xlabel("share of the gap restored")
    axes.legend(loc="lower right")


FIGURES = [
    style.Recipe(
        "training/interpretability/features", features, draw_features, (480, 360), tolerance=0.1
    ),
    Numbers("training/interpretability/sizes", sizes, tolerance=0.1),
    Numbers("training/interpretability/probes", probes, tolerance=0.1),
    style.Recipe(
        "training/interpretability/removed", removed, draw_removed, (460, 330), tolerance=0.1
    ),
    style.Recipe("training/interpretability/lens", lens, draw_lens, (440, 300), tolerance=0.02),
    style.Recipe(
        "training/interpretability/patched", patched, draw_patched, (520, 300), tolerance=0.1
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
