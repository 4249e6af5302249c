"""docs/training/rlhf/language.svg: over-optimisation on a small language model, and what holds it back."""

import statistics
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from docs.training.rlhf import language
from scripts.figures import style

SEEDS = range(100, 108)  # none of them was looked at when the settings were chosen
PAIRS, ROUNDS = 1200, 2
HIGH, LOW = 0.3, 0.0
RUNS = ("high", "low", "iterated")


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
    seed: int, watches: dict[str, list[Watched]]
) -> tuple[dict[str, language.Network], Tensor, Callable[[Tensor], Tensor], torch.Generator]:
    """The fine-tuned model and the policies for two weights of the KL penalty; pairs and reward."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    models = {"reference": language.fine_tune(generator)}
    reference = models["reference"]
    pairs = language.compare((reference, reference), PAIRS, generator)
    reward = partial(language.score, language.fit_reward(reference, pairs, generator))
    for name, beta in (("high", HIGH), ("low", LOW)):
        watched = Watched(language.judge, reward)
        models[name] = language.reinforce(reference, reward, beta, generator, watch=watched)
        watches.setdefault(name, []).append(watched)
    return models, pairs, reward, generator


def run(seed: int) -> dict[str, list[float]]:
    """True reward, and what the reward model believes, by step, of three ways from one fine-tuned model."""
    watches: dict[str, list[Watched]] = {}
    models, _, _, generator = trained(seed, watches)
    found: dict[str, list[float]] = {}
    for name, (watched,) in watches.items():
        found[name] = [row[0] for row in watched.rows]
        start = watched.rows[0][1] - watched.rows[0][0]
        found[f"{name}, believed"] = [row[1] - start for row in watched.rows]
    watched = Watched(language.judge)
    language.iterate(models["reference"], ROUNDS, PAIRS // ROUNDS, LOW, generator, watched)
    found["iterated"] = [row[0] for row in watched.rows[-len(found["low"]) :]]
    return found


def numbers() -> style.Table:
    """Means over the seeds at each step, the lowest and the highest, and each seed by itself."""
    runs = [run(seed) for seed in SEEDS]
    table: style.Table = {"step": [float(i) for i in range(len(runs[0]["low"]))]}
    for name in (*RUNS, "high, believed", "low, believed"):
        columns = list(zip(*(found[name] for found in runs), strict=True))
        table[name] = [statistics.mean(column) for column in columns]
        table[f"{name}, least"] = [min(column) for column in columns]
        table[f"{name}, most"] = [max(column) for column in columns]
    for seed, found in zip(SEEDS, runs, strict=True):
        for name in RUNS:
            table[f"{name}, seed {seed}"] = found[name]
    return table


def draw(table: style.Table, axes: style.Axes) -> None:
    """True reward against the step, as means with bands from the lowest to the highest seed."""
    lines = (("high", "-", "o"), ("low", "--", "s"), ("iterated", "-.", "^"))
    labels = {
        "high": f"β = {HIGH}",
        "low": f"β = {LOW:g}",
        "iterated": f"β = {LOW:g}, iterated",
    }
    for color, (name, line, mark) in zip(style.SERIES, lines, strict=False):
        x = table["step"]
        axes.plot(x, table[name], line, marker=mark, markevery=12, color=color, label=labels[name])
        low, high = table[f"{name}, least"], table[f"{name}, most"]
        axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
    axes.plot(
        table["step"],
        table["low, believed"],
        ":",
        color=style.SERIES[1],
        label=f"β = {LOW:g}, believed",
    )
    axes.legend(loc="best")
    axes.set_xlabel("step of reinforcement learning")
    axes.set_title("True reward of the policy (nats)")


FIGURES = [
    style.Recipe("training/rlhf/language", numbers, draw, size=(480, 300), absolute=0.02),
]

if __name__ == "__main__":
    style.main(FIGURES)
