"""A mixture of experts: a router sends each token to a few of many networks, and their loads are balanced.

    N  tokens of a batch        M  experts                  k  experts for each token
    E  numbers of a token       F  inner width of an expert C  most tokens of an expert
    s  scores (N, M)            p  their softmax (N, M)     g  weights (N, M), zero where not chosen
    b  biases (M), for the choice alone

The functions of routing take any axes in front of (N, M), so that several networks are routed side by side.
"""

import math

import torch
from torch import Tensor, nn

TOKENS = (-2.0, 0.0, 2.0, 3.0, 4.0, 5.0)  # the example: a token is one number
REACH = 5.0  # tokens of the toy are drawn from -5 to 5


# --8<-- [start:route]
def route(s: Tensor, k: int, bias: Tensor, renormalise: bool = False) -> tuple[Tensor, Tensor]:
    """Each token takes the k experts with the greatest s + b; the bias changes the choice, not the weight.

    Args: s (..., N, M); bias (..., M); renormalise: whether the weights of a token are divided by their sum.
    Returns weights, zero where not chosen, and p. Source: fedus2022switch, section 2.
    Departs: the bias, of wang2024auxiliary, is added to the scores, not to probabilities.
    """
    p = s.softmax(-1)
    best = (s + bias.unsqueeze(-2)).topk(k, -1).indices
    g = p * torch.zeros_like(p).scatter(-1, best, 1.0)
    g = g / g.sum(-1, keepdim=True) if renormalise else g
    return g, p  # (..., N, M), (..., N, M)
    # --8<-- [end:route]


# --8<-- [start:capacity]
def capacity(n: int, m: int, k: int, factor: float) -> int:
    """Most tokens of an expert: `factor` times an equal share, rounded up."""
    return math.ceil(factor * k * n / m)


def drop(g: Tensor, most: int) -> Tensor:
    """Weights g (..., N, M) with the first `most` tokens of each expert: (..., N, M). Source: fedus2022switch."""
    place = (g > 0).cumsum(-2)  # 1 for the first token of an expert, 2 for the next
    return g * (place <= most)
    # --8<-- [end:capacity]


# --8<-- [start:balance]
def loads(g: Tensor) -> Tensor:
    """How many tokens each expert has: of g (..., N, M), (..., M). Source: definition."""
    return (g > 0).sum(-2).to(g.dtype)


def balance_loss(g: Tensor, p: Tensor) -> Tensor:
    """M times the sum of share and mean probability: g, p (..., N, M) to (...,). Source: fedus2022switch, eq. 4."""
    c = loads(g)
    share = c / c.sum(-1, keepdim=True)  # counted: no gradient
    return p.shape[-1] * (share * p.mean(-2)).sum(-1)


def bias_step(bias: Tensor, g: Tensor, gamma: float | Tensor) -> Tensor:
    """Raise the biases (..., M) of experts below the mean load, lower the others: (..., M).

    Args: bias (..., M); g (..., N, M); gamma (...,) or a number. Source: wang2024auxiliary, algorithm 1.
    """
    c = loads(g)
    return bias + gamma * torch.sign(c.mean(-1, keepdim=True) - c)
    # --8<-- [end:balance]


# --8<-- [start:zloss]
def z_loss(s: Tensor) -> Tensor:
    """Mean squared logarithm of the softmax's denominator: s (..., N, M) to (...,). Source: zoph2022stmoe, eq. 5."""
    return s.logsumexp(-1).square().mean(-1)
    # --8<-- [end:zloss]


# --8<-- [start:choice]
def expert_choice(s: Tensor, most: int) -> Tensor:
    """Each expert takes the `most` tokens with the greatest p: s (N, M) to (N, M), weights. Source: zhou2022mixture."""
    p = s.softmax(-1)
    best = p.topk(most, 0).indices
    return p * torch.zeros_like(p).scatter(0, best, 1.0)
    # --8<-- [end:choice]


