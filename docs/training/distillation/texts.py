"""Distillation of short texts with exact sums: the teacher looks two tokens back, the student one.

B  teachers side by side     V  tokens     N  tokens of a text     M = V**N  all texts
teacher  logits (B, V + 1, V + 1, V) of the next token after two tokens; V stands for "before the text"
student  logits (B, V + 1, V) of the next token after one
"""

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor


def all_texts(tokens: int, length: int) -> Tensor:
    """Every text, one a row: to (M, N). Source: definition."""
    return torch.tensor(list(product(range(tokens), repeat=length)))


def random_teachers(seeds: int, tokens: int, scale: float) -> Tensor:
    """Normal logits with this deviation, a teacher a seed: to (B, V + 1, V + 1, V). Source: definition."""
    shape = (tokens + 1, tokens + 1, tokens)
    drawn = [torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in range(seeds)]
    return scale * torch.stack(drawn).double()


def after(table: Tensor, texts: Tensor) -> Tensor:
    """Log-probabilities of each next token: table (B, ..., V), texts (M, N) to (B, M, N, V).

    Source: definition.
    """
    start = torch.full((len(texts), 2), table.shape[-1])
    before = torch.cat((start, texts[:, :-1]), 1)
    if table.dim() == 4:
        return table.log_softmax(-1)[:, before[:, :-1], before[:, 1:]]
    return table.log_softmax(-1)[:, before[:, 1:]]


# --8<-- [start:whole]
def whole(steps: Tensor, texts: Tensor) -> Tensor:
    """Log-probability of each text, the sum over its tokens.

    Args: steps (B, M, N, V); texts (M, N). Returns (B, M). Source: definition.
    """
    chosen = steps.gather(-1, texts.expand(len(steps), -1, -1)[..., None])
    return chosen[..., 0].sum(-1)
    # --8<-- [end:whole]


# --8<-- [start:objectives]
def forward(p: Tensor, q: Tensor, texts: Tensor) -> Tensor:
    """The teacher writes: KL from teacher to student.

    Args: p (B, M, N, V); q (B, M, N, V); texts (M, N). Returns (B,). Source: kim2016sequence.
    """
    log_p, log_q = whole(p, texts), whole(q, texts)
    return (log_p.exp() * (log_p - log_q)).sum(-1)


def reverse(p: Tensor, q: Tensor, texts: Tensor) -> Tensor:
    """The student writes: KL from student to teacher.

    Args: p (B, M, N, V); q (B, M, N, V); texts (M, N). Returns (B,). Source: gu2023minillm, section 2.1.
    """
    return forward(q, p, texts)
    # --8<-- [end:objectives]


def own(p: Tensor, q: Tensor, texts: Tensor) -> Tensor:
    """The student writes, and at each place the teacher's probabilities are its soft targets.

    Args: p (B, M, N, V); q (B, M, N, V); texts (M, N). Returns (B,). Source: agarwal2023onpolicy.
    """
    drawn = whole(q, texts).exp().detach()  # how often the student writes this; not differentiated
    return (drawn[..., None] * (p.exp() * (p - q)).sum(-1)).sum((1, 2))


def best(p: Tensor, q: Tensor, texts: Tensor) -> Tensor:
    """Fine-tuning on the one most likely text of the teacher.

    Args: p (B, M, N, V); q (B, M, N, V); texts (M, N). Returns (B,). Source: kim2016sequence.
    """
    chosen = whole(p, texts).argmax(-1, keepdim=True)
    return -whole(q, texts).gather(1, chosen)[:, 0]


def distil(
    teacher: Tensor, texts: Tensor, goal: Callable[[Tensor, Tensor, Tensor], Tensor], steps: int
) -> Tensor:
    """Adam on one of the objectives, from equal logits.

    Args: teacher (B, V + 1, V + 1, V); texts (M, N); goal (B,). Returns (B, V + 1, V). Source: definition.
    """
    student = torch.zeros_like(teacher[:, 0]).requires_grad_()
    p = after(teacher, texts)
    optimiser = torch.optim.Adam([student], 0.05)
    for _ in range(steps):
        optimiser.zero_grad()
        torch.autograd.backward(goal(p, after(student, texts), texts).sum())
        optimiser.step()
    return student.detach()


def judged(p: Tensor, q: Tensor, texts: Tensor) -> dict[str, Tensor]:
    """Both divergences of a text, and per token the teacher's surprise at the student's texts and their entropy, nats.

    Args: p (B, M, N, V); q (B, M, N, V); texts (M, N). Returns (B,) for each name. Source: definition.
    """
    log_p, log_q = whole(p, texts), whole(q, texts)
    length = texts.shape[1]
    return {
        "forward": forward(p, q, texts),
        "reverse": reverse(p, q, texts),
        "surprise": -(log_q.exp() * log_p).sum(-1) / length,
        "entropy": -(log_q.exp() * log_q).sum(-1) / length,
    }
