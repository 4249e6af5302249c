"""The decision transformer: tokens, a causal mask, and what the trained networks of the figure answer."""

from importlib import import_module

import torch

from scripts.figures.style import read_table
from tests.models.test_world_models import PAGE, STEPS, TRUE

sequence = import_module("docs.models.world-models.decision_transformer")


def test_an_episode_is_a_sequence_whose_return_says_how_it_ends() -> None:
    data = sequence.episodes(TRUE, 4000, STEPS, torch.Generator().manual_seed(0))
    assert data.shape == (4000, 7)
    assert set(data[:, 0].tolist()) == {0, 1}
    assert (data[:, 1] == sequence.PLACE).all()
    assert set(data[:, 2::2].flatten().tolist()) == {2, 3}
    half = torch.full((STEPS, 4, 2), 0.5).double()
    assert abs(data[:, 0].double().mean() - sequence.reaches(TRUE, half)) < 0.03


def test_a_place_does_not_see_what_comes_later() -> None:
    torch.manual_seed(0)
    model = sequence.DecisionTransformer()
    rows = torch.tensor([[1, 4, 2, 5, 3, 6], [1, 4, 2, 5, 2, 7]])
    first, second = model(rows)
    torch.testing.assert_close(first[:4], second[:4])
    assert (first[5] - second[5]).abs().max() > 1e-3


def test_a_few_rounds_lower_the_loss_and_move_towards_bayes_rule() -> None:
    torch.manual_seed(0)
    model = sequence.DecisionTransformer()
    data = sequence.episodes(TRUE, 2000, STEPS, torch.Generator().manual_seed(0))

    def loss() -> float:
        logits = model(data[:, :-1])[:, 1::2].flatten(0, 1)
        return float(
            torch.nn.functional.cross_entropy(logits, (data[:, 2::2] - 2).flatten()).detach()
        )

    before = loss()
    sequence.train(model, data, 20, 100)
    assert loss() < min(before, 0.69)
    reached, walk = sequence.success(model, TRUE, STEPS)
    assert 0 < reached < 1
    assert 0 < walk < 1


def test_the_networks_of_the_figure_are_near_bayes_rule() -> None:
    table = read_table(PAGE.parent / "world-models" / "asked.csv")
    at = table["jump"].index(0.3)
    assert abs(table["network"][at] - table["asked"][at]) < 0.02
    assert abs(table["network, first walk"][at] - table["first walk"][at]) < 0.05
