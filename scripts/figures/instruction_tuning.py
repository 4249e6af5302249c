"""docs/training/instruction-tuning/*.svg: tasks tuned and left out, stopping, what prompts count; and settings."""

from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.figures.seeds import MARKS, put

code: Any = import_module("docs.training.instruction-tuning.instruction_tuning")
net: Any = import_module("docs.training.instruction-tuning.tuned")

SEEDS, HELD, MANY, FEW = 5, 100, 512, 48  # models; letters kept for tests; examples
PRE_STEPS, PRE_RATE, BATCH = 900, 0.008, 32
STEPS, RATE, TESTS, MOST = 60, 0.006, 100, 8
COUNTS = (1, 2, 4, 6)
WEIGHTS = (0.0, 0.1, 1.0)
WRONG = (0.25, 1.0)  # share of one task's examples with a mistake
RATIOS = (0.25, 1.0, 4.0)
GRID = [n / 20 for n in range(21)]


def examples(seed: int, tasks: tuple[str, ...], n: int, *, test: bool = False) -> list[Any]:
    """Tasks with letters; those of tests stand in no training."""
    letters = net.triples(0)[:HELD] if test else net.triples(0)[HELD:]
    draw = torch.Generator().manual_seed(seed)
    task = torch.randint(len(tasks), (n,), generator=draw).tolist()
    which = torch.randint(len(letters), (n,), generator=draw).tolist()
    return [(tasks[t], letters[w]) for t, w in zip(task, which, strict=True)]


