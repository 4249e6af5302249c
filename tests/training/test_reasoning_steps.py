"""The small model that calculates modulo 7, and what the page tells of its runs, read from the figures."""

import itertools
from pathlib import Path

import pytest
import torch

from docs.training.reasoning import steps as task
from scripts.figures import reasoning_trained as recipe
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "reasoning.md"
said = sayings(PAGE)


def table(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(PAGE.with_suffix("") / f"{name}.csv")


def calculated(tokens: list[int]) -> list[int]:
    """The steps by Python's own operators, from the names of the tokens."""
    x, states = int(task.NAMES[tokens[0]]), []
    for token in tokens[1:-1]:
        name = task.NAMES[token]
        if name != ".":
            x = (x + int(name[1:]) if name[0] == "+" else x * int(name[1:])) % 7
        states.append(x)
    return states


def test_questions_have_the_steps_that_python_calculates() -> None:
    asked = task.questions(300, None, torch.Generator().manual_seed(3))
    for tokens, states, length in zip(*(part.tolist() for part in asked), strict=True):
        assert calculated(tokens) == states
        assert sum(task.NAMES[t] not in ".=" for t in tokens) == length + 1
        assert tokens[-1] == task.EQUALS
    assert set(asked.length.tolist()) == set(range(1, task.LONGEST + 1))
    assert task.LONGEST == 6


def test_a_wrong_step_never_gives_the_right_end() -> None:
    for token in range(task.FIRST, task.DOT):
        after = task.apply(torch.arange(7), torch.full((7,), token))
        assert sorted(after.tolist()) == list(range(7))  # each operation can be undone


def test_the_model_cannot_look_ahead() -> None:
    torch.manual_seed(0)
    model = task.Model().eval()
    tokens = task.questions(4, None, torch.Generator().manual_seed(1)).tokens
    other = tokens.clone()
    other[:, 5:] = task.DOT
    torch.testing.assert_close(model(tokens)[:, :5], model(other)[:, :5])
    assert not torch.allclose(model(tokens)[:, 5:], model(other)[:, 5:])


def test_the_law_of_answers_is_the_sum_over_all_chains_and_that_of_draws() -> None:
    torch.manual_seed(0)
    model = task.Model().eval()
    last = model.read[1]
    assert isinstance(last, torch.nn.Linear)
    with torch.no_grad():
        last.weight *= 6  # far from uniform
    tokens = task.questions(1, 3, torch.Generator().manual_seed(2)).tokens
    found = task.law(model, tokens, 3)[0]
    by_hand = torch.zeros(7)
    for chain in itertools.product(range(7), repeat=3):
        text = torch.cat([tokens, torch.tensor([chain])], 1)
        p = model(text)[0, task.READ - 1 : -1].softmax(-1)
        by_hand[chain[-1]] += p[torch.arange(3), list(chain)].prod().detach()
    torch.testing.assert_close(found, by_hand)
    drawn = task.write(model, tokens.expand(3000, -1), 3, torch.Generator().manual_seed(1))[:, -1]
    shares = torch.bincount(drawn, minlength=7) / 3000
    assert float((shares - found).abs().max()) < 0.035
    assert float(found.max() - found.min()) > 0.05


def test_a_short_training_with_steps_beats_guessing() -> None:
    torch.set_num_threads(1)
    model = task.train("steps", 0, 130)
    asked = task.questions(300, 1, torch.Generator().manual_seed(5))
    right = task.answer(model, asked, "steps") == asked.states[:, 0]
    assert float(right.double().mean()) > 0.35


def test_a_changed_step_is_followed_by_a_model_that_calculates_from_it() -> None:
    class Calculator(task.Model):
        """Calculates each step from the one before it."""

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            n = tokens.shape[1] - task.READ
            x = tokens[:, 0] if n == 0 else tokens[:, -1]
            wanted = task.apply(x, tokens[:, n + 1])
            return 50.0 * torch.nn.functional.one_hot(wanted, 7)[:, None].float()

    asked = task.questions(40, 6, torch.Generator().manual_seed(1))
    for at in range(1, 6):
        assert task.changed(Calculator(), asked, at) == (1.0, 0.0)


@pytest.mark.answer("answer-reasoning-chain")
def test_exercise_1_a_chain(answer: Bench) -> None:
    names = ["2", "×5", "+6", "×4"]
    tokens = [task.NAMES.index(name) for name in names]
    answer("answer-reasoning-chain").is_(calculated([*tokens, task.EQUALS]), (10, 16, 64))
    said("10 leaves 3; 9 leaves 2; 8 leaves 1.", "2, times 5, plus 6, times 4", "$10 = 7 + 3$")


def test_the_example_is_calculated_step_by_step() -> None:
    tokens = [task.NAMES.index(name) for name in ("3", "×2", "+5", "×3", "=")]
    assert calculated(tokens) == [6, 4, 5]
    said(
        "$3 \\times 2 = 6$. $6 + 5 = 11$, which leaves 4. $4 \\times 3 = 12$, which leaves 5.",
        "The chain is *6 4 5*, and its end is the answer.",
        "$3 \\times 2 + 5$, all of it times 3, from left to right",
    )
    assert (3 * 3) % 7 == 2  # after a wrong second step


# What the runs gave.


def test_steps_against_answers_at_once() -> None:
    found = table("steps")
    least, most = found["steps_least"][-1], found["steps_most"][-1]
    said(
        f"With six operations {100 * found['steps_mean'][-1]:.1f} % are right with written steps "
        f"({100 * least:.0f} to {100 * most:.0f} % among the seeds), and "
        f"{100 * found['at once_mean'][-1]:.1f} % at once",
        f"but no written state to read: {100 * found['dots_mean'][-1]:.1f} %.",
        f"With six operations {100 * sum(found['follows'][:3]) / 3:.1f} % of the answers follow "
        f"the changed step, and {100 * sum(found['stays'][:3]) / 3:.1f} % stay with the "
        "question's own answer (mean of 3 seeds, over the first five steps)",
    )
    for n in range(6):
        above = max(found["at once_most"][n], found["dots_most"][n])
        assert found["steps_least"][n] > above
    for name in ("at once", "dots"):
        assert found[f"{name}_mean"][0] > 0.5
        assert max(found[f"{name}_most"][1:]) < 0.22
    assert min(found["steps_mean"][:5]) > 0.95
    assert recipe.LONG == 2 * recipe.TRAINED
    said(
        "Mean of 3 seeds, band from the least to the most; 500 freshly drawn questions for each number of "
        "operations; the thin line is guessing, 1/7.",
        f"in {recipe.TRAINED} or {recipe.LONG:,} steps of training with at most six operations",
    )
    assert (recipe.SEEDS, recipe.ASKED) == (3, 500)


def told(found: style.Table, name: str, row: int) -> str:
    """Mean and deviation in per cent."""
    return f"{100 * found[name][row]:.1f} ± {100 * found[f'{name}, deviation'][row]:.1f} %"


def test_votes_in_closed_form_and_drawn() -> None:
    found = table("votes")
    likeliest = found["likeliest"][:3]
    said(
        f"are right in {told(found, 'pass, exact', 0)} of single draws; the majority of 32 is "
        f"right for {told(found, 'majority, exact', -1)} of the questions, and pass@32 is "
        f"{told(found, 'pass, exact', -1)}.",
        f"right for {100 * likeliest[0]:.0f}, {100 * likeliest[1]:.0f} and "
        f"{100 * likeliest[2]:.0f} % of the questions, on average {100 * sum(likeliest) / 3:.1f} %",
        f"of such questions the majority of 32 answers gets {100 * found['harmed'][-1]:.1f} % "
        f"right, one answer {100 * found['harmed'][0]:.1f} %",
        "128 answers drawn for each of 100 questions of four operations; mean and standard "
        "deviation of 3 small models, stopped after 500 steps",
    )
    gaps = [
        abs(a - b)
        for name in ("pass", "majority")
        for a, b in zip(found[f"{name}, exact"], found[f"{name}, drawn"], strict=True)
    ]
    assert max(gaps) < 0.005
    said("The mean of the draws differs from the closed form by at most 0.5 points.")
    assert found["majority, exact"][0] == pytest.approx(found["majority, exact"][1])
    for name, sign in (("helped", 1), ("harmed", -1)):
        assert all(sign * (b - a) > 0 for a, b in itertools.pairwise(found[name][1:]))
    assert (recipe.DRAWN, recipe.QUESTIONS, recipe.OPERATIONS, recipe.SHORT) == (128, 100, 4, 500)


def test_verifiers_in_closed_form_and_drawn() -> None:
    found = table("verifiers")
    scored = found["scored, exact"]
    at = scored.index(max(scored))
    said(
        f"accuracy falls from {100 * scored[at]:.1f} % at {found['n'][at]:.0f} answers to "
        f"{100 * scored[-1]:.1f} % at 32",
        f"a better verifier: {100 * found['perfect, exact'][-1]:.1f} % at 32 if it never errs",
    )
    gaps = [
        abs(a - b)
        for name in ("perfect", "accepted", "scored")
        for a, b in zip(found[f"{name}, exact"], found[f"{name}, drawn"], strict=True)
    ]
    assert 0.016 < max(gaps) < 0.017
    said("the mean of the draws differs from them by at most 1.7 points")
    for name in ("perfect", "accepted"):
        assert found[f"{name}, exact"] == sorted(found[f"{name}, exact"])
    assert scored[: at + 1] == sorted(scored[: at + 1])
    assert scored[at:] == sorted(scored[at:], reverse=True)
    assert (recipe.FALSE, recipe.EXPLOIT) == (0.1, 0.1)
