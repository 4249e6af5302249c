"""A restricted Boltzmann machine of scikit-learn, judged by an exact likelihood."""

import torch
from sklearn.neural_network import BernoulliRBM
from torch import Tensor


# --8<-- [start:fit]
def fit(data: Tensor, rounds: int, seed: int) -> BernoulliRBM:
    """Persistent contrastive divergence, 4 hidden units, one batch: data (N, V). Source: tieleman2008training."""
    machine = BernoulliRBM(
        n_components=4, learning_rate=0.1, batch_size=len(data), n_iter=rounds, random_state=seed
    )
    return machine.fit(data.numpy())


def free(machine: BernoulliRBM, v: Tensor) -> Tensor:
    """Free energy with its weights: v (N, V) to (N,). Source: this page, eq-energy-based-free."""
    w, b, c = (
        torch.from_numpy(part)
        for part in (machine.components_, machine.intercept_visible_, machine.intercept_hidden_)
    )
    return -v @ b - torch.nn.functional.softplus(v @ w.T + c).sum(1)
    # --8<-- [end:fit]


def exact(machine: BernoulliRBM, data: Tensor, states: Tensor) -> float:
    """Mean log-likelihood by enumeration: data (N, V), all states (S, V). Source: definition."""
    log_z = torch.logsumexp(-free(machine, states), 0)
    return float(-free(machine, data).mean() - log_z)
