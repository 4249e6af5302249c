"""Many layers: means that make all nodes alike, a far node that is hardly heard, and what helps against both.

Letters:
    S, B, N    networks that are trained side by side, one for each seed; examples; nodes of a ring
    h          features of the nodes (S, B, N, F)
"""

import sys

import torch
from torch import Tensor
from torch.nn import functional

SEEDS, BATCH, STEPS, RATE, WIDTH, CLASSES = 5, 64, 300, 1e-2, 16, 4
SIZES = (4, 8, 12, 16)
KINDS = ("ring", "residual", "edge", "global", "unmarked")
Weights = list[Tensor]  # matrices (S, in, out)


# --8<-- [start:ring]
def ring(count: int, kind: str = "ring") -> Tensor:
    """Mean over itself and the neighbours on a ring of N = count nodes: (N, N), or with a hub (N + 1, N + 1).

    Source: definition. "edge" joins node 0 with the opposite one, "global" adds a hub that is joined with all.
    """
    near = torch.eye(count, dtype=torch.float64)
    a = near + near.roll(1, 0) + near.roll(-1, 0)
    if kind == "edge":
        a[0, count // 2] = a[count // 2, 0] = 1
    if kind == "global":
        a = functional.pad(a, (0, 1, 0, 1), value=1.0)
    return a / a.sum(1, keepdim=True)
    # --8<-- [end:ring]


# --8<-- [start:smooth]
def smooth(h: Tensor, mean: Tensor, layers: int, keep: float = 0.0) -> Tensor:
    """The spread of h (N, F) over the nodes after 0, 1, … layers of the mean (N, N): (layers + 1,).

    Each layer takes means; the share keep is the input of the first layer.
    Source: chen2020deep, section 3, without its weights.
    """
    first, spreads = h, [h.std(0, correction=0).mean()]
    for _ in range(layers):
        h = (1 - keep) * (mean @ h) + keep * first
        spreads.append(h.std(0, correction=0).mean())
    return torch.stack(spreads)
    # --8<-- [end:smooth]


# --8<-- [start:heard]
def heard(mean: Tensor, layers: int, speaker: int, listener: int = 0) -> Tensor:
    """How much the listener's output changes with the speaker's input: mean (N, N) to ().

    Source: topping2022understanding, lemma 1, for layers of means alone.
    """
    h = torch.zeros(len(mean), dtype=mean.dtype, requires_grad=True)
    out = h
    for _ in range(layers):
        out = mean @ out
    (slope,) = torch.autograd.grad(out[listener], h)
    return slope[speaker]
    # --8<-- [end:heard]


def tell(count: int, generator: torch.Generator, marked: bool = True) -> tuple[Tensor, Tensor]:
    """A class at each node, a mark at the one opposite node 0: h (S, B, N, CLASSES + 1), wanted class (S, B).

    N = count. Source: definition.
    """
    names = torch.randint(CLASSES, (SEEDS, BATCH, count), generator=generator)
    mark = torch.zeros(SEEDS, BATCH, count, 1)
    mark[:, :, count // 2] = float(marked)
    return torch.cat([functional.one_hot(names, CLASSES).float(), mark], -1), names[
        :, :, count // 2
    ]


def weights(layers: int, generator: torch.Generator) -> Weights:
    """Input, two matrices for each layer, and output: (S, in, out). Source: definition."""
    shapes = [(CLASSES + 1, WIDTH)] + 2 * layers * [(WIDTH, WIDTH)] + [(WIDTH, CLASSES)]
    made = [torch.randn(SEEDS, a, b, generator=generator) * (2 / a) ** 0.5 for a, b in shapes]
    return [part.requires_grad_() for part in made]


# --8<-- [start:listen]
def listen(kind: str, parts: Weights, h: Tensor) -> Tensor:
    """What node 0 says after all layers: h (S, B, N, CLASSES + 1) to logits (S, B, CLASSES).

    Every layer takes means of messages that are made by a ReLU. Source: this page, eq-graphs-message.
    """
    hub = kind in ("global", "unmarked")
    mean = ring(h.shape[2], "global" if hub else kind).float()
    h = torch.relu(torch.einsum("sbnf,sfg->sbng", h, parts[0]))
    if hub:
        h = functional.pad(h, (0, 0, 0, 1))  # the hub begins with zeros
    for n in range(1, len(parts) - 1, 2):
        m = torch.relu(torch.einsum("sbnf,sfg->sbng", h, parts[n]))
        update = torch.einsum("ij,sbjf,sfg->sbig", mean, m, parts[n + 1])
        h = h + update if kind == "residual" else torch.relu(update)
    return torch.einsum("sbf,sfg->sbg", h[:, :, 0], parts[-1])
    # --8<-- [end:listen]


def train(kind: str, count: int) -> Tensor:
    """Share of right answers on fresh rings after STEPS steps, one for each seed: (S,). Source: definition."""
    generator, marked = torch.Generator().manual_seed(0), kind != "unmarked"
    # as many layers as there are steps to the opposite node; one edge or a hub makes it two at most
    parts = weights(count // 2 if kind in ("ring", "residual") else 2, generator)
    adam = torch.optim.Adam(parts, RATE)
    for _ in range(STEPS):
        h, wanted = tell(count, generator, marked)
        logits = listen(kind, parts, h)
        loss = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten()) * SEEDS
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
    h, wanted = tell(count, generator, marked)
    with torch.no_grad():
        return (listen(kind, parts, h).argmax(-1) == wanted).float().mean(1)


def main() -> None:
    """Share of right answers by size of the ring, for the kinds that are named, or all; chance is a quarter."""
    for kind in sys.argv[1:] or KINDS:
        rows = [train(kind, count) for count in SIZES]
        print(
            f"{kind:9s}",
            "  ".join(f"{n}: {row.mean():.2f}" for n, row in zip(SIZES, rows, strict=True)),
        )


if __name__ == "__main__":
    main()
