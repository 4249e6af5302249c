"""docs/training/rlhf/language.svg: over-optimisation on a small language model, and what holds it back."""

import statistics
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from docs.training.rlhf import language
from scripts.figures import style

SEEDS = range(100, 106)  # none of them was looked at when the settings were chosen
PAIRS = 1000  # comparisons of a round
HIGH, LOW = 0.3, 0.0
RUNS = ("low", "high", "iterated")


class Watched:
    """The means of a reward over the answers of each step of reinforcement learning."""

    def __init__(self, *rewards: Callable[[Tensor], Tensor]) -> None:
        self.rewards = rewards
        self.rows: list[list[float]] = []

    def __call__(self, tokens: Tensor) -> None:
        """Keep the means over these answers."""
        with torch.no_grad():
            self.rows.append([float(reward(tokens).mean()) for reward in self.rewards])


def trained(
    seed: int, rounds: int = 2
) -> tuple[dict[str, language.Network], Tensor, Callable[[Tensor], Tensor], dict[str, Watched]]:
    """The fine-tuned model and what became of it; pairs and reward of the first round; each step.

    With the penalty there are some rounds; without it one, by the reward model of the first round.
    """
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    reference, watched = language.fine_tune(generator), Watched(language.judge)
    tuning = language.iterate(reference, PAIRS, HIGH, generator, watched)
    policy, model, pairs = next(tuning)
    models, reward = {"reference": reference, "high": policy}, partial(language.score, model)
    watches = {"high": watched, "low": Watched(language.judge, reward)}
    models["low"] = language.optimise(reference, reward, LOW, generator, watch=watches["low"])
    if rounds > 1:
        first = len(watched.rows)
        models["iterated"], _, _ = [next(tuning) for _ in range(rounds - 1)][-1]
        watches["iterated"] = Watched(language.judge)
        watches["iterated"].rows = watched.rows[-first:]
        del watched.rows[first:]
    return models, pairs, reward, watches


def run(seed: int) -> dict[str, list[float]]:
    """True reward by step of three ways from one fine-tuned model; what the reward model believes of one."""
    watches = trained(seed)[-1]
    found = {name: [row[0] for row in watched.rows] for name, watched in watches.items()}
    truth, believed = zip(*watches["low"].rows, strict=True)
    found["believed"] = [value - believed[0] + truth[0] for value in believed]
    return found


def numbers() -> style.Table:
    """Means over the seeds at each step, and each seed by itself."""
    runs = [run(seed) for seed in SEEDS]
    table: style.Table = {"step": [float(i) for i in range(len(runs[0]["low"]))]}
    for name in (*RUNS, "believed"):
        table[name] = [
            statistics.mean(at) for at in zip(*(found[name] for found in runs), strict=True)
        ]
    for seed, found in zip(SEEDS, runs, strict=True):
        for name in RUNS:
            table[f"{name}, seed {seed}"] = found[name]
    return table


def draw(table: style.Table, panels: list[style.Axes]) -> None:
    """True reward against the step: a panel for each way, a thin line for each seed, a thick one for the mean."""
    ways = (f"β = {LOW:g}", f"β = {HIGH}", f"β = {HIGH}, second round")
    columns = [column for name, column in table.items() if name != "step"]
    bottom, top = (end(map(end, columns)) for end in (min, max))
    for axes, color, name, way in zip(panels, style.SERIES, RUNS, ways, strict=False):
        for seed in SEEDS:
            axes.plot(table["step"], table[f"{name}, seed {seed}"], color=color, lw=0.8, alpha=0.6)
        axes.plot(table["step"], table[name], color=color, lw=3, label="true")
        if name == "low":
            axes.plot(table["step"], table["believed"], "--", color=style.INK, label="believed")
        axes.legend(loc="lower left", ncols=2)
        axes.set_ylim(bottom - 0.1, top + 0.1)
        axes.set_title(f"Reward with {way} (nats)")
    panels[-1].set_xlabel("step of reinforcement learning")


FIGURES = [
    style.Recipe(
        "training/rlhf/language", numbers, draw, size=(360, 620), grid=(3, 1), absolute=0.02
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
