"""docs/models/text-diffusion/*.svg: texts of four samplers, repair, two noises, what a network learns, speed."""

import math
from functools import cache, partial
from importlib import import_module
from itertools import combinations, product

import torch

from scripts.figures import style

text = import_module("docs.models.text-diffusion.text_diffusion")
orders = import_module("docs.models.text-diffusion.orders")
repair = import_module("docs.models.text-diffusion.repair")
noises = import_module("docs.models.text-diffusion.noises")
speed = import_module("docs.models.text-diffusion.speed")

TEXTS = tuple(product(range(2), repeat=text.LENGTH))
CALLS = 12  # of remasking
STEPS = (1, 2, 4, 8, 16, 32)
SEEDS = range(10)
LARGE = 8192  # texts of a large batch
FLOOR = 1e-6  # of the axis
TRAINED = (0, 10, 20, 50, 100, 200)
SIZES = tuple(2**n for n in range(11))
KEPT = (2, 4, 8)


def ways() -> dict[str, torch.Tensor]:
    """What four samplers make of the exact model."""
    guess = text.exact(text.chain())
    fill = partial(text.filling, guess, text.LENGTH, 2)
    return {
        "exact": fill(text.listed((0, 1, 2)), 1),
        "ends first, 2": fill(text.listed((0, 2), (1,)), 2),
        "surest draw": repair.surest_draws(guess, text.LENGTH, 2, 1),
        "all at once": fill(text.listed((0, 1, 2)), 3),
    }


def example() -> style.Table:
    """Probability of each text, in the order of the alphabet."""
    return {name: made.flatten().tolist() for name, made in ways().items()}


def draw_example(table: style.Table, axes: style.Axes) -> None:
    """Bars of the data, and a mark for each sampler."""
    at = range(len(TEXTS))
    axes.bar(at, table["exact"], 0.8, color=style.GRID, label="one at a time: the data")
    marks = (("ends first, 2", "o"), ("surest draw", "s"), ("all at once", "^"))
    for n, (name, mark) in enumerate(marks):
        axes.plot(
            [k + 0.22 * (n - 1) for k in at],
            table[name],
            mark,
            color=style.SERIES[n + 1],
            markersize=7,
            label=("both ends, middle", "surest draw kept", "all at once")[n],
        )
    axes.set_xticks(range(len(TEXTS)), ["".join("ab"[v] for v in x) for x in TEXTS])
    axes.set_ylabel("probability")
    axes.set_ylim(0, 0.4)
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper center")


def mended() -> style.Table:
    """How far off texts are after some calls of remasking."""
    joint = text.chain()
    guess = text.exact(joint)
    table: style.Table = {"calls": [float(n) for n in range(CALLS + 1)]}
    for name, made in ways().items():
        if name == "exact":
            continue
        column = []
        now = made
        for _ in table["calls"]:
            column.append(text.off(joint, now))
            now = repair.remask(guess, now)
        table[name] = column
    return table


def draw_mended(table: style.Table, axes: style.Axes) -> None:
    """A line for each sampler, logarithmic."""
    names = ("both ends, middle", "surest draw kept", "all at once")
    for n, (column, mark) in enumerate(zip(list(table)[1:], ("o-", "s--", "^-."), strict=True)):
        axes.plot(table["calls"], table[column], mark, color=style.SERIES[n + 1], label=names[n])
    axes.set_yscale("log")
    axes.set_yticks([0.0001, 0.001, 0.01, 0.1], ["0.0001", "0.001", "0.01", "0.1"])
    axes.minorticks_off()
    axes.set_xlabel("calls of remasking")
    axes.set_ylabel("share of texts off")
    axes.legend(loc="upper right")


def steps() -> style.Table:
    """How far off the texts of both noises are, by the number of equal steps."""
    joint = text.chain()
    table: style.Table = {"steps": [float(n) for n in STEPS]}
    for name, masks in (("masks", True), ("uniform", False)):
        table[name] = [text.off(joint, noises.made(joint, n, masks)) for n in STEPS]
    return table


