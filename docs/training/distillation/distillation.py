"""Distillation of one answer: soft targets, their loss, its gradient and limit; and of two words, in both directions.

z  logits of the student (..., C)     v  logits of the teacher (..., C)     T  temperature
p  probabilities of the teacher       q  probabilities of the student      losses in nats
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

# The example: one picture of a cat, three classes, and a student that has learned nothing.
CLASSES = ("cat", "dog", "car")
TEACHER = (4 * math.log(3), 4 * math.log(2), 0.0)
STUDENT = (0.0, 0.0, 0.0)
LABEL, TEMPERATURE, RATE = 0, 4.0, 1.0

# Two words: New or Los, York or Angeles; what is no city has the probability 0.01 each.
CITIES = ((0.49, 0.01), (0.01, 0.49))


def example() -> tuple[Tensor, Tensor]:
    """Returns the logits of student (3,) and teacher (3,) in the example. Source: definition."""
    return torch.tensor(STUDENT, dtype=torch.float64), torch.tensor(TEACHER, dtype=torch.float64)


# --8<-- [start:soften]
def soften(logits: Tensor, temperature: float) -> Tensor:
    """Probabilities at a temperature: logits (..., C) to (..., C). Source: this page, eq-distillation-soft."""
    return (logits / temperature).softmax(-1)
    # --8<-- [end:soften]


# --8<-- [start:soft]
def soft_loss(z: Tensor, v: Tensor, temperature: float) -> Tensor:
    """The divergence from teacher to student at a temperature, times its square, mean over the inputs.

    Args: z (..., C); v (..., C). Returns (). Source: hinton2015distilling, section 2.
    """
    log_p, log_q = (v / temperature).log_softmax(-1), (z / temperature).log_softmax(-1)
    divergence = (log_p.exp() * (log_p - log_q)).sum(-1)
    return temperature**2 * divergence.mean()
    # --8<-- [end:soft]


def hard_loss(z: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy with labels, at temperature 1: z (..., C), labels (...) to ().

    Source: this page, eq-distillation-smoothing.
    """
    return functional.cross_entropy(z.flatten(0, -2), labels.flatten(), label_smoothing=smoothing)


# --8<-- [start:loss]
def loss(z: Tensor, v: Tensor, labels: Tensor, temperature: float, part: float) -> Tensor:
    """Labels and soft targets together; `part` is the weight of the labels.

    Args: z (..., C); v (..., C); labels (...). Returns (). Source: this page, eq-distillation-loss.
    """
    return part * hard_loss(z, labels) + (1 - part) * soft_loss(z, v, temperature)
    # --8<-- [end:loss]


# --8<-- [start:gradient]
def gradient(z: Tensor, v: Tensor, temperature: float) -> Tensor:
    """Gradient of the soft loss of one input: z (C,), v (C,) to (C,). Source: this page, eq-distillation-gradient."""
    return temperature * (soften(z, temperature) - soften(v, temperature))
    # --8<-- [end:gradient]


# --8<-- [start:logits]
def logit_loss(z: Tensor, v: Tensor) -> Tensor:
    """Half the mean squared difference of centred logits: z (..., C), v (..., C) to ().

    Source: this page, eq-distillation-logits.
    """
    off = (z - z.mean(-1, keepdim=True)) - (v - v.mean(-1, keepdim=True))
    return off.square().mean() / 2
    # --8<-- [end:logits]


def limit(z: Tensor, v: Tensor) -> Tensor:
    """What the gradient becomes at a very large temperature: z (C,), v (C,) to (C,).

    Source: this page, eq-distillation-limit.
    """
    return ((z - z.mean()) - (v - v.mean())) / len(z)


def train(z: Tensor, v: Tensor, temperature: float, steps: int) -> Tensor:
    """Gradient descent on free logits: z (C,), v (C,) to (C,). Source: definition."""
    for _ in range(steps):
        z = z - RATE * gradient(z, v, temperature)
    return z


# --8<-- [start:divergence]
def divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL from p (M,) to q (M,), nats: to (). Forward with the teacher as p, reverse with the student as p.

    Source: definition.
    """
    found: Tensor = torch.special.xlogy(p, p / q)
    return found.sum()
    # --8<-- [end:divergence]


# --8<-- [start:blind]
def blind(first: Tensor, second: Tensor) -> Tensor:
    """A student that draws two words without looking: first (a,), second (b,) to (a, b). Source: definition."""
    return first[:, None] * second[None, :]
    # --8<-- [end:blind]


def cities() -> Tensor:
    """The teacher's probabilities of two words (2, 2). Source: definition."""
    return torch.tensor(CITIES, dtype=torch.float64)


def same(share: float) -> Tensor:
    """A blind student (2, 2) that says New, and York, with the same probability. Source: definition."""
    word = torch.tensor([share, 1 - share], dtype=torch.float64)
    return blind(word, word)


def price(teacher: float, student: float, tokens: float, own: bool = False) -> float:
    """Operations of distilling on so many tokens; with `own` the student writes them itself.

    Args: teacher, student: weights. Source: this page, eq-distillation-price.
    """
    return tokens * (2 * teacher + 6 * student + 2 * student * own)


def main() -> None:
    """The example by hand, its gradient against autograd, and the two words in both directions."""
    z, v = example()
    for temperature in (1.0, 2.0, 4.0):
        soft = [round(float(a), 3) for a in soften(v, temperature)]
        print(f"T = {temperature:g}: soft targets {dict(zip(CLASSES, soft, strict=True))}")
    leaf = z.clone().requires_grad_()
    torch.autograd.backward(soft_loss(leaf, v, TEMPERATURE))
    assert leaf.grad is not None
    print("gradient by hand", [round(float(g), 4) for g in gradient(z, v, TEMPERATURE)])
    print("by autograd     ", [round(float(g), 4) for g in leaf.grad])
    for temperature in (4.0, 40.0, 400.0):
        print(f"T = {temperature:g}:", [round(float(g), 4) for g in gradient(z, v, temperature)])
    print("limit:  ", [round(float(g), 4) for g in limit(z, v)])
    end = train(z, v, TEMPERATURE, 100)
    print("after 100 steps, at T = 1:", [round(float(a), 3) for a in soften(end, 1.0)])
    pair = cities()
    for name, q in (("both", same(0.5)), ("one", same(0.99))):
        forward, reverse = (divergence(a.flatten(), b.flatten()) for a, b in ((pair, q), (q, pair)))
        wrong = float(q[0, 1] + q[1, 0])
        print(f"{name}: forward {forward:.3f}, reverse {reverse:.3f}, no city {wrong:.3f}")


if __name__ == "__main__":
    main()
