"""docs/training/distillation/*.svg: pictures and temperatures on digits, two directions on two words; and cases."""

import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.figures.seeds import MARKS, put

code: Any = import_module("docs.training.distillation.distillation")
net: Any = import_module("docs.training.distillation.networks")
words: Any = import_module("docs.training.distillation.texts")

SEEDS, STEPS, RATE = 5, 300, 0.003
SOURCE, POOL = 800, 1280  # the teacher's labelled pictures, then the student's, then the test's
TEACHER, STUDENT = (64, 64, 64, 10), (64, 16, 10)
TEACHERS, TAUGHT = 5, 100  # networks of the teacher, and its steps
SIZES = (20, 40, 80, 160, 320)
FEW, MANY = 40, 320
TEMPERATURES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
SMOOTHING, CALLED, PART = (
    0.1,
    0.7,
    0.9,
)  # of labels; of nines called fours; of right labels in the cure
WIDTHS = (4, 8, 16, 32)
KINDS = {
    "labels": "labels", "smooth": "labels, smoothed", "T 1": "soft targets, $T = 1$",
    "T 4": "soft targets, $T = 4$", "logits": "logits",
}  # fmt: skip
LETTERS, LENGTH, MANY_TEACHERS, TEXT_STEPS = 3, 5, 10, 300
SCALES = (1.0, 2.0, 3.0)
GOALS = {
    "forward": words.forward, "own": words.own, "reverse": words.reverse, "best": words.best,
}  # fmt: skip
Loss = Callable[[Tensor], Tensor]


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Pictures (1797, 64) and labels in a fixed order."""
    torch.set_num_threads(1)
    found, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))
    x = torch.tensor(found, dtype=torch.float32) / 16
    return x[order], torch.tensor(labels)[order]


def taught(labels: Tensor, smoothing: float = 0.0) -> Any:
    """The networks of a teacher that has learned these labels of the first pictures."""
    x, _ = digits()
    start = net.fresh(TEACHER, range(100, 100 + TEACHERS))
    return net.train(start, x[:SOURCE], by_labels(labels, smoothing), TAUGHT, RATE)


@cache
def teacher(kind: str = "right") -> Any:
    """A teacher that has learned right labels, smoothed ones, or most nines as fours."""
    labels = digits()[1][:SOURCE].clone()
    if kind == "wrong":
        draw = torch.rand(SOURCE, generator=torch.Generator().manual_seed(7))
        labels[(labels == 9) & (draw < CALLED)] = 4
    return taught(labels, SMOOTHING if kind == "smooth" else 0.0)


def by_labels(labels: Tensor, smoothing: float = 0.0) -> Loss:
    """The loss against labels."""
    return lambda z: code.hard_loss(z, labels.expand(z.shape[:-1]), smoothing)


def by_teacher(x: Tensor, temperature: float, networks: Any = None) -> Loss:
    """The loss against a teacher; at temperature infinity that of the logits."""
    v = net.teach(networks or teacher(), x)
    if math.isinf(temperature):
        return lambda z: code.logit_loss(z, v)
    return lambda z: code.soft_loss(z, v, temperature)


def student(x: Tensor, loss: Loss, width: int = STUDENT[1]) -> Any:
    """Students, one a seed, that learn from these pictures."""
    return net.train(net.fresh((64, width, 10), range(SEEDS)), x, loss, STEPS, RATE)


def missed(layers: Any, digit: int | None = None) -> list[float]:
    """Errors in per cent on the test pictures, or on those of one digit."""
    x, y = (part[POOL:] for part in digits())
    if digit is not None:
        x, y = x[y == digit], y[y == digit]
    return list(net.errors(layers, x, y).tolist())


def learned(kind: str, x: Tensor, y: Tensor, width: int = STUDENT[1]) -> Any:
    """Students of one kind."""
    if kind in ("labels", "smooth"):
        return student(x, by_labels(y, SMOOTHING if kind == "smooth" else 0.0), width)
    temperature = math.inf if kind == "logits" else float(kind.split()[1])
    return student(x, by_teacher(x, temperature), width)


def some(n: int) -> tuple[Tensor, Tensor]:
    """The student's pictures and their labels."""
    x, y = digits()
    return x[SOURCE : SOURCE + n], y[SOURCE : SOURCE + n]


