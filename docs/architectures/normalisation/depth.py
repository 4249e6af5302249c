"""Where the norm stands in a deep network: the stream and its gradients by depth, and what can be trained.

Letters; "..." are any leading dimensions:
    S, B, N   networks side by side, each with weights of its own; texts in a batch; positions
    E, L      features of a position; layers, attention and feed-forward in turn
"""

import sys
from collections.abc import Callable
from math import sqrt

import torch
from torch import Tensor
from torch.nn import functional

ORDERS = ("plain", "skip", "post", "pre", "both")

Layer = dict[str, Tensor]  # "in" and "out", (S, 1, rows, columns) each


# --8<-- [start:order]
def norm(x: Tensor) -> Tensor:
    """Layer norm with gain 1 and bias 0: x (..., E) to (..., E). Source: ba2016layer, eq. 4."""
    x = x - x.mean(-1, keepdim=True)
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + 1e-5)


def add_layer(x: Tensor, f: Callable[[Tensor], Tensor], order: str) -> Tensor:
    """The stream after one more layer: x (..., E), f (..., E) to the same, to (..., E). Source: xiong2020layer.

    Raises ValueError for an order that is not in ORDERS.
    """
    if order == "plain":
        return f(x)
    if order == "skip":
        return x + f(x)
    if order == "post":
        return norm(x + f(x))
    if order == "pre":
        return x + f(norm(x))
    if order == "both":
        return x + norm(f(norm(x)))
    raise ValueError(f"no order {order!r}; use one of {', '.join(ORDERS)}")
    # --8<-- [end:order]


def draw_layers(
    count: int, e: int, s: int, generator: torch.Generator, scale: float = 1.0
) -> list[Layer]:
    """Weights of attention and feed-forward layers in turn, one set for each of s networks.

    Each matrix keeps the variance of what it multiplies; `scale` shrinks what layers add to the stream.
    """

    def draw(rows: int, columns: int, factor: float = 1.0) -> Tensor:
        w = factor * torch.randn(s, 1, rows, columns, generator=generator) / sqrt(rows)
        return w.requires_grad_()

    return [
        {"in": draw(e, 3 * e), "out": draw(e, e, scale)}
        if n % 2 == 0
        else {"in": draw(e, 4 * e), "out": draw(4 * e, e, scale)}
        for n in range(count)
    ]


def layer_function(w: Layer, heads: int) -> Callable[[Tensor], Tensor]:
    """Causal attention or a feed-forward network, (S, B, N, E) to (S, B, N, E). Source: definition."""

    def attend(x: Tensor) -> Tensor:
        q, k, v = (x @ w["in"]).reshape(*x.shape[:3], 3, heads, -1).permute(3, 0, 1, 4, 2, 5)
        means = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return means.transpose(2, 3).flatten(3) @ w["out"]

    def feed_forward(x: Tensor) -> Tensor:
        return functional.gelu(x @ w["in"]) @ w["out"]

    return attend if w["in"].shape[-1] == 3 * w["in"].shape[-2] else feed_forward


# --8<-- [start:run]
def run(x: Tensor, layers: list[Layer], order: str, heads: int) -> list[Tensor]:
    """The stream before and after each layer: x (S, B, N, E) to L + 1 times (S, B, N, E). Source: definition.

    Raises ValueError as add_layer does.
    """
    streams = [norm(x) if order == "post" else x]
    for w in layers:
        streams.append(add_layer(streams[-1], layer_function(w, heads), order))
    return streams
    # --8<-- [end:run]


def last_norm(x: Tensor, order: str) -> Tensor:
    """The norm before the logits, where the order has one: x (..., E) to (..., E). Source: radford2019language."""
    return norm(x) if order in ("pre", "both") else x


