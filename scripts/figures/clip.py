"""docs/models/clip/*.svg: temperature of the example, digits and their names, batch size, the gap, made captions."""

import math
from functools import cache, partial
from typing import Any

import torch
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from docs.models.clip import clip, scenes
from scripts.figures import seeds, style

SEEDS = range(3)
STEPS, BATCH, WIDTH, HIDDEN = 150, 64, 16, 64
TRAINING = 1200  # pictures; the other 597 are for tests
TEMPLATES = ("{}", "a {}", "the digit {}", "a photo of a {}")
NEW = "the number {}"  # a template with a word that training never saw
WORDS = clip.Words((*scenes.NAMES, "a", "the", "digit", "photo", "of", "number"))
BATCHES = (2, 8, 32, 128)
EQUAL = (8, 32)  # pairs in a batch that see as many pictures as BATCH, in more steps
TAUS = (0.01, 0.03, 0.1, 0.3, 1.0)
SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
WORLD_STEPS, LONG = 300, 2400


@cache
def data() -> tuple[scenes.Digits, scenes.Digits]:
    """Digits for training and for tests."""
    found = load_digits()
    x, y = torch.tensor(found.data / 16).float(), torch.tensor(found.target)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    first, rest = order[:TRAINING], order[TRAINING:]
    return scenes.Digits(x[first], y[first]), scenes.Digits(x[rest], y[rest])


def prompts(template: str) -> Tensor:
    """The ten names in a template, (10, L)."""
    return WORDS.encode([template.format(name) for name in scenes.NAMES])


CAPTIONS = torch.stack([prompts(template) for template in TEMPLATES])  # (T, 10, L)


def fresh(seed: int, tau: float = 0.07, bias: float = -10.0) -> clip.Clip:
    """Two networks for digits and names before training."""
    torch.set_num_threads(1)  # the networks are small: more threads only wait for one another
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        image = clip.Eye(64, HIDDEN, WIDTH)
        text = clip.Reader(len(WORDS.known), WORDS.length, HIDDEN, WIDTH, ordered=False)
    model = clip.Clip(image, text, tau)
    model.bias.data.fill_(bias)
    return model


def batches(digits: scenes.Digits, n: int, seed: int) -> clip.Draw:
    """Pictures with the name of their digit in any of the templates."""
    generator = torch.Generator().manual_seed(seed)

    def draw() -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(digits.y), (n,), generator=generator)
        which = torch.randint(len(TEMPLATES), (n,), generator=generator)
        return digits.x[rows], CAPTIONS[which, digits.y[rows]]

    return draw


@cache
@torch.enable_grad()
def trained(
    seed: int,
    n: int = BATCH,
    tau: float = 0.07,
    fixed: bool = False,
    held: int = -1,
    pairwise: bool = False,
    bias: float = -10.0,
    steps: int = STEPS,
) -> clip.Clip:
    """Networks after training: batches of n, a fixed temperature, or without one of the digits."""
    digits = data()[0]
    seen = digits.y != held
    model = fresh(seed, tau, bias)
    model.log_scale.requires_grad_(not fixed)
    draw = batches(scenes.Digits(digits.x[seen], digits.y[seen]), n, seed)
    clip.train(model, draw, steps, pairwise)
    return model


@torch.no_grad()
def names(model: clip.Clip, templates: tuple[str, ...] = TEMPLATES) -> Tensor:
    """Embeddings of the names in templates, (10, T, E)."""
    return torch.stack([model.text(prompts(template)) for template in templates], 1)


@torch.no_grad()
def right(model: clip.Clip, templates: tuple[str, ...] = TEMPLATES) -> float:
    """The share of test pictures that get the right name."""
    test = data()[1]
    return float(
        (clip.zero_shot(model.image(test.x), names(model, templates)) == test.y).double().mean()
    )


@torch.no_grad()
def apart(model: clip.Clip) -> float:
    """The modality gap on test pictures and the bare names of their digits."""
    test = data()[1]
    distance: float = clip.gap(model.image(test.x), model.text(CAPTIONS[0, test.y]))
    return distance


@torch.no_grad()
def centred(model: clip.Clip) -> float:
    """Right names after each side's mean is subtracted, so that the gap is zero."""
    test = data()[1]
    u, v = model.image(test.x), names(model).mean(1)
    v = v / v.norm(dim=1, keepdim=True)
    u, v = u - u.mean(0), v - v[test.y].mean(0)
    return float(((u @ v.T).argmax(1) == test.y).double().mean())