def draw_steps(table: style.Table, axes: style.Axes) -> None:
    """Both on logarithmic axes."""
    axes.plot(table["steps"], table["masks"], "o-", color=style.SERIES[0], label="masks")
    axes.plot(table["steps"], table["uniform"], "s--", color=style.SERIES[1], label="uniform noise")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(STEPS, [str(n) for n in STEPS])
    axes.set_yticks([0.01, 0.03, 0.1, 0.3], ["0.01", "0.03", "0.1", "0.3"])
    axes.minorticks_off()
    axes.set_xlabel("steps")
    axes.set_ylabel("share of texts off")
    axes.legend(loc="upper right")


def above(model: text.Network) -> list[float]:  # type: ignore[name-defined]
    """Bound, likelihood in random order and from left to right, of the data, in nats a text above the entropy."""
    joint = text.chain().flatten()
    every = {x: model.guess(x) for x in product(range(3), repeat=text.LENGTH)}
    entropy = -float((joint * joint.log()).sum())
    found = []
    for measure in (orders.bound, orders.log_likelihood, left_to_right):
        total = sum(
            float(p) * measure(every.__getitem__, x, 2) for x, p in zip(TEXTS, joint, strict=True)
        )
        found.append(-total - entropy)
    return found


def left_to_right(denoise: orders.Denoiser, x: orders.Text, size: int) -> float:  # type: ignore[name-defined]
    """log p of a text in the first order."""
    return float(orders.paths(denoise, x, size)[0])