# --8<-- [start:profile]
def profile(
    order: str, count: int, s: int = 5, e: int = 64, n: int = 32, scale: float = 1.0, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Untrained networks on random input and targets: sizes and gradients by layer.

    Returns the root mean square of the stream (L + 1, S) and the norm of the gradient of the loss with
    respect to each layer's first matrix (L, S). Source: xiong2020layer, section 4.
    """
    generator = torch.Generator().manual_seed(seed)
    layers = draw_layers(count, e, s, generator, scale)
    x = torch.randn(s, 4, n, e, generator=generator)
    streams = run(x, layers, order, heads=4)
    out = torch.randn(s, 1, e, 50, generator=generator) / sqrt(e)
    target = torch.randint(50, (s * 4 * n,), generator=generator)
    logits = last_norm(streams[-1], order) @ out
    loss = functional.cross_entropy(logits.flatten(0, 2), target, reduction="sum") / (4 * n)
    torch.autograd.backward(loss)
    size = torch.stack([x.detach().square().mean((1, 2, 3)).sqrt() for x in streams])
    return size, torch.stack([w["in"].grad.flatten(1).norm(dim=1) for w in layers])  # type: ignore[union-attr]
    # --8<-- [end:profile]


# --8<-- [start:nudge]
@torch.no_grad()
def nudge(
    order: str, count: int, share: float = 0.01, s: int = 5, scale: float = 1.0, seed: int = 0
) -> Tensor:
    """How far the normalised output moves when each weight moves a little: root mean square, (S,).

    share: the standard deviation of the moves, as a part of that of the weights. Source: liu2020understanding.
    """
    generator = torch.Generator().manual_seed(seed)
    layers = draw_layers(count, 64, s, generator, scale)
    x = torch.randn(s, 4, 16, 64, generator=generator)
    before = norm(run(x, layers, order, heads=4)[-1])
    for w in (w for layer in layers for w in layer.values()):
        w += share * w.std((-2, -1), keepdim=True) * torch.randn(w.shape, generator=generator)
    after = norm(run(x, layers, order, heads=4)[-1])
    return (after - before).square().mean((1, 2, 3)).sqrt()
    # --8<-- [end:nudge]


def train(
    order: str, count: int, steps: int = 100, rate: float = 0.01, warm_up: int = 0,
    scale: float = 1.0, s: int = 5, v: int = 8, seed: int = 2,
) -> Tensor:  # fmt: skip
    """Loss by step (steps, S) of nets that answer a token with the partner of the one before. Source: definition."""
    e, n, b = 16, 8, 8
    generator = torch.Generator().manual_seed(seed)
    layers = draw_layers(count, e, s, generator, scale)
    table = torch.randn(s, v, e, generator=generator).requires_grad_()
    places = torch.randn(s, 1, n, e, generator=generator).requires_grad_()
    out = (torch.randn(s, 1, e, v, generator=generator) / sqrt(e)).requires_grad_()
    partner = torch.stack([torch.randperm(v, generator=generator) for _ in range(s)])
    weights = [table, places, out, *(t for w in layers for t in w.values())]
    optimiser = torch.optim.Adam(weights, rate, betas=(0.9, 0.98))
    losses = []
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / max(warm_up, 1))
        tokens = torch.randint(v, (s, b, n), generator=generator)
        which = torch.arange(s)[:, None, None]
        target = partner[which, tokens.roll(1, -1)][..., 1:]  # the first token has none before it
        x = run(table[which, tokens] + places, layers, order, heads=2)[-1]
        logits = (last_norm(x, order) @ out)[:, :, 1:]
        loss = functional.cross_entropy(logits.permute(0, 3, 1, 2), target, reduction="none")
        optimiser.zero_grad()
        torch.autograd.backward(loss.mean((1, 2)).sum())
        optimiser.step()
        losses.append(loss.detach().mean((1, 2)))
    return torch.stack(losses)


def main(count: int = 24) -> None:
    """A table by order: the last size of the stream, gradients of the first and last feed-forward layer, the nudge."""
    torch.set_num_threads(1)
    print(f"{count} layers, means of 5 networks")
    print("order     stream  gradients: first      last     nudge")
    for order in ORDERS:
        size, grad = (part.mean(1) for part in profile(order, count))
        moved = nudge(order, count).mean()
        print(f"{order:6} {size[-1]:9.3g} {grad[1]:17.3g} {grad[-1]:9.3g} {moved:9.2g}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