def temperature() -> style.Table:
    """Loss in both directions by temperature: the example, and the same with an image gone astray."""
    table: style.Table = {"tau": [0.02 * 1.12**k for k in range(40)]}
    s = clip.cosines(clip.IMAGES, clip.CAPTIONS)
    wrong = s.clone()
    wrong[2] = torch.tensor([0.0, 0.8, 0.6], dtype=s.dtype)  # its nearest caption is not its own
    for name, cells in (("right", s), ("wrong", wrong)):
        both = [clip.both(cells, 1 / tau) for tau in table["tau"]]
        table[f"image, {name}"] = [float(one) for one, _ in both]
        table[f"caption, {name}"] = [float(two) for _, two in both]
    return table


def draw_temperature(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the example, right with an image whose nearest caption is wrong."""
    for axes, name, title in zip(
        panels, ("right", "wrong"), ("each pair is nearest", "one is not"), strict=True
    ):
        axes.plot(
            table["tau"], table[f"image, {name}"], color=style.SERIES[0], label="image to caption"
        )
        axes.plot(
            table["tau"],
            table[f"caption, {name}"],
            "--",
            color=style.SERIES[1],
            label="caption to image",
        )
        axes.axhline(math.log(3), ls=":", color=style.MUTED, label="log 3")
        axes.set_xscale("log")
        axes.set_xticks([0.02, 0.1, 1], ["0.02", "0.1", "1"])
        axes.set_ylim(0, 2.5)
        axes.set_title(title)
        axes.set_xlabel("temperature")
    panels[0].set_ylabel("loss (nats)")
    panels[1].legend(loc="upper right")


def floor(n: int) -> float:
    """The least mean loss for batches of n digits: own captions come up several times."""
    y = data()[1].y
    share = torch.bincount(y, minlength=10).double() / len(y)
    more = torch.arange(n, dtype=torch.float64)
    least = [
        p * float((torch.from_numpy(stats.binom.pmf(more.numpy(), n - 1, p)) * more.log1p()).sum())
        for p in share.tolist()
    ]
    return math.fsum(least)


def entropy() -> float:
    """What a picture can tell of its caption at most, in nats: the entropy of the test digits."""
    y = data()[1].y
    return float(torch.special.entr(torch.bincount(y).double() / len(y)).sum())


@torch.no_grad()
def loss_at(model: clip.Clip, n: int, seed: int, image: bool = False) -> float:
    """The loss on batches of n test pairs with bare names, mean of 4,096 pairs at least."""
    test = data()[1]
    generator = torch.Generator().manual_seed(seed)
    u, v = model.image(test.x), model.text(CAPTIONS[0])
    found = []
    for _ in range(max(16, 4096 // n)):
        rows = torch.randint(len(test.y), (n,), generator=generator)
        losses = clip.both(u[rows] @ v[test.y[rows]].T, model.log_scale.exp())
        found.append(float(losses[0] if image else sum(losses) / 2))
    return sum(found) / len(found)


def batch() -> style.Table:
    """What a batch of n pairs can certify at most, and what the networks certify."""
    table: style.Table = {"n": [float(n) for n in SIZES]}
    table["log n"] = [math.log(n) for n in SIZES]
    table["most"] = [math.log(n) - floor(n) for n in SIZES]
    table["entropy"] = [entropy()] * len(SIZES)
    for n in SIZES:
        seeds.put(
            table, "networks", [math.log(n) - loss_at(trained(s), n, 40 + s, True) for s in SEEDS]
        )
    return table


def draw_batch(table: style.Table, axes: style.Axes) -> None:
    """All by the number of pairs."""
    axes.plot(table["n"], table["log n"], ":", color=style.MUTED, label="log N")
    axes.plot(table["n"], table["entropy"], "--", color=style.INK, label="what ten names can tell")
    axes.plot(
        table["n"], table["most"], "s-", color=style.SERIES[1], label="log N less the least loss"
    )
    axes.errorbar(
        table["n"],
        table["networks"],
        table["networks, deviation"],
        fmt="o-",
        color=style.SERIES[0],
        capsize=3,
        label="log N less the measured loss",
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks([2, 8, 32, 128], ["2", "8", "32", "128"])
    axes.set_ylim(0, 4)
    axes.set_xlabel("pairs in a batch, N")
    axes.set_ylabel("nats")
    axes.legend(loc="upper left")


STAGES = (0, 5, 10, 20, 40, 80, 150)


@torch.enable_grad()
def partway(seed: int, stop: int) -> clip.Clip:
    """The networks after the first steps of the training of a seed."""
    model, draw = fresh(seed), batches(data()[0], BATCH, seed)
    clip.train(model, draw, STEPS, stop=stop)
    return model


@cache
def along() -> style.Table:
    """Gap and right names after so many steps."""
    table: style.Table = {"steps": [float(n) for n in STAGES]}
    found = {n: [partway(seed, n) for seed in SEEDS] for n in STAGES}
    for n in STAGES:
        seeds.put(table, "gap", [apart(model) for model in found[n]])
        seeds.put(table, "right", [right(model) for model in found[n]])
    return table


def by_temperature() -> style.Table:
    """Gap and right names for fixed temperatures."""
    table: style.Table = {"tau": list(TAUS)}
    for tau in TAUS:
        models = [trained(s, tau=tau, fixed=True) for s in SEEDS]
        seeds.put(table, "gap", [apart(model) for model in models])
        seeds.put(table, "right", [right(model) for model in models])
        seeds.put(table, "new", [right(model, (NEW,)) for model in models])
        seeds.put(table, "centred", [centred(model) for model in models])
    return table


def gap() -> style.Table:
    """Both tables side by side; the shorter one is filled with what is no number."""
    table = {f"along {name}": column for name, column in along().items()}
    rest = by_temperature()
    for name, column in rest.items():
        table[name] = [*column, *[math.nan] * (len(STAGES) - len(column))]
    return table


def draw_gap(table: style.Table, panels: list[style.Axes]) -> None:
    """Left by steps, right by temperature."""
    left, right_ = panels
    for axes, x, lead in ((left, "along steps", "along "), (right_, "tau", "")):
        rows = [k for k, value in enumerate(table[x]) if not math.isnan(value)]
        for name, mark, colour, label in (
            ("gap", "o-", style.SERIES[0], "gap"),
            ("right", "s--", style.SERIES[1], "right names"),
        ):
            y, bar = table[f"{lead}{name}"], table[f"{lead}{name}, deviation"]
            axes.errorbar(
                [table[x][k] for k in rows],
                [y[k] for k in rows],
                [bar[k] for k in rows],
                fmt=mark,
                color=colour,
                capsize=3,
                label=label,
            )
        axes.set_ylim(0, 1.4)
    left.set_xlabel("steps of training")
    left.set_title("learned temperature")
    right_.set_xscale("log")
    right_.set_xticks(list(TAUS), [f"{tau:g}" for tau in TAUS])
    right_.set_xlabel("temperature")
    right_.set_title("fixed temperature")
    left.legend(loc="upper right")


# Made captions.

WORLDS: dict[str, tuple[bool, dict[str, Any], int]] = {
    "bag of words": (False, {}, WORLD_STEPS),
    "word order": (True, {}, WORLD_STEPS),
    "hard negatives": (True, {"swapped": True}, WORLD_STEPS),
    "both orders": (True, {"rising": False}, WORLD_STEPS),
    "fuller captions": (True, {"negated": 0.4, "told": 0.2, "rising": False}, WORLD_STEPS),
    "fuller, 8 times the steps": (True, {"negated": 0.4, "told": 0.2, "rising": False}, LONG),
}


@cache
@torch.enable_grad()
def of_world(name: str, seed: int) -> clip.Clip:
    """Networks trained on scenes and captions of a kind."""
    torch.set_num_threads(1)
    ordered, settings, steps = WORLDS[name]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        text = clip.Reader(len(scenes.KNOWN), 3, 32, 32, ordered)
        model = clip.Clip(clip.Eye(128, 128, 32), text)
    world = scenes.World(data()[0], **settings)
    clip.train(model, partial(world.batch, BATCH, torch.Generator().manual_seed(seed)), steps)
    return model


def better(one: Tensor, two: Tensor) -> Tensor:
    """1 where the first is greater, half where they are equal."""
    return (one > two).double() + 0.5 * (one == two).double()


@torch.no_grad()
def asked(model: clip.Clip, seed: int, n: int = 500) -> dict[str, float]:
    """Choices between two on test pictures: order, count and negation; recall among the 90 scenes."""
    generator = torch.Generator().manual_seed(seed)
    digits = data()[1]
    places = scenes.pairs(n, generator)
    u = model.image(scenes.scene(digits, places, generator))
    own = (u * model.text(scenes.in_order(places))).sum(1)
    order = better(own, (u * model.text(scenes.in_order(places.flip(1)))).sum(1))
    falling = places[:, 0] > places[:, 1]
    other = torch.stack([places[:, 0], scenes.third(places, generator)], 1)
    query = model.text(scenes.without(places[:, 0], places[:, 1]))
    good = (model.image(scenes.scene(digits, other, generator)) * query).sum(1)
    digit, twice = places[:, 0], torch.rand(n, generator=generator) < 0.5
    x = scenes.scene(digits, scenes.alone_or_twice(digit, twice, generator), generator)
    there = (model.image(x) * model.text(scenes.counted(digit, twice))).sum(1)
    count = better(there, (model.image(x) * model.text(scenes.counted(digit, ~twice))).sum(1))
    every = torch.tensor([(a, b) for a in range(10) for b in range(10) if a != b])
    s = model(scenes.scene(digits, every, generator), scenes.in_order(every))
    return {
        "order": float(order[~falling].mean()),
        "turned": float(order[falling].mean()),
        "negation": float(better(good, (u * query).sum(1)).mean()),
        "count": float(count.mean()),
        "text 1": clip.recall(s, 1),
        "text 5": clip.recall(s, 5),
        "image 1": clip.recall(s.T, 1),
        "image 5": clip.recall(s.T, 5),
    }


@cache
def worlds() -> dict[str, list[dict[str, float]]]:
    """The answers of each kind of training, by seed."""
    return {name: [asked(of_world(name, s), 100 + s) for s in SEEDS] for name in WORLDS}


def captions() -> style.Table:
    """Mean and deviation of each question, one row a kind of training."""
    table: style.Table = {"kind": [float(k) for k in range(len(WORLDS))]}
    for answers in worlds().values():
        for question in answers[0]:
            seeds.put(table, question, [one[question] for one in answers])
    return table


def draw_captions(table: style.Table, axes: style.Axes) -> None:
    """A row for each kind of training, a mark for each question."""
    marks = (("turned", "s", "order"), ("count", "^", "count"), ("negation", "o", "negation"))
    seeds.marks_in_rows(axes, table, "kind", list(WORLDS), marks, 0.18)
    axes.axvline(0.5, ls=":", color=style.MUTED)
    axes.set_xlim(-0.03, 1.06)
    axes.set_xlabel("right, of two")
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3)


@cache
def zero_shot() -> style.Table:
    """Right names: all templates, the bare name, a new template, a linear classifier, a digit never seen."""
    models = [trained(s) for s in SEEDS]
    table: style.Table = {}
    seeds.put(table, "all", [right(model) for model in models])
    seeds.put(table, "bare", [right(model, TEMPLATES[:1]) for model in models])
    seeds.put(table, "new", [right(model, (NEW,)) for model in models])
    seeds.put(table, "scale", [float(model.log_scale.detach().exp()) for model in models])
    seeds.put(table, "centred", [centred(model) for model in models])
    for n in BATCHES:
        seeds.put(table, f"batch {n}", [right(trained(s, n)) for s in SEEDS])
    for n in EQUAL:
        found = [right(trained(s, n, steps=STEPS * BATCH // n)) for s in SEEDS]
        seeds.put(table, f"equal {n}", found)
    for name, bias in (("sigmoid", -10.0), ("sigmoid from 0", 0.0)):
        found = [right(trained(s, tau=0.1, pairwise=True, bias=bias)) for s in SEEDS]
        seeds.put(table, name, found)
    train, test = data()
    linear = LogisticRegression(max_iter=200).fit(train.x.numpy(), train.y.numpy())
    table["linear"] = [float(linear.score(test.x.numpy(), test.y.numpy()))]
    seeds.put(table, "held", [held(digit) for digit in range(10)])
    return table


@torch.no_grad()
def held(digit: int) -> float:
    """Right names of a digit whose pictures and name were left out of training."""
    model, test = trained(digit, held=digit), data()[1]
    rows = test.y == digit
    found = clip.zero_shot(model.image(test.x[rows]), names(model))
    return float((found == digit).double().mean())


ROWS = {
    "bare": "the bare name",
    "all": "four templates",
    "new": "a new template",
    "held": "digit and name left out",
    "linear": "linear classifier",
}


def draw_names(table: style.Table, axes: style.Axes) -> None:
    """A row for each way to ask."""
    for k, name in enumerate(ROWS):
        bar = table.get(f"{name}, deviation", [0.0])
        colour = style.MUTED if name == "linear" else style.SERIES[0]
        axes.errorbar(table[name], [k], xerr=bar, fmt="o", color=colour, capsize=3)
    axes.axvline(0.1, ls=":", color=style.MUTED)
    axes.set_yticks(range(len(ROWS)), list(ROWS.values()))
    axes.invert_yaxis()
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("right names")


NOTES = {"names": 0.03, "batch": 0.02, "gap": 0.05, "captions": 0.03}
FIGURES = [
    style.Recipe("models/clip/names", zero_shot, draw_names, (460, 230), absolute=NOTES["names"]),
    style.Recipe("models/clip/temperature", temperature, draw_temperature, (520, 280), (1, 2)),
    style.Recipe("models/clip/batch", batch, draw_batch, (420, 300), absolute=NOTES["batch"]),
    style.Recipe("models/clip/gap", gap, draw_gap, (520, 290), (1, 2), absolute=NOTES["gap"]),
    style.Recipe(
        "models/clip/captions", captions, draw_captions, (460, 300), absolute=NOTES["captions"]
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