class Expert(nn.Module):
    """A gated feed-forward network (SwiGLU) of three matrices: E to F twice, F to E."""

    def __init__(self, e: int, f: int) -> None:
        super().__init__()
        self.gate, self.up = nn.Linear(e, f, bias=False), nn.Linear(e, f, bias=False)
        self.down = nn.Linear(f, e, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens x (n, E) to (n, E). Source: shazeer2020glu, eq. 6."""
        out: Tensor = self.down(nn.functional.silu(self.gate(x)) * self.up(x))
        return out


# --8<-- [start:layer]
class Layer(nn.Module):
    """Takes the place of a feed-forward layer: M experts, of which a token uses k, and some that all use."""

    def __init__(self, e: int, f: int, m: int, k: int, shared: int = 0) -> None:
        super().__init__()
        self.k, self.router = k, nn.Linear(e, m, bias=False)
        self.experts = nn.ModuleList(Expert(e, f) for _ in range(m))
        self.shared = nn.ModuleList(Expert(e, f) for _ in range(shared))

    def forward(self, x: Tensor) -> Tensor:
        """Tokens x (N, E) to what is added to them (N, E). Source: jiang2024mixtral, section 2.1."""
        s = self.router(x)
        g, _ = route(s, self.k, torch.zeros(s.shape[-1]), renormalise=True)
        y = torch.zeros_like(x)
        for i, network in enumerate(self.experts):
            mine = g[:, i] > 0
            y[mine] += g[mine, i, None] * network(x[mine])
        return y + sum((network(x) for network in self.shared), torch.zeros_like(x))
        # --8<-- [end:layer]


# The toy: a token is a number, an expert a line, and the layer learns a zigzag of three pieces.


def zigzag(x: Tensor) -> Tensor:
    """What should be added to x (...,): (...,), x + 3 below -1, x - 3 above 1, else -2x. Source: definition."""
    return torch.where(x < -1, x + 3, torch.where(x > 1, x - 3, -2 * x))


def example() -> tuple[Tensor, Tensor]:
    """Router (3, 2) and experts (3, 2): slope and offset of each score and each line. Source: definition."""
    router = math.log(2) * torch.tensor([[-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    return router, torch.tensor([[1.0, 3.0], [-2.0, 0.0], [1.0, -3.0]])


def lines(parameters: Tensor, x: Tensor) -> Tensor:
    """Lines parameters (..., M, 2) at tokens x (..., N): values (..., N, M). Source: definition."""
    return parameters[..., None, :, 0] * x[..., None] + parameters[..., None, :, 1]


def start(seeds: int, m: int = 3) -> tuple[Tensor, Tensor]:
    """Router (S, M, 2) and experts (S, M, 2), random; the first ones are the same for any S. Source: definition."""
    router, experts = torch.empty(seeds, m, 2), torch.empty(seeds, m, 2)
    for seed in range(seeds):
        draw = torch.Generator().manual_seed(seed)
        router[seed] = torch.randn(m, 2, generator=draw)
        experts[seed] = 0.5 * torch.randn(m, 2, generator=draw)
    return router, experts


# --8<-- [start:train]
def train(
    router: Tensor, experts: Tensor, alpha: Tensor, gamma: Tensor, k: int = 1, steps: int = 1000
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradient descent on squared error plus alpha times the balancing loss, on batches of 64 tokens.

    Args: router, experts (S, M, 2); alpha, gamma (S,). Source: fedus2022switch, wang2024auxiliary.
    """
    router, experts = (part.clone().requires_grad_() for part in (router, experts))
    bias, draw = torch.zeros(router.shape[:2]), torch.Generator().manual_seed(0)
    optimiser = torch.optim.SGD([router, experts], lr=0.05)
    for _ in range(steps):
        x = REACH * (2 * torch.rand(64, generator=draw) - 1)
        g, p = route(lines(router, x), k, bias, renormalise=k > 1)
        error = (g * lines(experts, x)).sum(-1) - zigzag(x)
        loss = error.square().mean(-1) + alpha * balance_loss(g, p)
        optimiser.zero_grad()
        torch.autograd.backward(loss.sum())  # each network has its own
        optimiser.step()
        bias = bias_step(bias, g, gamma[:, None])
    return router.detach(), experts.detach(), bias  # (S, M, 2), (S, M, 2), (S, M)
    # --8<-- [end:train]


def measure(
    router: Tensor, experts: Tensor, bias: Tensor, k: int = 1, factor: float = math.inf
) -> tuple[Tensor, Tensor, Tensor]:
    """Errors and loads of router, experts (S, M, 2) and bias (S, M) on 400 tokens from -5 to 5, shuffled once.

    Returns mean squared error (S,), share of each expert before any drop (S, M), share of assignments
    dropped (S,). Source: definition.
    """
    order = torch.randperm(400, generator=torch.Generator().manual_seed(1))
    x = torch.linspace(-REACH, REACH, 400)[order]
    g, _ = route(lines(router, x), k, bias, renormalise=k > 1)
    share = loads(g) / (k * len(x))
    if factor < math.inf:
        g = drop(g, capacity(len(x), g.shape[-1], k, factor))
    error = (g * lines(experts, x)).sum(-1) - zigzag(x)
    return error.square().mean(-1), share, 1 - loads(g).sum(-1) / (k * len(x))


def main() -> None:
    """The example, eight batches of balancing by bias, and the layer against one that computes all experts."""
    router, _ = example()
    s, bias = lines(router, torch.tensor(TOKENS)), torch.zeros(3)
    for batch in range(8):
        g, p = route(s, 1, bias)
        print(f"batch {batch}: loads {loads(g).int().tolist()}, loss {balance_loss(g, p):.4f}")
        bias = bias_step(bias, g, 0.3 * math.log(2))
    torch.manual_seed(0)
    layer, x = Layer(8, 16, 4, 2, shared=1), torch.randn(50, 8)
    top = layer.router(x).topk(2, -1)
    every = torch.stack([network(x) for network in layer.experts], 1)
    picked = every.gather(1, top.indices[..., None].expand(-1, -1, 8))
    dense = (top.values.softmax(-1)[..., None] * picked).sum(1) + layer.shared[0](x)
    print(f"sparse and dense differ by {(layer(x) - dense).abs().max().item():.1e}")


if __name__ == "__main__":
    main()
