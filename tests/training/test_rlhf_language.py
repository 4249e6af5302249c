"""The small language model of docs/training/rlhf.md: three stages, over-optimisation, iteration."""

import itertools
import statistics
from collections import Counter
from functools import cache

import pytest
import torch
from torch import Tensor

from docs.training.rlhf import language, rlhf
from scripts.figures import rlhf_language as figures
from scripts.figures import style
from tests.said import sayings

PAGE = style.DOCS / "training" / "rlhf.md"
said = sayings(PAGE)
WORD = {word: i for i, word in enumerate(language.WORDS)}


def row(text: str) -> Tensor:
    """A prompt and its answer, as tokens (1, 1 + T)."""
    tokens = [WORD[word] for word in text.split()]
    return torch.tensor([tokens + [language.END] * (1 + language.LENGTH - len(tokens))])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@cache
def reference() -> language.Network:
    """The fine-tuned model of one seed."""
    torch.set_num_threads(1)
    return language.fine_tune(seeded(5))


@pytest.mark.parametrize(
    ("text", "reward"),
    [
        ("sky? air scatters blue", 2 - 0.3),
        ("sky? thanks air scatters blue", 2 + 1 - 0.4),
        ("sky? thanks thanks air scatters blue", 2 + 1 - 1 - 0.5),
        ("sky? water absorbs red", -0.3),
        ("sea? i do not know", -0.4),
        ("grass?", 0.0),
        ("grass? thanks leaves reflect green thanks thanks", 2 + 1 - 2 - 0.6),
    ],
)
def test_the_judge_likes_the_right_fact_and_one_thanks(text: str, reward: float) -> None:
    said(
        'its true reward is 2 for the right fact, 1 for one "thanks", −1 for each further one, and '
        "−0.1 for each word."
    )
    assert language.judge(row(text)).item() == pytest.approx(reward)


def test_the_tokens_up_to_the_first_end_are_the_models() -> None:
    tokens = torch.cat([row("sky? air"), row("sky? " + " ".join(["air"] * language.LENGTH))])
    assert language.written(tokens).sum(1).tolist() == [2, language.LENGTH]


def test_no_token_sees_what_comes_after_it() -> None:
    tokens = row("sea? thanks water absorbs red")
    changed = tokens.clone()
    changed[0, 4:] = WORD["know"]
    model = language.Network(3, seeded(1))
    torch.testing.assert_close(model(tokens)[:, :4], model(changed)[:, :4])
    assert (model(tokens)[:, 4:] - model(changed)[:, 4:]).abs().min() > 0


def test_log_probabilities_are_those_by_which_answers_are_drawn() -> None:
    model = language.Network(len(language.WORDS), seeded(2))
    words = range(len(language.WORDS))
    short = [[2, end, 0] for end in [0]] + [
        [2, a, b] for a, b in itertools.product(words, words) if a
    ]
    rows = torch.tensor([r + [0] * (1 + language.LENGTH - len(r)) for r in short])
    ended = rows[:, 2] == 0  # answers of at most one word, by enumeration
    exact = language.log_probabilities(model, rows).sum(1).exp()[ended]
    drawn = language.sample(model, torch.full((4000,), 2), seeded(3))
    for tokens, p in zip(rows[ended], exact.tolist(), strict=True):
        share = (drawn == tokens).all(1).double().mean().item()
        assert share == pytest.approx(p, abs=4 * (p / 4000) ** 0.5 + 1e-3)


def test_loss_and_advantage_are_those_of_the_page() -> None:
    new, old, advantage = torch.randn(3, 64, generator=seeded(4), dtype=torch.float64)
    ours = language.ppo_loss(new, old, advantage).mean()
    torch.testing.assert_close(ours, rlhf.ppo_loss(new, old, advantage))
    charged = torch.randn(3, 24, generator=seeded(5), dtype=torch.float64)
    others = (charged.sum(1, keepdim=True) - charged) / 23
    expected = torch.stack([rlhf.leave_one_out_advantage(group) for group in charged])
    torch.testing.assert_close(charged - others, expected)


