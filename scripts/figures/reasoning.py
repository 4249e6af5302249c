"""docs/training/reasoning/hacked.svg: a policy that learns from a verifier with few tests, or with many."""

import torch

from docs.training.reasoning import reasoning as code
from scripts.figures import seeds, style

TESTS = (1, 4, 5, 20)


def hacked() -> style.Table:
    """Reward and right answers while a policy learns from a verifier with a few tests."""
    made = {tests: code.learn(tests) for tests in TESTS}
    made_beta = code.learn(1, beta=0.2)
    every = torch.arange(0, len(made_beta.right), 20)
    table: style.Table = {"step": every.double().tolist()}
    for name, learned in [(f"{t} tests", made[t]) for t in TESTS] + [("penalty", made_beta)]:
        for column, values in zip(("reward", "right", "trick"), learned, strict=True):
            seeds.span(table, f"{name}, {column}", values[every])
    return table


def draw_hacked(table: style.Table, panels: list[style.Axes]) -> None:
    """One test at the left, twenty at the right: reward and truth."""
    for axes, tests in zip(panels, (1, 20), strict=True):
        seeds.draw_span(axes, table, "step", f"{tests} tests, reward", 0, "reward", 4)
        seeds.draw_span(axes, table, "step", f"{tests} tests, right", 1, "right", 4)
        axes.set_title("one test" if tests == 1 else "twenty tests", fontsize=12)
        axes.set_ylim(0, 1)
        axes.set_xlabel("step")
    panels[0].set_ylabel("share of answers")
    panels[1].tick_params(labelleft=False)
    panels[0].legend(loc="center right", bbox_to_anchor=(1, 0.45))


FIGURES = [style.Recipe("training/reasoning/hacked", hacked, draw_hacked, (480, 250), (1, 2))]

if __name__ == "__main__":
    style.main(FIGURES)
