"""A pyramid autoencoder whose codes are words: pictures to rows of a frozen table of tokens, coarse to fine, and back.

Letters:
    B, T, D    pictures in a batch; places of a picture; numbers in a word's vector
    V, L       words of the table; layers of the pyramid
    P          pixels of a picture
    u          outputs of the encoder (B, T, D)
    e          the table (V, D); frozen, unless a codebook is learned for comparison
    layers     which places get a word in each layer, coarse first: (L, T) of 0 and 1
    k          words (B, L, T), from 0; -1 where a layer has no word
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

# The example: five words of two numbers, and an output of the encoder.
WORDS = ("sun", "sea", "ash", "ice", "sand")
TABLE = ((4.0, 0.0), (0.0, 4.0), (-4.0, 0.0), (0.0, -4.0), (1.0, 3.0))
OUTPUT = (3.0, 1.0)
PYRAMID = ((1, 0, 0, 0), (1, 0, 0, 1), (1, 1, 1, 1), (1, 1, 1, 1))  # 1, 2, 4 and 4 words
COMMITMENT = 0.25
SOFT = 0.1  # squared distance that divides the odds by e


# --8<-- [start:nearest]
def nearest(target: Tensor, e: Tensor) -> Tensor:
    """The word whose vector is nearest: target (..., D), e (V, D) to (...). Source: this page, eq-spae-word."""
    distance = (
        e.square().sum(-1) - 2 * target @ e.mT
    )  # less the target's own square, the same for all
    return distance.argmin(-1)
    # --8<-- [end:nearest]


# --8<-- [start:stream]
def stream(u: Tensor, e: Tensor, layers: Tensor, average: bool = True) -> tuple[Tensor, Tensor]:
    """Words of each layer, and what they stand for after it.

    u (B, T, D), e (V, D), layers (L, T) to k (B, L, T), (B, L, T, D).
    Source: yu2023spae, section 3.1. Without average, words are added up as in residual vector quantisation.
    """
    total, count = torch.zeros_like(u), torch.zeros(u.shape[1])
    words, meant = [], []
    for here in layers:  # (T,)
        count = count + here
        scale = count.clamp(min=1)[:, None] if average else torch.ones(1)
        target = scale * u - total
        k, at = torch.full(u.shape[:2], -1), here.nonzero()[:, 0]
        k[:, at] = nearest(target[:, at], e)
        total = total.index_add(1, at, e[k[:, at]])
        words.append(k)
        meant.append(total / scale)
    return torch.stack(words, 1), torch.stack(meant, 1)
    # --8<-- [end:stream]


# --8<-- [start:read]
def read(k: Tensor, e: Tensor, average: bool = True) -> Tensor:
    """What words stand for: k (B, L, T), -1 for none, e (V, D) to (B, T, D). Source: this page, eq-spae-mean."""
    there = (k >= 0).unsqueeze(-1).to(e)  # (B, L, T, 1)
    total = (there * e[k.clamp(min=0)]).sum(1)
    return total / there.sum(1).clamp(min=1) if average else total
    # --8<-- [end:read]


class SPAE(nn.Module):
    """Encoder, table of words, frozen or learned, and decoder: table (V, D), layers (L, T)."""

    def __init__(
        self,
        table: Tensor,
        layers: Tensor,
        pixels: int,
        width: int = 128,
        learn: bool = False,
        average: bool = True,
    ) -> None:
        super().__init__()
        parts, dim = layers.shape[1], table.shape[1]
        self.layers, self.average = layers, average
        self.table = nn.Parameter(table.clone(), requires_grad=learn)
        self.encoder = nn.Sequential(
            nn.Linear(pixels, width), nn.ReLU(), nn.Linear(width, parts * dim),
            nn.Unflatten(1, (parts, dim)),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Flatten(), nn.Linear(parts * dim, width), nn.ReLU(), nn.Linear(width, pixels)
        )

    # --8<-- [start:write]
    @torch.no_grad()
    def write(self, x: Tensor) -> Tensor:
        """A picture as words: x (B, P) to k (B, L, T). Source: this page, eq-spae-word."""
        return stream(self.encoder(x), self.table, self.layers, self.average)[0]

    @torch.no_grad()
    def draw(self, k: Tensor) -> Tensor:
        """Words as a picture: k (B, L, T), -1 for none, to (B, P). Source: this page, eq-spae-mean."""
        picture: Tensor = self.decoder(read(k, self.table, self.average))
        return picture
        # --8<-- [end:write]

    # --8<-- [start:loss]
    def loss(self, x: Tensor, names: Tensor | None = None, weight: float = 0.0) -> Tensor:
        """Error after each layer, commitment, guidance: x (B, P), names (B,) to (). Source: this page, eq-spae-loss."""
        u = self.encoder(x)
        _, meant = stream(u, self.table, self.layers, self.average)  # (B, L, T, D)
        here = self.layers.cumsum(0).clamp(max=1)[..., None]  # (L, T, 1): places with a word so far
        seen = here * u[:, None]
        z = seen + (meant - seen).detach()  # straight through
        restored = self.decoder(z.flatten(0, 1)).unflatten(0, z.shape[:2])  # (B, L, P)
        error = (restored - x[:, None]).square().mean()
        moves, stays = (meant - seen.detach()).square(), (seen - meant.detach()).square()
        total: Tensor = error + (moves + COMMITMENT * stays).mean()
        if names is not None:
            total = total + weight * guidance(u[:, 0], self.table, names)
        return total
        # --8<-- [end:loss]


# --8<-- [start:guidance]
def guidance(u: Tensor, e: Tensor, names: Tensor) -> Tensor:
    """Mean of -log p(name), nearer words being likelier: u (B, D), e (V, D), names (B,) to ().

    Source: yu2023spae, section 3.1. Departs: the right word comes from a label, there from CLIP.
    """
    scores = -torch.cdist(u, e).square() / SOFT  # (B, V)
    return functional.cross_entropy(scores, names)
    # --8<-- [end:guidance]


# --8<-- [start:fit]
def fit(
    model: SPAE,
    x: Tensor,
    steps: int,
    generator: torch.Generator,
    names: Tensor | None = None,
    weight: float = 0.0,
    batch: int = 128,
    rate: float = 3e-3,
) -> None:
    """Train encoder and decoder, and the table if it may learn: x (N, P), names (N,). Source: definition."""
    adam = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=rate)
    for _ in range(steps):
        rows = torch.randint(len(x), (batch,), generator=generator)
        adam.zero_grad()
        torch.autograd.backward(model.loss(x[rows], None if names is None else names[rows], weight))
        adam.step()
    # --8<-- [end:fit]


# --8<-- [start:attend]
def attend(query: Tensor, shown: Tensor, labels: Tensor, ways: int, soft: float = 1.0) -> Tensor:
    """Probability of each label for a query, given examples with labels: an attention head without weights.

    query (B, D), shown (B, N, D), labels (B, N) to (B, ways). Source: this page, eq-spae-attend.
    """
    far = (shown - query[:, None]).square().sum(-1)  # (B, N)
    weights = (-far / soft).softmax(-1)
    return torch.zeros(len(query), ways).to(query).scatter_add(1, labels, weights)
    # --8<-- [end:attend]


# --8<-- [start:mix]
def mix(k: Tensor, generator: torch.Generator) -> Tensor:
    """New rows of words, each word that of one example at the same place: k (B, N, L, T) to (B, L, T).

    Source: definition. It writes in context without learning, as simply as possible.
    """
    which = torch.randint(k.shape[1], (len(k), 1, *k.shape[2:]), generator=generator)
    return k.gather(1, which)[:, 0]
    # --8<-- [end:mix]


def main() -> None:
    """The output of the example as words, by the running mean and by a sum, and their squared errors."""
    e, u = torch.tensor(TABLE), torch.tensor(OUTPUT)[None, None]
    for name, average in (("mean", True), ("sum", False)):
        k, meant = stream(u, e, torch.ones(3, 1), average)
        words = " ".join(WORDS[n] for n in k.flatten().tolist())
        errors = ", ".join(
            f"{n:.3g}" for n in (meant - u[:, None]).square().sum((0, 2, 3)).tolist()
        )
        print(f"{name:5}: {words:15} squared error {errors}")


if __name__ == "__main__":
    main()