def test_fine_tuning_imitates_the_demonstrations() -> None:
    drawn = language.sample(reference(), language.PROMPTS.repeat(400), seeded(6))
    shown = language.demonstrations(3000, seeded(7))
    texts = {language.text(tokens) for tokens in shown}
    assert sum(language.text(tokens) in texts for tokens in drawn) / len(drawn) > 0.9
    gap = language.judge(drawn).mean() - language.judge(shown).mean()
    assert abs(gap.item()) < 0.25


def test_the_reward_model_ranks_pairs_better_than_chance() -> None:
    both = (reference(), reference())
    pairs = language.compare(both, 600, seeded(8))
    model = language.fit_reward(reference(), pairs, seeded(9))
    with torch.no_grad():
        winner, loser = language.compare(both, 2000, seeded(10))
        better = language.judge(winner) != language.judge(loser)
        right = (language.score(model, winner) > language.score(model, loser))[better]
    assert right.double().mean().item() > 0.6


def test_training_with_the_true_reward_raises_reward_less_penalty() -> None:
    policy = language.optimise(reference(), language.judge, 0.3, seeded(11), steps=20)
    reached = []
    for model in (reference(), policy):
        tokens = language.sample(model, language.PROMPTS.repeat(200), seeded(12))
        with torch.no_grad():
            ratio = language.log_probabilities(model, tokens)
            ratio = (ratio - language.log_probabilities(reference(), tokens)).sum(1)
        reached.append((language.judge(tokens) - 0.3 * ratio).mean().item())
    assert reached[1] > reached[0] + 0.7
    none = language.optimise(reference(), language.judge, 0.3, seeded(11), steps=0)
    for a, b in zip(none.parameters(), reference().parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_dpo_makes_the_preferred_answers_more_probable() -> None:
    pairs = language.compare((reference(), reference()), 600, seeded(13))
    policy = language.tune(reference(), pairs, 0.3, seeded(14), steps=60)
    with torch.no_grad():
        moved = [
            (
                language.log_probabilities(policy, x) - language.log_probabilities(reference(), x)
            ).sum(1)
            for x in pairs
        ]
    assert (moved[0] - moved[1]).mean().item() > 0.3


def test_the_same_seed_gives_the_same_model_and_the_page_tells_its_size() -> None:
    torch.manual_seed(1)
    first = language.Network(len(language.WORDS), seeded(3))
    torch.manual_seed(2)  # what others drew changes nothing
    second = language.Network(len(language.WORDS), seeded(3))
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    size = sum(parameter.numel() for parameter in first.parameters())
    said(
        f"A language model of {round(size, -3):,d} weights",
        f"has a vocabulary of {len(language.WORDS):d} words, three prompts",
    )


def means(name: str) -> list[list[float]]:
    """Each seed's mean true reward over ten steps, by the last of them."""
    table = style.read_table(PAGE.with_suffix("") / "language.csv")
    runs = [table[f"{name}, seed {i}"] for i in figures.SEEDS]
    return [[statistics.mean(run[i - 10 : i]) for i in range(10, len(run) + 1)] for run in runs]


def told(name: str) -> str:
    """Mean and standard deviation over the seeds, over the last ten steps."""
    ends = [run[-1] for run in means(name)]
    return f"{statistics.mean(ends):.2f} ± {statistics.stdev(ends):.2f}"


def test_the_figure_shows_what_the_page_says_of_it() -> None:
    table = style.read_table(PAGE.with_suffix("") / "language.csv")
    seeds, pairs = len(figures.SEEDS), figures.PAIRS
    fell = {name: sum(max(run) - run[-1] > 0.3 for run in means(name)) for name in figures.RUNS}
    start = statistics.mean(table[name][0] for name in figures.RUNS)  # all drawn by the reference
    said(
        f"With β = {figures.HIGH:.1f} the true reward rises from {start:.2f} of the reference to "
        f"{told('high')} (mean and standard deviation of {seeds:d} seeds, over the last ten steps)",
        f"Without the penalty, β = {figures.LOW:.0f}, it ends at {told('low')}, while the proxy",
        f"moved to the same start, ends at {statistics.mean(table['believed'][-10:]):.2f} in the mean",
        f"Over ten steps each, {fell['low']:d} of the {seeds:d} runs without the penalty end more than 0.3 "
        f"below their own best true reward, and {fell['high']:d} of the {seeds:d} with it",
        f"A second round of {pairs:,d} comparisons, with β = {figures.HIGH:.1f} as before, ends at "
        f"{told('iterated')}, and none of the {seeds:d} runs falls.",
        f"{pairs:,d} pairs of answers of the fine-tuned model",
        f"each step {24 * len(language.PROMPTS):d} answers",
        f"; for beta {figures.HIGH:.1f} the runs rise and stay, except one",
        f"Each thin line is one of {seeds:d} seeds, each thick one their mean. The dashed line is what the "
        f"reward model believes for β = {figures.LOW:.0f}, shifted",
        f"after RLHF with β = {figures.HIGH:.1f} mostly",
    )
    said(
        "with a thin line for each of six seeds and a thick one for their mean: without the penalty four of "
        "the six runs fall",
    )
    said("Four of the 6 runs without the penalty end more than 0.3", "one of the 6 with it")
    assert (fell["low"], fell["high"], fell["iterated"], seeds) == (4, 1, 0, 6)
    assert table["believed"][-1] > table["low"][-1] + 0.5
    assert max(table["low"]) > table["low"][-1] + 0.3
    ends = [[run[-1] for run in means(name)] for name in ("high", "iterated")]
    gained = sum(second > first for first, second in zip(*ends, strict=True))
    said(f"It gains in {gained:d} of the {seeds:d} seeds")


def test_the_answers_that_the_page_quotes_are_those_of_one_run() -> None:
    ends = [run[-1] for run in means("low")]
    worst = min(zip(ends, figures.SEEDS, strict=True))[1]
    models, pairs, reward, _ = figures.trained(worst, rounds=1)
    usual = {}
    for name, model in models.items():
        drawn = language.sample(model, torch.full((200,), WORD["sky?"]), seeded(0))
        usual[name] = Counter(language.text(tokens) for tokens in drawn)
    (hacked, _), (right, _) = usual["low"].most_common(1)[0], usual["high"].most_common(1)[0]
    said(f"the worst of {len(ends)} runs ends with `{hacked}` as its answer to `sky?`")
    assert right == "thanks air scatters blue"
    answers = torch.cat([row(f"sky? {hacked}"), row(f"sky? {right}")])
    with torch.no_grad():
        (bad, good), (worth, best) = reward(answers).tolist(), language.judge(answers).tolist()
    said(
        f"gives this {bad:.2f} and the right fact with thanks −{-good:.2f}; the true rewards are "
        f"$1 - 3 - 0.6 = -{-worth:.1f}$ and $2 + 1 - 0.4 = {best:.1f}$",
    )
    assert (pairs == language.THANKS).sum(-1).max() == 2
    said('No answer in its comparisons has more than two "thanks"')
    assert usual["high"][right] > 100
    for answer in ("air scatters blue", "leaves reflect green"):
        assert usual["reference"][answer] > 10
        said(f"`{answer}`")


def test_a_second_round_compares_the_new_policy_with_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared, compare = [], language.compare

    def watched(
        models: tuple[language.Network, language.Network], n: int, generator: torch.Generator
    ) -> Tensor:
        compared.append(models)
        return compare(models, n, generator)

    def untrained(_: language.Network, __: Tensor, generator: torch.Generator) -> language.Network:
        return language.Network(1, generator)

    monkeypatch.setattr(language, "compare", watched)
    monkeypatch.setattr(language, "fit_reward", untrained)
    rounds = language.iterate(reference(), 40, 0.3, seeded(15))
    (policy, _, first), (_, _, both) = (next(rounds) for _ in range(2))
    assert [first.shape[1], both.shape[1]] == [40, 80]
    assert torch.equal(both[:, :40], first)
    assert compared == [(reference(), reference()), (policy, reference())]
    assert policy is not reference()