def pictures() -> style.Table:
    """Test errors by number of pictures, a column for each kind of target."""
    table: style.Table = {"n": [float(n) for n in SIZES]}
    for n in SIZES:
        for kind in KINDS:
            put(table, kind, missed(learned(kind, *some(n))))
    return table


def draw_pictures(table: style.Table, axes: style.Axes) -> None:
    """A line for each kind."""
    for k, (name, label) in enumerate(KINDS.items()):
        axes.errorbar(
            table["n"], table[name], table[f"{name}, deviation"], fmt=MARKS[k],
            color=style.SERIES[k], label=label, elinewidth=1,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(SIZES, [str(n) for n in SIZES])
    axes.minorticks_off()
    axes.set_ylim(0, None)
    axes.set_xlabel("pictures that the student learns from")
    axes.set_ylabel("test errors (%)")
    axes.legend(loc="upper right")


def temperature() -> style.Table:
    """Test errors by temperature with few pictures, and those of labels and of matching the logits."""
    table: style.Table = {"T": list(TEMPERATURES)}
    lines = {kind: missed(learned(kind, *some(FEW))) for kind in ("labels", "logits")}
    for value in TEMPERATURES:
        put(table, "soft", missed(learned(f"T {value}", *some(FEW))))
        for kind, values in lines.items():
            put(table, kind, values)
    return table


def draw_temperature(table: style.Table, axes: style.Axes) -> None:
    """Marks for soft targets, bands for labels and logits."""
    for k, name in ((0, "labels"), (4, "logits")):
        mean, off = table[name][0], table[f"{name}, deviation"][0]
        axes.axhspan(mean - off, mean + off, color=style.SERIES[k], alpha=0.2, linewidth=0)
        axes.axhline(mean, color=style.SERIES[k], linestyle="--" if k else ":", lw=1)
    axes.errorbar(
        table["T"], table["soft"], table["soft, deviation"], fmt=MARKS[3], color=style.SERIES[3],
        elinewidth=1,
    )  # fmt: skip
    axes.annotate("labels", (16, table["labels"][0]), xytext=(0, 5), textcoords="offset points")
    axes.annotate("logits", (0.5, table["logits"][0]), xytext=(0, 5), textcoords="offset points")
    axes.annotate(
        "soft targets", (2.2, table["soft"][2]), xytext=(4, 4), textcoords="offset points"
    )
    axes.set_xscale("log")
    axes.set_xticks(TEMPERATURES, [f"{t:g}" for t in TEMPERATURES])
    axes.minorticks_off()
    axes.set_ylim(0, None)
    axes.set_xlabel("temperature $T$")
    axes.set_ylabel("test errors (%)")


def directions() -> style.Table:
    """Both divergences of the blind student by the probability with which it says New, and York."""
    shares = [k / 100 for k in range(1, 100)]
    p = code.cities().flatten()
    rows = [code.same(share).flatten() for share in shares]
    return {
        "share": shares,
        "forward": [float(code.divergence(p, q)) for q in rows],
        "reverse": [float(code.divergence(q, p)) for q in rows],
        "no city": [float(q[1] + q[2]) for q in rows],
    }


def draw_directions(table: style.Table, axes: style.Axes) -> None:
    """Two curves with their names."""
    for k, name in ((0, "forward"), (1, "reverse")):
        axes.plot(table["share"], table[name], MARKS[k][1:], color=style.SERIES[k], lw=2)
    axes.annotate(
        "forward KL", (0.5, 0.59), xytext=(0, -14), textcoords="offset points", ha="center"
    )
    axes.annotate("reverse KL", (0.5, 1.27), xytext=(0, 5), textcoords="offset points", ha="center")
    axes.set_ylim(0, 4)
    axes.set_xlabel('probability of "New", and of "York"')
    axes.set_ylabel("divergence (nats)")


def direct() -> style.Table:
    """Judgements of students by their objective, a row for each deviation of the teachers' logits."""
    torch.set_num_threads(1)
    texts = words.all_texts(LETTERS, LENGTH)
    table: style.Table = {"scale": list(SCALES)}
    for scale in SCALES:
        many = words.random_teachers(MANY_TEACHERS, LETTERS, scale)
        p = words.after(many, texts)
        put(table, "teacher, entropy", words.judged(p, p, texts)["entropy"].tolist())
        for name, goal in GOALS.items():
            q = words.after(words.distil(many, texts, goal, TEXT_STEPS), texts)
            for key, values in words.judged(p, q, texts).items():
                put(table, f"{name}, {key}", values.tolist())
    return table


def plenty(table: style.Table) -> None:
    """The teacher, and students with its labels, its pictures and its answers."""
    x, y = digits()
    voted = net.teach(teacher(), x[POOL:]).argmax(-1)
    table["teacher"] = [100 * float((voted != y[POOL:]).double().mean())]
    table["teacher, deviation"] = [0.0]
    put(table, "its labels", missed(learned("labels", x[:SOURCE], y[:SOURCE])))
    put(table, "its pictures", missed(learned("logits", x[:SOURCE], y[:SOURCE])))
    put(table, "all pictures", missed(learned("logits", x[:POOL], y[:POOL])))
    few = some(FEW)[0]
    put(table, "answers", missed(student(few, by_labels(net.teach(teacher(), few).argmax(-1)))))
    for kind in ("T 1", "logits"):
        loss = by_teacher(few, math.inf if kind == "logits" else 1.0, teacher("smooth"))
        put(table, f"smooth teacher, {kind}", missed(student(few, loss)))


def cured(table: style.Table) -> None:
    """A teacher that calls most nines fours, its student, and the student with right labels of a few pictures."""
    x, y = some(MANY)
    wrong = teacher("wrong")
    few, soft = by_labels(y[:FEW]), by_teacher(x, 4, wrong)
    runs = {
        "wrong teacher": student(x, soft),
        "with labels": student(x, lambda z: PART * few(z[:, :FEW]) + (1 - PART) * soft(z)),
        "labels alone": student(x[:FEW], few),
    }
    put(table, "wrong teacher, itself", missed(wrong, 9))
    for name, layers in runs.items():
        put(table, f"{name}, nines", missed(layers, 9))
        put(table, f"{name}, all", missed(layers))


def cases() -> style.Table:
    """One row: the teacher and much data, a digit left out, pictures that are none, a wrong teacher."""
    table: style.Table = {"row": [0.0]}
    plenty(table)
    x, y = some(MANY)
    for kind in ("labels", "T 1", "T 4", "logits"):
        put(table, f"no threes, {kind}", missed(learned(kind, x[y != 3], y[y != 3]), 3))
    drawn = torch.rand(MANY, 64, generator=torch.Generator().manual_seed(9))
    for name, made in (("noise", drawn), ("mixed pixels", x.gather(0, drawn.argsort(0)))):
        put(table, name, missed(student(made, by_teacher(made, 4))))
    cured(table)
    return table


def widths() -> style.Table:
    """Test errors, and disagreement with the teacher, by width of the student, with few pictures."""
    table: style.Table = {"width": [float(w) for w in WIDTHS]}
    x = digits()[0][POOL:]
    voted = net.teach(teacher(), x).argmax(-1)
    for width in WIDTHS:
        for kind in ("labels", "logits"):
            layers = learned(kind, *some(FEW), width)
            put(table, kind, missed(layers))
            put(table, f"{kind}, apart", net.errors(layers, x, voted).tolist())
    return table


FIGURES = [
    style.Recipe(
        "training/distillation/pictures", pictures, draw_pictures, (480, 380), tolerance=0.1
    ),
    style.Recipe(
        "training/distillation/temperature",
        temperature,
        draw_temperature,
        (440, 320),
        tolerance=0.1,
    ),
    style.Recipe("training/distillation/directions", directions, draw_directions, (440, 300)),
    Numbers("training/distillation/direct", direct, tolerance=0.05),
    Numbers("training/distillation/cases", cases, tolerance=0.1),
    Numbers("training/distillation/widths", widths, tolerance=0.1),
]

if __name__ == "__main__":
    style.main(FIGURES)
