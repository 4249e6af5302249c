"""docs/training/reasoning/*.svg: a small model that writes steps, votes on its answers, and verifiers of them."""

from functools import cache

import torch
from torch import Tensor

from docs.training.reasoning import reasoning as code
from docs.training.reasoning import steps as task
from scripts.figures import seeds, style

SEEDS, TRAINED, LONG, ASKED = 3, 700, 1400, 500
SHORT, OPERATIONS, QUESTIONS, DRAWN = 500, 4, 100, 128  # the model that errs often
TRIES = (1, 2, 4, 8, 16, 32)
FALSE, EXPLOIT = 0.1, 0.1  # what a weak verifier does with a wrong answer


def accuracy(model: task.Model, way: str, length: int) -> float:
    """Share of new questions of a length that are answered right."""
    asked = task.questions(ASKED, length, torch.Generator().manual_seed(100 + length))
    return float((task.answer(model, asked, way) == asked.states[:, length - 1]).double().mean())


def steps() -> style.Table:
    """Right answers against the number of operations: at once and twice as long trained, after dots, after steps."""
    torch.set_num_threads(1)  # the sums are small
    lengths = range(1, task.LONGEST + 1)
    table: style.Table = {"operations": [float(n) for n in lengths]}
    for name, way, trained in (
        ("at once", "at once", LONG),
        ("dots", "dots", TRAINED),
        ("steps", "steps", TRAINED),
    ):
        rows = []
        for seed in range(SEEDS):
            model = task.train(way, seed, trained)
            rows.append([accuracy(model, way, n) for n in lengths])
            if way == "steps":
                asked = task.questions(ASKED, task.LONGEST, torch.Generator().manual_seed(7))
                found = [task.changed(model, asked, at) for at in range(1, task.LONGEST)]
                seeds.put(table, "follows", [sum(f for f, _ in found) / len(found)])
                seeds.put(table, "stays", [sum(s for _, s in found) / len(found)])
        seeds.span(table, name, torch.tensor(rows).T)
    for name in ("follows", "stays"):
        del table[f"{name}, deviation"]
        table[name] += [float("nan")] * (task.LONGEST - SEEDS)
    return table


def draw_steps(table: style.Table, axes: style.Axes) -> None:
    """Four lines with their bands."""
    for n, (name, label) in enumerate(
        (
            ("steps", "written steps"),
            ("dots", "after six dots"),
            ("at once", "at once, trained twice as long"),
        )
    ):
        seeds.draw_span(axes, table, "operations", name, n, label)
    axes.axhline(1 / task.MODULUS, color=style.MUTED, lw=1)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("operations in the question")
    axes.set_ylabel("share right")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.62))


@cache
def drawn() -> list[tuple[Tensor, Tensor, Tensor]]:
    """For each of three models: chances of the answers, right answers, and drawn answers (questions, drawn)."""
    torch.set_num_threads(1)
    found = []
    for seed in range(SEEDS):
        model = task.train("steps", seed, SHORT)
        asked = task.questions(QUESTIONS, OPERATIONS, torch.Generator().manual_seed(seed))
        law = task.law(model, asked.tokens, OPERATIONS).double()
        generator = torch.Generator().manual_seed(seed)
        many = asked.tokens.repeat_interleave(DRAWN, 0)
        answers = task.write(model, many, OPERATIONS, generator)[:, -1].view(QUESTIONS, DRAWN)
        found.append((law / law.sum(1, keepdim=True), asked.states[:, OPERATIONS - 1], answers))
    return found


def groups(answers: Tensor, n: int) -> Tensor:
    """Drawn answers in groups of n: (questions · groups, n)."""
    return answers.view(-1, n)


