"""A decision transformer in PyTorch: returns, places and actions as one sequence, and what asking for success gives.

The table of the world (S, A, S) is that of world_models.py; an episode has H steps, and its return is 1 if it ends
at the goal, else 0. Tokens: 0 and 1 returns, 2 and 3 actions, 4 and up places.
"""

import torch
from torch import Tensor, nn

ACTION, PLACE = 2, 4  # the first token of each kind


# --8<-- [start:bayes]
def asked(table: Tensor, behaviour: Tensor, steps: int) -> Tensor:
    """Actions given that the goal is reached: table (S, A, S), behaviour (A,) to (H, S, A), most steps left first.

    Source: this page, eq-world-models-asked.
    """
    reached = torch.eye(len(table), dtype=table.dtype)[-1]  # p(success) with no step left
    found = []
    for _ in range(steps):
        each = table @ reached  # p(success | place, action), (S, A)
        joint = behaviour * each
        reached = joint.sum(-1)
        found.append(torch.where(reached[:, None] > 0, joint / reached[:, None], behaviour))
    return torch.stack(found[::-1])
    # --8<-- [end:bayes]


def reaches(table: Tensor, policy: Tensor) -> float:
    """Probability of the goal from place 0: table (S, A, S), policy (H, S, A) to a number. Source: definition."""
    where = torch.eye(len(table), dtype=table.dtype)[0]
    for chances in policy:
        where = torch.einsum("s,sa,sat->t", where, chances, table)
    return float(where[-1])


def episodes(table: Tensor, n: int, steps: int, generator: torch.Generator) -> Tensor:
    """Return, then place and action of each step: table (S, A, S) to (n, T). Source: chen2021decision."""
    place = torch.zeros(n, dtype=torch.long)
    columns = []
    for _ in range(steps):
        action = torch.randint(table.shape[1], (n,), generator=generator)
        columns += [PLACE + place, ACTION + action]
        place = torch.multinomial(table[place, action], 1, generator=generator)[:, 0]
    return torch.stack([(place == len(table) - 1).long(), *columns], 1)


# --8<-- [start:transformer]
class DecisionTransformer(nn.Module):
    """Returns, places and actions as tokens of one sequence. Source: chen2021decision."""

    def __init__(self, tokens: int = 8, length: int = 7, width: int = 16) -> None:
        super().__init__()
        self.embed, self.position = nn.Embedding(tokens, width), nn.Embedding(length, width)
        self.layer = nn.TransformerEncoderLayer(width, 2, 2 * width, dropout=0.0, batch_first=True)
        self.head = nn.Linear(width, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits behind each token: tokens (N, T) to (N, T, A). Source: chen2021decision."""
        length = tokens.shape[1]
        x = self.embed(tokens) + self.position.weight[:length]
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        logits: Tensor = self.head(self.layer(x, src_mask=mask, is_causal=True))
        return logits
        # --8<-- [end:transformer]


# --8<-- [start:train]
def train(model: DecisionTransformer, data: Tensor, rounds: int, batch: int) -> None:
    """Cross-entropy of the actions, as of words in a language model: data (n, T). Source: chen2021decision."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for i in range(rounds):
        rows = data[i * batch % len(data) :][:batch]
        logits = model(rows[:, :-1])[:, 1::2]  # behind each place
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), (rows[:, 2::2] - ACTION).flatten())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    # --8<-- [end:train]


@torch.no_grad()
def success(model: DecisionTransformer, table: Tensor, steps: int) -> tuple[float, float]:
    """Asked for return 1: probability of the goal, and of walking first: table (S, A, S). Source: definition."""
    rows, weights = torch.tensor([[1, PLACE]]), torch.ones(1, dtype=table.dtype)
    first = 0.0
    for step in range(steps):
        chances = model(rows)[:, -1].double().softmax(-1)  # (N, A)
        first = float(chances[0, 0]) if step == 0 else first
        place = rows[:, -1] - PLACE
        follow = weights[:, None, None] * chances[..., None] * table[place]  # (N, A, S)
        n, a, s = follow.nonzero(as_tuple=True)
        rows, weights = (
            torch.cat([rows[n], ACTION + a[:, None], PLACE + s[:, None]], 1),
            follow[n, a, s],
        )
    return float(weights[rows[:, -1] == PLACE + len(table) - 1].sum()), first