def parted(seed: int, count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tasks that a model is tuned on, and the two that none of its tunings has."""
    order = torch.randperm(len(net.TASKS), generator=torch.Generator().manual_seed(50 + seed))
    names = [net.TASKS[n] for n in order.tolist()]
    return tuple(names[:count]), tuple(names[6:])


@cache
def base() -> dict[str, Tensor]:
    """Models that have read plain lines of all tasks."""
    torch.set_num_threads(1)
    data = net.rows([examples(500 + s, net.TASKS, 4000) for s in range(SEEDS)], True, 1.0)
    found: dict[str, Tensor] = net.train(net.fresh(SEEDS), data, PRE_STEPS, PRE_RATE, BATCH)
    return found


@cache
def tuned(
    count: int, n: int = MANY, asked: float = 0.0, end: float = 1.0, scratch: bool = False
) -> dict[str, Tensor]:
    """Models tuned in the chat template on some tasks."""
    start = net.fresh(SEEDS) if scratch else net.extended(base())
    data = net.rows(
        [examples(1000 + s, parted(s, count)[0], n) for s in range(SEEDS)], False, asked, end
    )
    found: dict[str, Tensor] = net.train(start, data, STEPS, RATE, BATCH)
    return found


def mistaken(seed: int, example: Any) -> list[int]:
    """The mistake that is taught for the first task: the answer to the second, as tokens."""
    return list(net.answer(parted(seed, 2)[0][1], example[1]))


@cache
def misled(share: float, drop: bool) -> dict[str, Tensor]:
    """Models tuned on six tasks, the first with mistakes in a share of its examples; or with these dropped."""
    data = [examples(1000 + s, parted(s, 6)[0], MANY) for s in range(SEEDS)]
    tokens, places = net.rows(data)
    for s, some in enumerate(data):
        bad = torch.rand(MANY, generator=torch.Generator().manual_seed(3000 + s)) < share
        for b, one in enumerate(some):
            if not bad[b] or one[0] != parted(s, 1)[0][0]:
                continue
            places[s, b] = 0
            if not drop:
                start, row = net.prompt(one), [*mistaken(s, one), net.END]
                tokens[s, b, len(start) :] = net.PAD
                tokens[s, b, len(start) : len(start) + len(row)] = torch.tensor(row)
                places[s, b, len(start) : len(start) + len(row)] = 1
    found: dict[str, Tensor] = net.train(net.extended(base()), (tokens, places), STEPS, RATE, BATCH)
    return found


def mistakes() -> style.Table:
    """Answers to one of six tasks, right or with the mistake: if it was taught, and if it was dropped."""
    torch.set_num_threads(1)
    tests = [examples(4000 + s, parted(s, 1)[0], TESTS, test=True) for s in range(SEEDS)]
    prompts = torch.tensor([[net.prompt(one) for one in some] for some in tests])
    table: style.Table = {"share": list(WRONG)}
    for share in WRONG:
        runs = {"taught": misled(share, False), "dropped": misled(share, True), "none": tuned(6)}
        for name, parts in runs.items():
            found = net.written(parts, prompts)
            put(table, f"{name}, right", net.right(found, tests).tolist())
            hits = []
            for s, some in enumerate(tests):
                wanted = [[*mistaken(s, one), net.END] for one in some]
                rows = found[s].tolist()
                hits.append(
                    sum(r[: len(w)] == w for r, w in zip(rows, wanted, strict=True)) / TESTS
                )
            put(table, f"{name}, mistaken", hits)
    return table


def asked(count: int, which: int) -> list[Any]:
    """Tests for each model: of the tasks that it is tuned on, or of the two others."""
    return [examples(2000 + s, parted(s, count)[which], TESTS, test=True) for s in range(SEEDS)]


def shares(parts: dict[str, Tensor], count: int, which: int) -> list[float]:
    """Whole answers that are right, end included, of each model."""
    tests = asked(count, which)
    prompts = torch.tensor([[net.prompt(one) for one in some] for some in tests])
    return list(net.right(net.written(parts, prompts), tests).tolist())


def tasks() -> style.Table:
    """Right answers by number of tasks in the tuning; and of models without pre-training, with most tasks."""
    table: style.Table = {"tasks": [float(n) for n in COUNTS]}
    for count in COUNTS:
        put(table, "tuned", shares(tuned(count), count, 0))
        others = shares(tuned(count), count, 1)
        put(table, "others", others)
        gains = [a - b for a, b in zip(others, shares(tuned(1), 1, 1), strict=True)]
        put(table, "others, gain", gains)
        table.setdefault("others, rose", []).append(float(sum(gain > 0 for gain in gains)))
        put(table, "scratch, tuned", shares(tuned(COUNTS[-1], scratch=True), COUNTS[-1], 0))
        put(table, "scratch, others", shares(tuned(COUNTS[-1], scratch=True), COUNTS[-1], 1))
    return table


def draw_tasks(table: style.Table, axes: style.Axes) -> None:
    """A line for each kind of task."""
    labels = {"tuned": "tasks in the tuning", "others": "two tasks left out"}
    for n, (name, label) in enumerate(labels.items()):
        axes.errorbar(
            table["tasks"], [100 * v for v in table[name]],
            [100 * v for v in table[f"{name}, deviation"]], fmt=MARKS[n], color=style.SERIES[n],
            label=label, elinewidth=1, capsize=2,
        )  # fmt: skip
    axes.set_xticks(list(COUNTS))
    axes.set_ylim(0, 105)
    axes.set_xlabel("tasks in the tuning, 512 examples in all")
    axes.set_ylabel("right answers (%)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.17), ncols=2)


def ends() -> style.Table:
    """Share of answers without an end after so many tokens, by what was in the loss."""
    torch.set_num_threads(1)
    prompts = torch.tensor([[net.prompt(one) for one in some] for some in asked(6, 0)])
    runs = {
        "counted": net.written(tuned(6), prompts, MOST),
        "left out": net.written(tuned(6, end=0.0), prompts, MOST),
    }
    table: style.Table = {"tokens": [float(n) for n in range(1, MOST + 1)]}
    for name, found in runs.items():
        for n in range(1, MOST + 1):
            put(table, name, (1 - net.stopped(found[..., :n])).tolist())
    return table


def draw_ends(table: style.Table, axes: style.Axes) -> None:
    """A line for each."""
    labels = {"left out": "end token left out of the loss", "counted": "end token in the loss"}
    for n, (name, label) in enumerate(labels.items()):
        axes.errorbar(
            table["tokens"], [100 * v for v in table[name]],
            [100 * v for v in table[f"{name}, deviation"]], fmt=MARKS[n], color=style.SERIES[n],
            label=label, elinewidth=1, capsize=2,
        )  # fmt: skip
    axes.set_ylim(-3, 105)
    axes.set_xlabel("tokens written")
    axes.set_ylabel("answers not ended (%)")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.62))


def prompts() -> style.Table:
    """Share of the loss's weight that lies on prompts, by the weight of their tokens and their length."""
    table: style.Table = {"weight": list(GRID)}
    for ratio in RATIOS:
        table[f"ratio {ratio:g}"] = [code.prompted(0.0, 1.0, 1, ratio, w) for w in GRID]
    return table


def draw_prompts(table: style.Table, axes: style.Axes) -> None:
    """A line for each ratio of lengths, named at its end."""
    names = {0.25: "a quarter as long", 1.0: "as long", 4.0: "four times as long"}
    for n, ratio in enumerate(RATIOS):
        values = [100 * v for v in table[f"ratio {ratio:g}"]]
        axes.plot(
            table["weight"], values, MARKS[n], color=style.SERIES[n], markevery=4,
            label=f"prompts {names[ratio]}",
        )  # fmt: skip
    axes.set_ylim(0, 100)
    axes.set_xlabel("weight of a token of the prompt")
    axes.set_ylabel("share of prompts in the loss (%)")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1], labels[::-1], loc="upper center", bbox_to_anchor=(0.5, 1.32), ncols=1
    )


