"""The loss of distillation by PyTorch's own functions."""

from torch import Tensor
from torch.nn import functional


# --8<-- [start:loss]
def loss(
    student: Tensor, teacher: Tensor, labels: Tensor, temperature: float, part: float
) -> Tensor:
    """Labels and soft targets together, both sides as logits.

    Args: student (B, C); teacher (B, C); labels (B,). Returns (). Source: this page, eq-distillation-loss.
    """
    log_q = functional.log_softmax(student / temperature, -1)
    log_p = functional.log_softmax(teacher / temperature, -1)
    soft = functional.kl_div(log_q, log_p, log_target=True, reduction="batchmean")
    return part * functional.cross_entropy(student, labels) + (1 - part) * temperature**2 * soft
    # --8<-- [end:loss]
