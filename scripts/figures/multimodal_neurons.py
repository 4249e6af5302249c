"""docs/models/multimodal-neurons/*.svg: the example's units, naming, removal of units, score against effect."""

from functools import cache
from importlib import import_module
from typing import Any

import torch
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from scripts.figures import seeds, style

mm: Any = import_module("docs.models.multimodal-neurons.multimodal_neurons")

SEEDS, FEW = range(5), range(3)
WIDTH, UNITS, LAYERS = 32, 64, 2
TRAINING, TEXT_STEPS, MAP_STEPS, BATCH, NOISE = 1200, 300, 250, 64, 0.5
FORMS = 3  # ways to write a digit: words 0 to 9 are the names, 10 to 29 the other two forms
NAME, PARITY, SIZE = 30, 31, 32  # the questions
ODD, SMALL = 33, 35  # followed by even and large
NAMES = range(10)
COUNTS = (1, 2, 4, 8, 16, 32)
DRAWS = 3  # of matched units


@cache
def sentences() -> Tensor:
    """Every sentence of three words: a form of a digit, a question, its answer, (90, 3)."""
    found = []
    for digit in range(10):
        for form in range(FORMS):
            word = 10 * form + digit
            found += [(word, NAME, digit), (word, PARITY, parity(digit)), (word, SIZE, size(digit))]
    return torch.tensor(found)


def parity(digit: int) -> int:
    """The word odd or even."""
    return ODD + (digit % 2 == 0)


def size(digit: int) -> int:
    """The word small or large."""
    return SMALL + (digit >= 5)


