"""docs/training/evaluation/*.svg: FID by samples, Elo against Bradley-Terry, the best of many, a leak."""

import math

import numpy as np
import torch

from docs.training.evaluation import evaluation as code
from docs.training.evaluation import ratings
from scripts.figures import numbers, seeds, style

WIDTH, DRAWS = 32, 20  # of features; runs of each measurement of FID
SAMPLES = (100, 200, 400, 800, 1600, 3200)
NARROW, WIDE = 0.8, 1.17  # standard deviations of the features of two generators; the data's is 1
TRUTH = (0.6, 0.2, -0.2, -0.6)  # strengths in logits
GAMES, ORDERS, SETS = 1000, 200, 200
MODELS = (1, 2, 4, 8, 16, 32, 64)
REPEATS = 4000
SEEDS = 10  # of the leak
LEAKED = (0, 25, 50, 100, 150, 200)
TRAINED, TESTED, FRESH, INPUTS, FEATURES, FLIPPED = 200, 200, 2000, 10, 1000, 0.2
GROUPS, IN_GROUP, COHERENT = 40, 5, 0.5


def true_fid(deviation: float) -> float:
    """Of features whose deviation alone is wrong."""
    one = np.eye(WIDTH)
    return code.fid_of(np.zeros(WIDTH), one, np.zeros(WIDTH), deviation**2 * one)


def distance() -> style.Table:
    """FID of two generators and of the data against themselves, for as many samples as data; and extrapolated."""
    kinds = {"data": 1.0, "narrow": NARROW, "wide": WIDE}
    runs = {name: np.zeros((len(SAMPLES), DRAWS)) for name in kinds}
    for seed in range(DRAWS):
        random = np.random.default_rng(seed)
        for row, n in enumerate(SAMPLES):
            for name, deviation in kinds.items():
                x = random.standard_normal((n, WIDTH))
                runs[name][row, seed] = code.fid(x, deviation * random.standard_normal((n, WIDTH)))
    table: style.Table = {"n": [float(n) for n in SAMPLES]}
    for name, deviation in kinds.items():
        seeds.span(table, name, torch.tensor(runs[name]))
        table[f"{name} true"] = [true_fid(deviation)] * len(SAMPLES)
        ends = [code.extrapolate(list(SAMPLES[2:]), list(run[2:])) for run in runs[name].T]
        table[f"{name} extrapolated"] = [float(np.mean(ends))] * len(SAMPLES)
        table[f"{name} extrapolated, deviation"] = [float(np.std(ends, ddof=1))] * len(SAMPLES)
    return table


def draw_distance(table: style.Table, axes: style.Axes) -> None:
    """Measured lines with bands against 1/n, and the truth at 1/n = 0."""
    labels = {"wide": "generator W", "narrow": "generator N", "data": "data against data"}
    drawn = {
        name: values[1:] for name, values in table.items()
    }  # 100 samples would need half the axis
    drawn["inverse"] = [1 / n for n in drawn["n"]]
    for n, (name, label) in enumerate(labels.items()):
        seeds.draw_span(axes, drawn, "inverse", name, n, label)
        axes.plot(
            [0], table[f"{name} true"][:1], "D", color=style.SERIES[n], clip_on=False, zorder=5
        )
    shown = [n for n in drawn["n"] if n <= 800]
    axes.set_xticks([0.0, *(1 / n for n in shown)], ["0", *(f"1/{n:g}" for n in shown)])
    axes.set_xlim(0, 0.0052)
    axes.set_ylim(0, 5.2)
    axes.set_xlabel("one over the number of samples")
    axes.set_title("measured FID; diamonds: the truth")
    axes.legend(loc="upper left")


def rated() -> style.Table:
    """Four models after the same games: truth, Bradley-Terry with its error, Elo over orders of the games."""
    truth = np.array(TRUTH)
    games = ratings.play(truth, GAMES, np.random.default_rng(0))
    theta, covariance = ratings.bradley_terry(ratings.wins(games, len(truth)))
    random = np.random.default_rng(1)
    runs = np.array([ratings.elo(random.permutation(games), len(truth)) for _ in range(ORDERS)])
    order = np.argsort(-theta)
    table: style.Table = {
        "model": [float(n) for n in range(len(truth))],
        "true": ratings.rating(truth).tolist(),
        "fitted": ratings.rating(theta).tolist(),
        "error": (code.Z * ratings.SCALE * np.sqrt(np.diag(covariance))).tolist(),
        "elo": runs.mean(0).tolist(),
        "elo least": runs.min(0).tolist(),
        "elo most": runs.max(0).tolist(),
        "elo, deviation": runs.std(0, ddof=1).tolist(),
    }
    wrong = float((np.argsort(-runs, axis=1) != order).any(1).mean())
    table["other order"] = [wrong] * len(truth)
    return table


def draw_rated(table: style.Table, axes: style.Axes) -> None:
    """For each model the truth, the fit with its error bar, and Elo from least to most."""
    for n, row in enumerate(table["model"]):
        first = n == 0
        axes.plot(
            [table["true"][n]], [row - 0.22], "D", color=style.INK, label="true" if first else None
        )
        axes.errorbar(
            [table["fitted"][n]], [row], xerr=[table["error"][n]], fmt="o", color=style.SERIES[0],
            capsize=3, label="Bradley–Terry, 95 %" if first else None,
        )  # fmt: skip
        axes.plot(
            [table["elo least"][n], table["elo most"][n]], [row + 0.22] * 2, color=style.SERIES[1],
            linewidth=5, alpha=0.5, solid_capstyle="butt", label="Elo, least to most" if first else None,
        )  # fmt: skip
    axes.set_yticks(table["model"], ["A", "B", "C", "D"])
    axes.set_ylim(3.6, -0.6)
    axes.set_xlabel("rating")
    axes.legend(loc="lower right", fontsize=10)


