"""Both tables in a network of today, tied or not, and a search among stored vectors."""

import torch
from torch import Tensor, nn


# --8<-- [start:ends]
class Ends(nn.Module):
    """The two ends of a language model: V entries, E numbers; what lies between is for others."""

    def __init__(self, v: int, e: int, *, tied: bool = True) -> None:
        super().__init__()
        self.embedding = nn.Embedding(v, e)
        self.head = nn.Linear(e, v, bias=False)
        nn.init.normal_(self.embedding.weight, std=0.02)  # as GPT-2
        if tied:
            self.head.weight = self.embedding.weight  # one table, two gradients

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits if nothing lies between: tokens (B,) to (B, V). Source: definition."""
        logits: Tensor = self.head(self.embedding(tokens))
        return logits
        # --8<-- [end:ends]


# --8<-- [start:nearest]
def nearest(query: Tensor, stored: Tensor, k: int) -> list[int]:
    """The k stored vectors with the highest cosine: query (E,), stored (M, E) to k numbers. Source: definition."""
    q, s = (nn.functional.normalize(x, dim=-1) for x in (query, stored))
    return (s @ q).topk(k).indices.tolist()
    # --8<-- [end:nearest]


def main() -> None:
    """Count the parameters of a small model's ends, tied and not, and search among the example's words."""
    for tied in (True, False):
        print(f"tied {tied}: {sum(p.numel() for p in Ends(1000, 64, tied=tied).parameters()):,}")
    words = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    print("nearest to (0.35, -0.35):", nearest(torch.tensor([0.35, -0.35]), words, 2))


if __name__ == "__main__":
    main()
