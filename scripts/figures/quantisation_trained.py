"""docs/training/quantisation/aware.svg: the site's GPT trained on with ternary weights, and a control."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from docs.models.gpt import gpt
from docs.training.quantisation import quantisation as code
from scripts.figures import quantisation as whole
from scripts.figures import seeds, style
from scripts.weights import gpt as weights

KIND = code.FORMATS["ternary"]
SEEDS, STEPS, EVERY, BATCH, RATE, DROPOUT = 3, 100, 20, 8, 3e-3, 0.3


class Through(nn.Module):
    """Rounds a matrix wherever it is used; its gradient goes straight through."""

    def forward(self, w: Tensor) -> Tensor:
        """w (out, in) to the same."""
        return code.through(w, KIND)


def then_rounded(model: gpt.GPT) -> gpt.GPT:
    """A copy whose matrices are rounded after training."""
    copied = whole.trained()
    copied.load_state_dict(model.state_dict())
    for layer in whole.matrices(copied):
        layer.weight.data = code.quantise(layer.weight.data, KIND)
    return copied.eval()


def run(seed: int, aware: bool) -> tuple[list[float], list[float]]:
    """Bits a character above the model as it was, every EVERY steps: as it is trained, and rounded after that."""
    base, tokens = whole.cost(whole.trained()), whole.kept()
    generator = torch.Generator().manual_seed(seed)
    model = whole.trained().train()
    if aware:
        for layer in whole.matrices(model):
            parametrize.register_parametrization(layer, "weight", Through())
    weights.dropped(model, DROPOUT, generator)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, betas=(0.9, 0.95), weight_decay=0.1)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / (STEPS + 1))
    more: list[float] = []
    after: list[float] = []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            more.append(whole.against(model.eval(), base)[0])
            after.append(more[-1] if aware else whole.against(then_rounded(model), base)[0])
            model.train()
        begin = torch.randint(len(tokens) - 65, (BATCH, 1), generator=generator)
        window = tokens[begin + torch.arange(65)]
        logits = model(window[:, :-1])[0]
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rate.step()
    return more, after


def aware() -> style.Table:
    """Over the steps: rounded in training, not rounded, and not rounded until after training."""
    table: style.Table = {"step": [float(step) for step in range(0, STEPS + 1, EVERY)]}
    inside = [run(seed, aware=True)[0] for seed in range(SEEDS)]
    control = [run(seed, aware=False) for seed in range(SEEDS)]
    seeds.span(table, "aware", torch.tensor(inside).T)
    seeds.span(table, "full", torch.tensor([full for full, _ in control]).T)
    seeds.span(table, "after", torch.tensor([after for _, after in control]).T)
    return table


def draw(table: style.Table, axes: style.Axes) -> None:
    """Three lines with their ranges."""
    for n, (name, label) in enumerate(
        (
            ("after", "rounded after training"),
            ("aware", "rounded in training"),
            ("full", "not rounded"),
        )
    ):
        seeds.draw_span(axes, table, "step", name, n, label)
    axes.set_xlabel("steps of further training")
    axes.set_title("bits a character above the model as it was")
    axes.legend(loc="center right")


FIGURES = [
    style.Recipe(
        "training/quantisation/aware", aware, draw, size=(440, 280), tolerance=0.2, absolute=0.05
    )
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