@cache
def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pictures and digits for training, and for tests."""
    found = load_digits()
    x, y = torch.tensor(found.data / 16).float(), torch.tensor(found.target)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    first, rest = order[:TRAINING], order[TRAINING:]
    return x[first], y[first], x[rest], y[rest]


@cache
@torch.enable_grad()
def trained(
    seed: int, noise: float = NOISE, steps: int = TEXT_STEPS
) -> tuple[Any, nn.Linear, float]:
    """A text network, frozen, a map of pictures into it, and the last loss of the text."""
    torch.set_num_threads(1)  # the networks are small: more threads only wait for one another
    generator = torch.Generator().manual_seed(seed)
    x, y, *_ = data()

    def draw() -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(y), (BATCH,), generator=generator)
        return x[rows], y[rows]

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = mm.Text(SMALL + 2, 2, WIDTH, UNITS, LAYERS)
        loss = mm.learn_text(model, sentences(), steps, noise, generator)
        project = mm.learn_map(model, draw, NAME, x.shape[1], MAP_STEPS)
    return model, project, loss


@torch.no_grad()
def answers(seed: int, noise: float = NOISE, steps: int = TEXT_STEPS) -> dict[str, float]:
    """Right answers to three questions on test pictures, and on texts; nearest words; losses on texts."""
    model, project, loss = trained(seed, noise, steps)
    *_, x, y = data()
    rows = project(x)
    words = model.table[:NAME]
    near = (nn.functional.normalize(rows, dim=1) @ nn.functional.normalize(words, dim=1).T).argmax(
        1
    )
    whole = sentences()
    ask = {
        "name": (NAME, y),
        "parity": (PARITY, ODD + (y % 2 == 0)),
        "size": (SIZE, SMALL + (y >= 5)),
    }
    found = {k: mm.right(model, mm.prompt(model, rows, q), w.long()) for k, (q, w) in ask.items()}
    found["text"] = mm.right(model, model.table[whole[:, :2]], whole[:, 2])
    found["near"] = float((near % 10 == y).double().mean())
    logits, _ = model.read(model.table[whole[:, :2]])
    clean = float(nn.functional.cross_entropy(logits[:, -1], whole[:, 2]))
    return {**found, "loss": loss, "clean": clean}


KINDS = {
    "noise": (SEEDS, NOISE, TEXT_STEPS),
    "no noise": (FEW, 0.0, TEXT_STEPS),
    "untrained": (FEW, 0.0, 0),
}


def naming() -> style.Table:
    """Right answers by kind of text network; a linear classifier on the same pictures."""
    table: style.Table = {"kind": [0.0, 1.0, 2.0]}
    for chosen, noise, steps in KINDS.values():
        found = [answers(s, noise, steps) for s in chosen]
        for name in found[0]:
            seeds.put(table, name, [one[name] for one in found])
    x, y, x_test, y_test = (part.numpy() for part in data())
    linear = LogisticRegression(max_iter=200).fit(x, y)
    table["linear"] = [float(linear.score(x_test, y_test))] * 3
    return table


def draw_naming(table: style.Table, axes: style.Axes) -> None:
    """A group for each network."""
    marks = (("name", "o", "name"), ("parity", "s", "parity"), ("size", "^", "size"))
    names = ["trained, noise", "trained, no noise", "untrained"]
    seeds.marks_in_rows(axes, table, "kind", names, marks, 0.18)
    axes.axvline(table["linear"][0], ls="--", color=style.MUTED)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("right answers on test pictures")
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3)


def rows_of(seed: int, digit: int, test: bool, other: bool = False) -> tuple[Any, Tensor, Tensor]:
    """The network, the prompts of pictures of a digit (or of all others), and their names."""
    model, project, _ = trained(seed)
    x, y = data()[2:] if test else data()[:2]
    chosen = (y != digit) if other else (y == digit)
    return model, mm.prompt(model, project(x[chosen]), NAME), y[chosen]


@cache
def scored(seed: int, digit: int) -> tuple[Tensor, Tensor]:
    """Scores and activations of all units for pictures of a digit, (L F,) each."""
    model, rows, _ = rows_of(seed, digit, test=False)
    score, activation = mm.scores(model, rows, digit, NAMES)
    return score.flatten(), activation.flatten()


@cache
def rest(seed: int) -> Tensor:
    """Mean activation of each unit at a position, over all training pictures, (L, F)."""
    model, project, _ = trained(seed)
    with torch.no_grad():
        _, h = model.read(mm.prompt(model, project(data()[0]), NAME))
    return torch.stack([a.mean((0, 1)) for a in h])


def removed(seed: int, digit: int, count: int) -> dict[str, float]:
    """Right names after some units are removed: by score, by firing, at random; of others; without any unit."""
    score, activation = scored(seed, digit)
    model, rows, y = rows_of(seed, digit, test=True)
    _, others, y_others = rows_of(seed, digit, test=True, other=True)
    shape = torch.Size((LAYERS, UNITS))
    top = score.argsort(descending=True)[:count]
    keep = mm.without(top, shape)
    generator = torch.Generator().manual_seed(100 * seed + digit)
    matched = [mm.without(mm.matched(top, activation, generator), shape) for _ in range(DRAWS)]
    firing = mm.without(activation.argsort(descending=True)[:count], shape)
    mean = rest(seed)
    return {
        "score": mm.right(model, rows, y, keep),
        "matched": sum(mm.right(model, rows, y, one) for one in matched) / DRAWS,
        "firing": mm.right(model, rows, y, firing),
        "others": mm.right(model, others, y_others, keep),
        "mean": mm.right(model, rows, y, keep, mean),
        "others, mean": mm.right(model, others, y_others, keep, mean),
        "none": mm.right(model, rows, y, torch.zeros(shape)),
    }


def removal() -> style.Table:
    """Right names by number of units removed, mean of ten digits; mean and deviation of the seeds."""
    table: style.Table = {"count": [0.0, *map(float, COUNTS)]}
    for count in (0, *COUNTS):
        found = [[removed(s, digit, count) for digit in NAMES] for s in SEEDS]
        for name in found[0][0]:
            seeds.put(table, name, [sum(one[name] for one in digits) / 10 for digits in found])
    return table


@torch.no_grad()
def effects(seed: int, digit: int) -> Tensor:
    """How far the margin of the name falls if one unit alone is removed, for all units, (L F,)."""
    model, rows, _ = rows_of(seed, digit, test=False)
    units, each = LAYERS * UNITS, len(rows)
    keep = (
        (1 - torch.eye(units)).view(units, LAYERS, UNITS).repeat_interleave(each, 0)
    )  # (K B, L, F)
    logits, _ = model.read(rows.repeat(units, 1, 1), keep.transpose(0, 1)[:, :, None])
    whole = mm.margin(model.read(rows)[0], digit, NAMES).mean()
    fall: Tensor = whole - mm.margin(logits, digit, NAMES).view(units, each).mean(1)
    return fall


@torch.no_grad()
def firing(seed: int) -> Tensor:
    """Activation of every unit for every training picture, (N, L F)."""
    model, project, _ = trained(seed)
    _, h = model.read(mm.prompt(model, project(data()[0]), NAME))
    return torch.cat([a.sum(1) for a in h], 1)


def selectivity(seed: int, digit: int) -> Tensor:
    """How often a unit fires more for a picture of the digit than for another, ties half, (L F,)."""
    a, own = firing(seed), data()[1] == digit
    ranks = torch.from_numpy(stats.rankdata(a.numpy(), axis=0))[own].sum(0)
    n, m = int(own.sum()), int((~own).sum())
    return (ranks - n * (n + 1) / 2) / (n * m)


def units() -> style.Table:
    """Each unit of the first network for pictures of an eight."""
    score, activation = scored(0, 8)
    return {
        "selectivity": selectivity(0, 8).tolist(),
        "fires": activation.tolist(),
        "score": score.tolist(),
        "effect": effects(0, 8).tolist(),
    }


def draw_units(table: style.Table, axes: style.Axes) -> None:
    """Effect against selectivity; the eight units of the highest score are filled."""
    best = sorted(table["score"])[-8]
    for top, mark, label in ((False, "o", "other units"), (True, "s", "eight best scores")):
        rows = [k for k, score in enumerate(table["score"]) if (score >= best) == top]
        axes.plot(
            [table["selectivity"][k] for k in rows],
            [table["effect"][k] for k in rows],
            mark,
            color=style.SERIES[int(top)],
            markerfacecolor=style.SERIES[1] if top else "none",
            markersize=5,
            label=label,
        )
    axes.axhline(0, ls=":", color=style.MUTED)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("selectivity for pictures of 8")
    axes.set_ylabel("fall of the margin without it")
    axes.legend(loc="upper left")


def shares(seed: int, digit: int, count: int) -> dict[str, float]:
    """Of so many units: shared with texts and other digits, without effect; single effects against the joint one."""
    score, activation = scored(seed, digit)
    effect, shape = effects_of(seed, digit), torch.Size((LAYERS, UNITS))
    model, rows, _ = rows_of(seed, digit, test=False)
    texts = prompts_of(seed, digit)
    top = score.argsort(descending=True)[:count]
    keep = mm.without(top, shape)
    generator = torch.Generator().manual_seed(100 * seed + digit)
    controls = [mm.matched(top, activation, generator) for _ in range(DRAWS)]
    drawn = [mm.without(one, shape) for one in controls]
    control = torch.cat(controls)

    @torch.no_grad()
    def margin(rows: Tensor, keep: Tensor | None = None) -> float:
        return float(mm.margin(model.read(rows, keep)[0], digit, NAMES).mean())

    whole, told = margin(rows), margin(texts)
    by_text = mm.scores(model, texts, digit, NAMES)[0].flatten()
    others = [scored(seed, other)[0] for other in NAMES if other != digit]
    selective = selectivity(seed, digit).argsort(descending=True)[:count]

    def common(other: Tensor) -> float:
        return len(set(top.tolist()) & set(other.argsort(descending=True)[:count].tolist())) / count

    def idle(chosen: Tensor) -> float:
        return float((effect[chosen].abs() < 0.05 * whole).double().mean())

    return {
        "text": common(by_text),
        "digits": sum(map(common, others)) / 9,
        "idle, score": idle(top),
        "idle, selective": idle(selective),
        "idle, firing": idle(activation.argsort(descending=True)[:count]),
        "single": float(effect[top].sum()) / whole,
        "joint": 1 - margin(rows, keep) / whole,
        "text left": margin(texts, keep) / told,
        "text left, matched": sum(margin(texts, one) for one in drawn) / DRAWS / told,
        "rank score": float(stats.spearmanr(score, effect).statistic),
        "rank firing": float(stats.spearmanr(activation, effect).statistic),
        "active, score": float(activation[top].mean()),
        "active, matched": float(activation[control].mean()),
        "against, matched": float((effect[control] < 0).double().mean()),
        "early": float((top < UNITS).double().mean()),
    }


effects_of = cache(effects)


def prompts_of(seed: int, digit: int) -> Tensor:
    """The three forms of a digit with the question for its name, (3, 2, E)."""
    model, *_ = trained(seed)
    found: Tensor = mm.prompt(model, model.table[[digit + 10 * k for k in range(FORMS)]], NAME)
    return found


def shared() -> style.Table:
    """The same by number of units, mean of ten digits; mean and deviation of the seeds."""
    table: style.Table = {"count": list(map(float, COUNTS))}
    for count in COUNTS:
        found = [[shares(s, digit, count) for digit in NAMES] for s in SEEDS]
        for name in found[0][0]:
            seeds.put(table, name, [sum(one[name] for one in digits) / 10 for digits in found])
    return table


def lines(axes: style.Axes, table: style.Table, rows: dict[str, tuple[str, str]]) -> None:
    """Some columns with their deviation, by number of units."""
    for n, (name, (mark, label)) in enumerate(rows.items()):
        axes.errorbar(
            table["count"],
            table[name],
            table[f"{name}, deviation"],
            fmt=mark,
            color=style.SERIES[n],
            capsize=3,
            label=label,
        )


def draw_removal(table: style.Table, axes: style.Axes) -> None:
    """Right names of the digit and of others."""
    rows = {
        "score": ("o-", "best scores"),
        "matched": ("s--", "matched, at random"),
        "firing": ("^-.", "most active"),
        "others": ("v:", "best scores, other digits"),
    }
    lines(axes, table, rows)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("units removed, of 128")
    axes.set_ylabel("right names")
    axes.legend(loc="lower left")


def draw_shared(table: style.Table, panels: list[style.Axes]) -> None:
    """Left units in common, right what is left of the margin on text."""
    left, right = panels
    lines(left, table, {"text": ("o-", "with texts"), "digits": ("s--", "with other digits")})
    left.plot(
        table["count"],
        [n / (LAYERS * UNITS) for n in table["count"]],
        ":",
        color=style.MUTED,
        label="by chance",
    )
    left.set_title("share in common")
    rows = {
        "text left": ("o-", "found by pictures"),
        "text left, matched": ("s--", "matched, at random"),
    }
    lines(right, table, rows)
    right.set_title("margin left on texts")
    for axes in panels:
        axes.set_ylim(0, 1.05)
        axes.set_xlabel("units, of 128")
        axes.legend(loc="lower left" if axes is right else "center right")


def example() -> style.Table:
    """Activation, score and effect of the four units of the example."""
    f, projection = torch.tensor(mm.FEATURES), torch.tensor(mm.PROJECTION)
    score, fall = mm.weigh(f, projection)
    h = mm.small(f, projection, torch.ones(4)).h
    return {"fires": h.tolist(), "score": (score + 0.0).tolist(), "effect": fall.tolist()}


def draw_example(table: style.Table, axes: style.Axes) -> None:
    """Three bars a unit."""
    names = {"fires": "activation", "score": "score", "effect": "fall without it"}
    for n, (name, label) in enumerate(names.items()):
        at = [k + 0.27 * (n - 1) for k in range(4)]
        axes.bar(at, table[name], 0.25, color=style.SERIES[n], label=label)
    axes.axhline(0, color=style.MUTED, lw=1)
    axes.set_xticks(range(4), list("ABCD"))
    axes.set_xlabel("unit")
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe("models/multimodal-neurons/example", example, draw_example, (420, 260)),
    style.Recipe(
        "models/multimodal-neurons/naming", naming, draw_naming, (460, 230), absolute=0.05
    ),
    style.Recipe(
        "models/multimodal-neurons/removal", removal, draw_removal, (440, 320), absolute=0.04
    ),
    style.Recipe("models/multimodal-neurons/units", units, draw_units, (440, 300), absolute=0.1),
    style.Recipe(
        "models/multimodal-neurons/shared", shared, draw_shared, (540, 290), (1, 2), absolute=0.05
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