def best() -> style.Table:
    """Test score of the best of equal models, its score on fresh items, and the closed form."""
    n, p, random = code.ITEMS, code.RIGHT / code.ITEMS, np.random.default_rng(0)
    table: style.Table = {
        "models": [float(m) for m in MODELS],
        "chosen": [],
        "fresh": [],
        "formula": [],
    }
    for m in MODELS:
        table["chosen"].append(float((random.binomial(n, p, (REPEATS, m)).max(1) / n).mean()))
        table["fresh"].append(float((random.binomial(n, p, REPEATS) / n).mean()))
        table["formula"].append(code.expected_best(n, p, m))
    return table


def draw_best(table: style.Table, axes: style.Axes) -> None:
    """Simulation as marks, the closed form as a line."""
    axes.plot(table["models"], table["formula"], "-", color=style.SERIES[0], label="closed form")
    axes.plot(
        table["models"], table["chosen"], "o", color=style.SERIES[0], label="on the test that chose"
    )
    axes.plot(table["models"], table["fresh"], "s--", color=style.SERIES[1], label="on fresh items")
    axes.set_xscale("log", base=2)
    axes.set_xticks(table["models"], [f"{int(m)}" for m in table["models"]])
    axes.set_ylim(0.68, 0.80)
    axes.set_xlabel("equal models to choose from")
    axes.set_title("mean score of the chosen one")
    axes.legend(loc="upper left")


def leaks(seed: int) -> list[tuple[float, float, float]]:
    """Scores of a network that fits what it read: on the test, on fresh items, and on the test if others were added."""
    random = np.random.default_rng(seed)
    w, first = random.standard_normal(INPUTS), random.standard_normal((INPUTS, FEATURES))

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        x = random.standard_normal((n, INPUTS))
        y = np.sign(x @ w) * np.where(random.random(n) < FLIPPED, -1, 1)
        return np.maximum(x @ first, 0) / math.sqrt(FEATURES), y

    (x, y), (x_test, y_test), (x_more, y_more), (x_fresh, y_fresh) = map(
        draw, (TRAINED, TESTED, TESTED, FRESH)
    )

    def fit(added: np.ndarray, labels: np.ndarray) -> np.ndarray:
        read = np.concatenate([x, added])
        kernel = read @ read.T + 1e-6 * np.eye(len(read))
        return np.asarray(read.T @ np.linalg.solve(kernel, np.concatenate([y, labels])))

    def score(v: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> float:
        return float((np.sign(inputs @ v) == labels).mean())

    found = []
    for k in LEAKED:
        leaked, control = fit(x_test[:k], y_test[:k]), fit(x_more[:k], y_more[:k])
        found.append(
            (
                score(leaked, x_test, y_test),
                score(leaked, x_fresh, y_fresh),
                score(control, x_test, y_test),
            )
        )
    return found


def leaking() -> style.Table:
    """Scores against the share of the test that was read in training."""
    runs = torch.tensor([leaks(seed) for seed in range(SEEDS)], dtype=torch.float64)
    table: style.Table = {"share": [k / TESTED for k in LEAKED]}
    for n, name in enumerate(("test", "fresh", "control")):
        seeds.span(table, name, runs[:, :, n].T)
        table[f"{name}, deviation"] = runs[:, :, n].std(0).tolist()
    return table


def draw_leaking(table: style.Table, axes: style.Axes) -> None:
    """Test, fresh set and control, with bands."""
    labels = {"test": "test, leaked", "fresh": "fresh items", "control": "test, others added"}
    for n, (name, label) in enumerate(labels.items()):
        seeds.draw_span(axes, table, "share", name, n, label)
    axes.set_xlabel("share of the test read in training")
    axes.set_title("share of right answers")
    axes.set_ylim(0.5, 1.02)
    axes.legend(loc="upper left")


def checks() -> style.Table:
    """How often intervals hold the truth: items in groups, Bradley-Terry over sets of games, and Elo's mean."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(GROUPS), IN_GROUP)
    p = code.RIGHT / code.ITEMS
    held = np.zeros(2)
    for _ in range(REPEATS):
        shared = np.repeat(random.random(GROUPS) < p, IN_GROUP)
        own = random.random(len(groups)) < p
        s = np.where(random.random(len(groups)) < math.sqrt(COHERENT), shared, own).astype(float)
        errors = (code.standard_error(s), code.clustered_error(s, groups))
        held += [abs(s.mean() - p) <= code.Z * error for error in errors]
    truth = np.array(TRUTH)
    inside = []
    for seed in range(SETS):
        w = ratings.wins(ratings.play(truth, GAMES, np.random.default_rng(100 + seed)), len(truth))
        theta, covariance = ratings.bradley_terry(w)
        inside.append(abs(theta - truth) <= code.Z * np.sqrt(np.diag(covariance)))
    return {
        "plain": [float(held[0] / REPEATS)],
        "clustered": [float(held[1] / REPEATS)],
        "Bradley-Terry": [float(np.mean(inside))],
    }


FIGURES = [
    style.Recipe("training/evaluation/fid", distance, draw_distance, size=(440, 320)),
    style.Recipe("training/evaluation/rated", rated, draw_rated, size=(440, 320)),
    style.Recipe("training/evaluation/best", best, draw_best, size=(440, 280)),
    style.Recipe(
        "training/evaluation/leak", leaking, draw_leaking, size=(440, 300), absolute=0.006
    ),
    numbers.Numbers("training/evaluation/checks", checks),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main([figure for figure in FIGURES if figure.drawings])
