"""A memory that learns while it reads: its state is the weights of a linear model, trained by a step for each token.

Letters, with the letter of the paper where it differs:
    T, E, D    tokens; numbers of a token; numbers of a key, a value or a query
    k, v, q    key, value and query of a token (sun2025learning: theta_K x, theta_V x, theta_Q x)
    M          the memory: asked with q, it answers M q (W in sun2025learning)
    S          the step that is taken, a part of it kept from before
    rate, momentum, forget    theta, eta and alpha of behrouz2024titans
"""

import torch
from torch import Tensor
from torch.func import vmap
from torch.nn.functional import normalize

VALUES = (4.0, 4.0, 4.0, 8.0)  # the example: one number after the other, all under the key 1
GATES = ("rate", "momentum", "forget")


# --8<-- [start:gradient]
def gradient(M: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Of the squared error, halved: M (..., D, D), k and v (..., D) to (..., D, D).

    Source: this page, eq-developing-gradient.
    """
    error = M @ k.unsqueeze(-1) - v.unsqueeze(-1)  # (..., D, 1)
    return error @ k.unsqueeze(-2)
    # --8<-- [end:gradient]


# --8<-- [start:step]
def step(
    M: Tensor,
    S: Tensor,
    k: Tensor,
    v: Tensor,
    rate: Tensor | float,
    momentum: Tensor | float,
    forget: Tensor | float,
) -> tuple[Tensor, Tensor]:
    """One token: M and S (D, D), k and v (D,), rate, momentum and forget () to (D, D) and (D, D).

    Source: this page, eq-developing-update.
    """
    S = momentum * S - rate * gradient(M, k, v)
    M = (1 - forget) * M + S
    return M, S
    # --8<-- [end:step]


# --8<-- [start:chunk]
def chunk(M: Tensor, k: Tensor, v: Tensor, rate: float) -> Tensor:
    """All tokens of a chunk from one memory: M (D, D), k and v (C, D) to (D, D).

    Source: this page, eq-developing-chunk.
    """
    return M - rate * (k @ M.T - v).T @ k
    # --8<-- [end:chunk]


# --8<-- [start:layer]
def layer(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """The whole layer: x (T, E) to (T, D). Source: behrouz2024titans, section 3.1.

    weights: (D, E) k, v and q, (E,) rate, momentum and forget, (3,) bias, (D, D) start.
    """
    k, v, q = normalize(x @ weights["k"].T, dim=-1), x @ weights["v"].T, x @ weights["q"].T
    gates = torch.stack([x @ weights[name] for name in GATES], 1) + weights["bias"]
    rate, momentum, forget = torch.sigmoid(gates).unbind(1)  # (T,) each
    M, S, out = weights["start"], torch.zeros_like(weights["start"]), []
    for t in range(len(x)):
        M, S = step(M, S, k[t], v[t], rate[t], momentum[t], forget[t])
        out.append(M @ q[t])
    return torch.stack(out)
    # --8<-- [end:layer]


def initial(
    d: int, generator: torch.Generator, bias: tuple[float, float, float]
) -> dict[str, Tensor]:
    """Weights of a layer whose tokens are a key and a value side by side: E = 2 D, matrices (D, E) and so on.

    Source: definition.
    """
    weights = {name: torch.randn(d, 2 * d, generator=generator) / (2 * d) ** 0.5 for name in "kvq"}
    weights |= {name: torch.zeros(2 * d) for name in GATES}
    return weights | {"bias": torch.tensor(bias), "start": torch.zeros(d, d)}


# --8<-- [start:task]
def task(rows: int, pairs: int, d: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pairs, then one of their keys alone, and the wanted value: counts to (B, T, E) and (B, D).

    Source: definition.
    """
    k = normalize(torch.randn(rows, pairs, d, generator=generator), dim=-1)
    v = torch.randn(rows, pairs, d, generator=generator)
    asked = torch.randint(pairs, (rows,), generator=generator)
    row = torch.arange(rows)
    last = torch.cat([k[row, asked], torch.zeros(rows, d)], 1)
    return torch.cat([torch.cat([k, v], 2), last[:, None]], 1), v[row, asked]
    # --8<-- [end:task]


# --8<-- [start:train]
def train(
    weights: dict[str, Tensor], steps: int, pairs: int, generator: torch.Generator
) -> list[float]:
    """Learn the slow weights, through all steps of the memory; the loss of each step.

    weights (D, E) k, v and q, (E,) rate, momentum and forget, (3,) bias, (D, D) start.

    Source: definition.
    """
    learned = [w.requires_grad_() for w in weights.values()]
    optimiser = torch.optim.Adam(learned, lr=0.02)
    losses = []
    for _ in range(steps):
        x, wanted = task(32, pairs, len(weights["start"]), generator)
        out = vmap(layer, (0, None))(x, weights)[:, -1]
        loss = (out - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    return losses
    # --8<-- [end:train]


# --8<-- [start:cost]
def operations(d: int) -> int:
    """Multiplications and additions of a token for key, value and query of d numbers.

    Source: this page, eq-developing-cost.
    """
    error, write, read = 2 * d * d, 2 * d * d, 2 * d * d
    return error + write + read
    # --8<-- [end:cost]


def example(rate: float, momentum: float, values: tuple[float, ...] = VALUES) -> list[float]:
    """The memory after each number, all under the key 1."""
    M = S = torch.zeros(1, 1).double()
    held = []
    for value in values:
        M, S = step(M, S, torch.ones(1).double(), torch.tensor([value]).double(), rate, momentum, 0)
        held.append(M.item())
    return held


def main() -> None:
    """The example, and the gradient by hand against that of automatic differentiation."""
    for name, rate, momentum in (
        ("half steps", 0.5, 0.0),
        ("whole steps", 1.0, 0.0),
        ("momentum", 0.5, 0.5),
    ):
        print(f"{name:12}", " ".join(f"{held:.2f}" for held in example(rate, momentum)))
    generator = torch.Generator().manual_seed(0)
    M, (k, v) = (
        torch.randn(8, 8, generator=generator).double(),
        torch.randn(2, 8, generator=generator).double(),
    )
    M.requires_grad_()
    (0.5 * (M @ k - v).square().sum()).backward()
    assert_close = (gradient(M.detach(), k, v) - M.grad).abs().max()  # type: ignore[operator]
    print(f"gradient by hand differs by {assert_close:.1e}")


if __name__ == "__main__":
    main()