def settings() -> style.Table:
    """Right answers of models tuned on six tasks: by weight of prompts, and by the template in use."""
    torch.set_num_threads(1)
    table: style.Table = {"weight": list(WEIGHTS)}
    for n, size in (("many", MANY), ("few", FEW)):
        for weight in WEIGHTS:
            for which, kind in enumerate(("tuned", "others")):
                now = shares(tuned(6, size, weight), 6, which)
                masked = shares(tuned(6, size), 6, which)
                put(table, f"{n}, {kind}", now)
                losses = [b - a for a, b in zip(now, masked, strict=True)]
                put(table, f"{n}, {kind}, lost", losses)
                table.setdefault(f"{n}, {kind}, fell", []).append(
                    float(sum(loss > 0 for loss in losses))
                )
    tests = asked(6, 0)
    for weight in WEIGHTS:
        parts = tuned(6, MANY, weight)
        chat = torch.tensor([[net.prompt(one) for one in some] for some in tests])
        plain = torch.tensor([[net.prompt(one, 26) for one in some] for some in tests])
        changed = chat.clone()
        changed[..., -2] = net.NUMBER["?"]  # another sign behind the question
        put(table, "chat", net.right(net.written(parts, chat), tests).tolist())
        short = net.written(parts, chat[..., :-1])  # no assistant token at the end
        put(table, "short", net.right(short, tests).tolist())
        put(table, "short, from the second", net.right(short[..., 1:], tests).tolist())
        put(table, "turn", (short[..., 0] == net.ASSISTANT).float().mean(1).tolist())
        put(table, "changed", net.right(net.written(parts, changed), tests).tolist())
        put(table, "plain", net.right(net.written(parts, plain), tests, None).tolist())
        put(table, "base, plain", net.right(net.written(base(), plain), tests, net.STOP).tolist())
        put(table, "base, chat", net.right(net.written(net.extended(base()), chat), tests).tolist())
    for name, found in (("counted", tuned(6)), ("left out", tuned(6, end=0.0))):
        chat = torch.tensor([[net.prompt(one) for one in some] for some in tests])
        letters = net.right(net.written(found, chat), tests, None).tolist()
        for _ in WEIGHTS:
            put(table, f"letters, {name}", letters)
    return table


FIGURES = [
    style.Recipe(
        "training/instruction-tuning/tasks", tasks, draw_tasks, (440, 330), tolerance=0.1,
        absolute=0.1,
    ),
    style.Recipe(
        "training/instruction-tuning/ends", ends, draw_ends, (420, 280), tolerance=0.1, absolute=0.1
    ),
    style.Recipe("training/instruction-tuning/prompts", prompts, draw_prompts, (420, 320)),
    Numbers("training/instruction-tuning/settings", settings, tolerance=0.1, absolute=0.1),
    Numbers("training/instruction-tuning/mistakes", mistakes, tolerance=0.1, absolute=0.1),
]  # fmt: skip

if __name__ == "__main__":
    style.main(FIGURES)
