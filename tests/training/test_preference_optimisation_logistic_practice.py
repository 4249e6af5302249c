"""DPO of a log-linear policy against the logistic regression of scikit-learn."""

from importlib import import_module
from typing import Any

import pytest
import torch

from tests.draws import normal

code: Any = import_module("docs.training.preference-optimisation.preference_optimisation")
logistic: Any = import_module("docs.training.preference-optimisation.logistic_practice")


def test_dpo_is_logistic_regression_on_differences_of_features() -> None:
    features, log_ref, beta = normal(12, 3), normal(12, seed=1).log_softmax(-1), 2.0
    drawn = torch.randint(12, (400, 2), generator=torch.Generator().manual_seed(0))
    pairs = code.judged(drawn, features.sum(-1), torch.Generator().manual_seed(1))
    theirs = logistic.weights(features[pairs[:, 0]].numpy(), features[pairs[:, 1]].numpy(), beta)
    loss = lambda pair: code.dpo(pair, beta)  # noqa: E731
    ours = code.fit(
        loss, torch.zeros(3).double(), log_ref, features, code.alike(pairs, log_ref), 300, 0.3
    )
    torch.testing.assert_close(ours, torch.tensor(theirs), atol=1e-4, rtol=0)
    other = logistic.weights(features[pairs[:, 0]].numpy(), features[pairs[:, 1]].numpy(), 2 * beta)
    torch.testing.assert_close(2 * torch.tensor(other), torch.tensor(theirs))


def test_the_program_finds_the_policy_of_the_votes(capsys: pytest.CaptureFixture[str]) -> None:
    logistic.main()
    assert [float(v) for v in capsys.readouterr().out.strip("[]\n").split()] == [0.48, 0.4, 0.12]