def compared(name: str, law: Tensor, right: Tensor, answers: Tensor, n: int) -> tuple[float, float]:
    """One rule for n answers: its mean chance over the questions, and the share that was measured."""
    generator = torch.Generator().manual_seed(n)
    p = law.gather(1, right[:, None])[:, 0]
    some = groups(answers, n)
    truth = right.repeat_interleave(DRAWN // n)
    good = some == truth[:, None]
    coin = torch.rand(some.shape, generator=generator, dtype=torch.float64)
    if name in ("pass", "perfect"):
        return float(code.pass_at(p, n).mean()), float(good.any(1).double().mean())
    if name == "majority":
        won = code.vote(some, generator) == truth
        return float(code.majority(law, right, n).mean()), float(won.double().mean())
    if name == "accepted":
        taken = good | (coin < FALSE)
        first = taken.double().argmax(1)
        won = taken.any(1) & good.gather(1, first[:, None])[:, 0]
        return float(code.accepted(p, FALSE, n).mean()), float(won.double().mean())
    scores = torch.where(good, 1.0, torch.where(coin < EXPLOIT, 2.0, 0.0))
    won = code.best(scores, some, generator) == truth
    return float(code.scored(p, EXPLOIT * (1 - p), n).mean()), float(won.double().mean())


def measured(names: tuple[str, ...]) -> style.Table:
    """Each rule in closed form and as drawn, over the number of answers: mean and deviation of three models."""
    table: style.Table = {"n": [float(n) for n in TRIES]}
    for name in names:
        for n in TRIES:
            rows = [compared(name, *one, n) for one in drawn()]
            seeds.put(table, f"{name}, exact", [exact for exact, _ in rows])
            seeds.put(table, f"{name}, drawn", [found for _, found in rows])
    return table


def votes() -> style.Table:
    """pass@n and the majority; what the majority tends to; questions whose likeliest answer is wrong."""
    table = measured(("pass", "majority"))
    likeliest = [float((law.argmax(1) == right).double().mean()) for law, right, _ in drawn()]
    table["likeliest"] = likeliest + [float("nan")] * (len(TRIES) - SEEDS)
    for kind, wrong in (("helped", False), ("harmed", True)):
        for n in TRIES:
            rows = []
            for law, right, _ in drawn():
                some = (law.argmax(1) != right) == wrong
                rows.append(float(code.majority(law[some], right[some], n).mean()))
            seeds.put(table, kind, rows)
    return table


def curve(axes: style.Axes, table: style.Table, name: str, n: int, label: str) -> None:
    """Closed form as a line, what was drawn as marks with the deviation of the models."""
    colour = style.SERIES[n]
    axes.plot(table["n"], table[f"{name}, exact"], "-", color=colour)
    axes.errorbar(
        table["n"],
        table[f"{name}, drawn"],
        yerr=table[f"{name}, drawn, deviation"],
        fmt=seeds.MARKS[n][0],
        color=colour,
        elinewidth=1,
        label=label,
    )


def logarithmic(axes: style.Axes) -> None:
    """The number of answers doubles from mark to mark."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(TRIES, [str(n) for n in TRIES])
    axes.set_xlabel("answers drawn, n")
    axes.set_ylim(0, 1.03)
    axes.set_ylabel("share right")


def draw_votes(table: style.Table, axes: style.Axes) -> None:
    """Two curves and their measurements; the majority of questions that it helps and harms."""
    curve(axes, table, "pass", 0, "pass@n")
    curve(axes, table, "majority", 1, "majority")
    axes.plot(
        table["n"],
        table["helped"],
        "--",
        color=style.SERIES[1],
        lw=1,
        label="likeliest answer right",
    )
    axes.plot(
        table["n"],
        table["harmed"],
        ":",
        color=style.SERIES[1],
        lw=1.5,
        label="likeliest answer wrong",
    )
    logarithmic(axes)
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.4))


def verifiers() -> style.Table:
    """Best of n with a verifier that is perfect, accepts wrong answers, or scores some above right ones."""
    return measured(("perfect", "accepted", "scored"))


def draw_verifiers(table: style.Table, axes: style.Axes) -> None:
    """Three curves and their measurements."""
    curve(axes, table, "perfect", 0, "perfect verifier")
    curve(axes, table, "accepted", 2, "accepts 10 % of wrong answers")
    curve(axes, table, "scored", 3, "scores 10 % of them highest")
    logarithmic(axes)
    axes.legend(loc="lower right")


FIGURES = [
    style.Recipe(
        "training/reasoning/steps", steps, draw_steps, (440, 300), tolerance=0.02, absolute=0.15
    ),
    style.Recipe(
        "training/reasoning/votes", votes, draw_votes, (440, 300), tolerance=0.02, absolute=0.1
    ),
    style.Recipe(
        "training/reasoning/verifiers",
        verifiers,
        draw_verifiers,
        (440, 300),
        tolerance=0.02,
        absolute=0.1,
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