@torch.enable_grad()
def in_order(
    model: text.Network,  # type: ignore[name-defined]
    steps: int,
    generator: torch.Generator,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Train on one order only: all places from a random one on are hidden, and that one is guessed."""
    for _ in range(steps):
        x = text.draw(text.chain(), 256, generator)
        first = torch.randint(text.LENGTH, (256, 1), generator=generator)
        masked = torch.where(torch.arange(text.LENGTH) >= first, 2, x)
        optimizer.zero_grad()
        logits = model(masked)[torch.arange(256), first[:, 0]]
        wanted = x.gather(1, first)[:, 0]
        cost = text.LENGTH * torch.nn.functional.cross_entropy(logits, wanted)
        torch.autograd.backward(cost)
        optimizer.step()


@cache
def questions() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Each text with each set of hidden places: x (N, L), masked (N, L), weight of the mean (N,)."""
    joint, places = text.chain(), range(text.LENGTH)
    x, masked, weight = [], [], []
    for letters in TEXTS:
        for m in range(1, text.LENGTH + 1):
            for hidden in combinations(places, m):
                x.append(letters)
                masked.append([2 if n in hidden else letters[n] for n in places])
                weight.append(float(joint[letters]) / (m * math.comb(text.LENGTH, m)))
    return torch.tensor(x), torch.tensor(masked), torch.tensor(weight)


@torch.enable_grad()
def exactly(model: text.Network, steps: int, optimizer: torch.optim.Optimizer) -> None:  # type: ignore[name-defined]
    """Train on the loss itself: nothing is drawn."""
    x, masked, weight = questions()
    for _ in range(steps):
        optimizer.zero_grad()
        surprise = torch.nn.functional.cross_entropy(
            model(masked).transpose(1, 2), x, reduction="none"
        )
        torch.autograd.backward((weight[:, None] * (masked == 2) * surprise).sum())
        optimizer.step()


@cache
@torch.enable_grad()
def trained(seed: int, way: str) -> list[list[float]]:
    """What a network has learned at several steps of its training: any order, one, large batches, the exact loss."""
    torch.set_num_threads(1)  # the sums are small
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = text.Network(text.LENGTH, 2, 32)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    found, done = [], 0
    for stop in TRAINED:
        if way == "one":
            in_order(model, stop - done, generator, optimizer)
        elif way == "exact":
            exactly(model, stop - done, optimizer)
        else:
            batch = LARGE if way == "large" else 256
            text.train(model, text.chain(), stop - done, generator, optimizer, batch)
        done = stop
        found.append(above(model))
    return found


BOUND, ANY, ONE, MANY, EXACT = NAMES = (
    "any order, bound",
    "any order, likelihood",
    "one order, likelihood",
    "any order, 8,192 texts",
    "any order, exact loss",
)
WAYS = {
    BOUND: ("any", 0),
    ANY: ("any", 1),
    ONE: ("one", 2),
    MANY: ("large", 1),
    EXACT: ("exact", 1),
}


def learned() -> style.Table:
    """Mean, least and most over seeds, in nats above the best."""
    table: style.Table = {"steps": [float(n) for n in TRAINED]}
    for name, (way, what) in WAYS.items():
        every = torch.tensor([trained(seed, way) for seed in SEEDS])[:, :, what]
        table[name] = every.mean(0).tolist()
        table[f"{name}, least"] = every.amin(0).tolist()
        table[f"{name}, most"] = every.amax(0).tolist()
    return table


def draw_learned(table: style.Table, axes: style.Axes) -> None:
    """Five lines with bars; the first step, 0, stands at 5 of the logarithmic axis."""
    at = [max(step, 5) for step in table["steps"]]
    for n, (name, mark) in enumerate(zip(NAMES, ("o-", "s--", "^-.", "D:", "v-"), strict=True)):
        mean, least, most = (table[name + part] for part in ("", ", least", ", most"))
        axes.errorbar(
            at,
            mean,
            (
                [a - b for a, b in zip(mean, least, strict=True)],
                [b - a for a, b in zip(mean, most, strict=True)],
            ),
            fmt=mark,
            color=style.SERIES[n],
            label=name,
            capsize=3,
            elinewidth=1,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(at, [f"{step:.0f}" for step in table["steps"]])
    axes.set_ylim(FLOOR, 0.5)
    axes.set_yticks(
        [0.00001, 0.0001, 0.001, 0.01, 0.1], ["0.00001", "0.0001", "0.001", "0.01", "0.1"]
    )
    axes.minorticks_off()
    axes.set_xlabel("steps of training")
    axes.set_ylabel("nats above the best")
    axes.legend(loc="lower left")


def rates() -> style.Table:
    """Tokens a second of all texts, by the number of texts."""
    table: style.Table = {"texts": [float(n) for n in SIZES]}
    table["left to right"] = [speed.rate(n, 1, 1) for n in SIZES]
    for kept in KEPT:
        table[f"{kept} a call"] = [speed.rate(n, speed.BLOCK, kept) for n in SIZES]
    return table


def draw_rates(table: style.Table, axes: style.Axes) -> None:
    """Four lines on logarithmic axes."""
    for n, (name, mark) in enumerate(zip(list(table)[1:], ("-", "--", "-.", ":"), strict=True)):
        axes.plot(table["texts"], table[name], mark, color=style.SERIES[n], label=name, lw=2)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([1, 4, 16, 64, 256, 1024], ["1", "4", "16", "64", "256", "1,024"])
    axes.set_yticks([300, 1000, 3000, 10000, 30000], ["300", "1,000", "3,000", "10,000", "30,000"])
    axes.minorticks_off()
    axes.set_xlabel("texts at once")
    axes.set_ylabel("tokens a second, all texts")
    axes.legend(loc="lower right")


FIGURES = [
    style.Recipe("models/text-diffusion/example", example, draw_example, (520, 270), absolute=1e-6),
    style.Recipe("models/text-diffusion/repair", mended, draw_mended, (420, 260), absolute=1e-6),
    style.Recipe("models/text-diffusion/steps", steps, draw_steps, (400, 260), absolute=1e-6),
    style.Recipe(
        "models/text-diffusion/learned",
        learned,
        draw_learned,
        (440, 300),
        tolerance=0.1,
        absolute=0.01,
    ),
    style.Recipe("models/text-diffusion/speed", rates, draw_rates, (420, 280)),
]

if __name__ == "__main__":
    style.main(FIGURES)
