"""docs/architectures/efficient-attention/trained.svg: the small GPT of this site with fewer keys and values."""

import copy
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from docs.models.gpt import bpe, gpt
from scripts.figures import style
from scripts.weights import gpt as weights

N, HEADS, WIDTH, E = 64, 4, 16, 64  # tokens of a text; heads, their width, the width of the model
SEEDS, STEPS, BATCH, RATE = 3, 16, 8, 1e-3
RANKS = (64, 48, 32, 24, 16)
CAUSAL = torch.ones(N, N).bool().tril()


@cache
def trained() -> gpt.GPT:
    """The model as it was trained."""
    model, _, _ = weights.load()
    return model.float()


@cache
def text(held_out: bool) -> Tensor:
    """Its training text, or the held-out text, as rows of 64 tokens."""
    _, merges, _ = weights.load()
    parts = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    row = bpe.encode(parts[held_out], merges)
    return torch.tensor(row[: len(row) // N * N]).view(-1, N)


def blocks(model: gpt.GPT) -> list[Any]:
    """Its layers."""
    return list(model.blocks)


def streams(model: gpt.GPT, tokens: Tensor, allowed: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits under a mask, and what attention reads in each layer; dropout is left out."""
    x, read = model.wte[tokens] + model.wpe[: tokens.shape[1]], []
    for block in blocks(model):
        read.append(block.ln_1(x))
        qkv = block.qkv(read[-1]).view(*x.shape[:2], 3, HEADS, WIDTH)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        out = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        x = x + block.proj(out.transpose(1, 2).flatten(2))
        x = x + block.down(functional.gelu(block.up(block.ln_2(x)), approximate="tanh"))
    return model.ln_f(x) @ model.wte.T, read


def nats(model: gpt.GPT, tokens: Tensor, allowed: Tensor = CAUSAL, first: int = 0) -> Tensor:
    """Mean loss of each row of tokens, from a place on: (rows,)."""
    log_p = streams(model, tokens, allowed)[0][:, :-1].log_softmax(-1)
    return -log_p.gather(-1, tokens[:, 1:, None])[:, first:, 0].mean(1)


def average(numbers: Tensor, groups: int) -> None:
    """Within each group of heads, keys become their mean and values theirs: (3 · H · D, …), in place."""
    heads = numbers.view(3, groups, HEADS // groups, WIDTH, -1)
    heads[1:] = heads[1:].mean(2, keepdim=True).expand_as(heads[1:]).clone()


def joined(groups: int) -> gpt.GPT:
    """The model with the keys and values of neighbouring heads replaced by their mean, as in ainslie2023gqa."""
    model = copy.deepcopy(trained())
    for block in blocks(model):
        average(block.qkv.weight.data, groups)
        average(block.qkv.bias.data, groups)
    return model


@torch.no_grad()
def latent(rank: int) -> gpt.GPT:
    """The model with all keys and values of a layer from one vector of `rank` numbers.

    The two matrices are the best product of that rank on what the layer reads in the training text.
    """
    model, training = trained(), text(False)
    new = copy.deepcopy(model)
    for block, read in zip(blocks(new), streams(model, training[:200], CAUSAL)[1], strict=True):
        x = read.flatten(0, 1).double()
        root = torch.linalg.cholesky(x.T @ x / len(x) + 1e-6 * torch.eye(E).double())
        u, s, v = torch.linalg.svd(block.qkv.weight[E:].double() @ root, full_matrices=False)
        product = (u[:, :rank] * s[:rank]) @ v[:rank] @ torch.linalg.inv(root)
        block.qkv.weight[E:] = product.float()
    return new


def further(groups: int, seed: int) -> gpt.GPT:
    """The joined model, trained a little further; the heads of a group stay equal."""
    model, training = joined(groups), text(False)
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    for _ in range(STEPS):
        rows = training[torch.randint(len(training), (BATCH,), generator=generator)]
        optimiser.zero_grad()
        torch.autograd.backward(nats(model, rows).mean())
        for block in blocks(model):
            for parameter in (block.qkv.weight, block.qkv.bias):
                average(parameter.grad, groups)
        optimiser.step()
    return model


@torch.no_grad()
def more(model: gpt.GPT, allowed: Tensor = CAUSAL, first: int = 0) -> tuple[float, float]:
    """How much higher the held-out loss is than before the change: mean and standard error over texts."""
    before, held = trained(), text(True)
    return spread(nats(model, held, allowed, first) - nats(before, held, first=first))


def spread(values: Tensor) -> tuple[float, float]:
    """Mean and standard error."""
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


def losses() -> style.Table:
    """Kind (0 joined, 1 trained further, 2 latent), numbers kept, loss above that of the model, its error."""
    torch.set_num_threads(1)  # the sums are small
    rows = []
    for groups in (4, 2, 1):
        kept = float(2 * groups * WIDTH)
        rows.append((0.0, kept, *more(joined(groups))))
        runs = torch.tensor([more(further(groups, seed))[0] for seed in range(SEEDS)])
        rows.append((1.0, kept, *spread(runs)))
    rows += [(2.0, float(rank), *more(latent(rank))) for rank in RANKS]
    return {
        name: [row[n] for row in rows] for n, name in enumerate(("kind", "kept", "loss", "error"))
    }


def draw_trained(table: style.Table, axes: style.Axes) -> None:
    """Three series: heads joined, latent vectors, and heads joined and trained further."""
    names = ("heads joined", f"joined, trained further ({SEEDS} seeds)", "latent vectors")
    for kind, (name, mark) in enumerate(zip(names, ("s--", "D:", "o-"), strict=True)):
        rows = [n for n, value in enumerate(table["kind"]) if value == kind]
        axes.errorbar(
            [table["kept"][n] for n in rows],
            [table["loss"][n] for n in rows],
            yerr=[table["error"][n] for n in rows],
            fmt=mark,
            color=style.SERIES[(1, 2, 0)[kind]],
            label=name,
            capsize=3,
        )
    axes.axhline(0, color=style.MUTED, lw=1)
    axes.set_xlabel("numbers kept for a token, in each layer")
    axes.set_ylabel("more loss, nats a token")
    axes.set_xticks([16, 32, 64, 128])
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe("architectures/efficient-attention/trained", losses, draw_trained, (460, 310))
]

if __name__ == "__main__":
    style.main(FIGURES)
