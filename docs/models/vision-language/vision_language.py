"""A vision-language model in small: image vectors as tokens, behind gated cross-attention, or as words of their own.

The letters:
    N  image vectors of a picture     D  numbers in each, from the image encoder
    T  words of the text              E  numbers in a word vector of the text network
    z  image vectors, (N, D)          h  what the text network reads, (N + T, E)
    W  the projection, (E, D), with the bias b, (E,)
    a  the gate's number; the gate is tanh(a)
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

# --8<-- [start:example]
SEEN = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])  # z: (colour, side) of the left and the right patch
W = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0, 0], [0, 0]]) / 2
B = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.0, 0.0])
LEFT = torch.tensor([[0.0, 0, 0, 0, 1, 0]])  # red, blue, at left, at right, asks left, asks right
QUERY = 2 * math.log(2) * torch.eye(6)[[4, 5]]  # what is asked: a score of 1 doubles the weight
KEY, VALUE = torch.eye(6)[[2, 3]], torch.eye(6)[[0, 1]]  # where a token is, and its colour
BOOK = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])  # entries 0 to 3 of a codebook
READ = 4 * math.log(2)  # from the colour that was read to the scores of "red" and "blue"
# --8<-- [end:example]


# --8<-- [start:project]
def project(z: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """z (N, D), weight (E, D), bias (E,) to tokens (N, E). Source: this page, eq-vision-language-projection."""
    return z @ weight.T + bias
    # --8<-- [end:project]


def look(asker: Tensor, tokens: Tensor) -> Tensor:
    """Weights of the example's attention: asker (1, E), tokens (M, E) to (1, M). Source: definition."""
    return torch.softmax(asker @ QUERY.T @ (tokens @ KEY.T).T, -1)


# --8<-- [start:ways]
def as_tokens(z: Tensor, question: Tensor) -> Tensor:
    """P("red"), P("blue") with image tokens in front: z (N, D), question (1, E) to (1, 2). Source: definition."""
    h = torch.cat([project(z, W, B), question])  # (N + 1, E)
    return torch.softmax(READ * look(question, h) @ (h @ VALUE.T), -1)


def across(z: Tensor, question: Tensor, gate: float) -> Tensor:
    """The same by a gated look: z (N, D), question (1, E) to (1, 2). Source: this page, eq-vision-language-gate."""
    h = project(z, W, B)  # (N, E), beside the text, not in it
    return torch.softmax(READ * gate * look(question, h) @ (h @ VALUE.T), -1)


def codes(z: Tensor, book: Tensor) -> Tensor:
    """Number of the nearest entry: z (N, D), book (K, D) to (N,). Source: definition."""
    return torch.cdist(z, book).argmin(1)
    # --8<-- [end:ways]


class Look(nn.Module):
    """Attention of x to itself, causal, or to a memory, not masked."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.both = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        """x (B, T, E), memory (B, N, E) or None to (B, T, E). Source: vaswani2017attention."""
        seen = x if memory is None else memory
        k, v = self.both(seen).chunk(2, -1)
        q, k, v = (m.unflatten(-1, (self.heads, -1)).transpose(1, 2) for m in (self.query(x), k, v))
        got = scaled_dot_product_attention(q, k, v, is_causal=memory is None)
        out: Tensor = self.out(got.transpose(1, 2).flatten(2))
        return out


class Block(nn.Module):
    """A block of the text network; `cross` is None until a gated look is put in front."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.look = Look(width, heads)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.cross: Gated | None = None

    def forward(self, x: Tensor, memory: Tensor | None) -> Tensor:
        """x (B, T, E), memory (B, N, E) or None to (B, T, E). Source: definition."""
        if self.cross is not None and memory is not None:
            x = self.cross(x, memory)
        x = x + self.look(self.norm1(x))
        out: Tensor = x + self.feed(self.norm2(x))
        return out


# --8<-- [start:gated]
class Gated(nn.Module):
    """A look at the image that begins shut. Source: alayrac2022flamingo, section 2.2."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm, self.look = nn.LayerNorm(width), Look(width, heads)
        self.a = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """x (B, T, E), memory (B, N, E) to (B, T, E). Source: this page, eq-vision-language-gate."""
        out: Tensor = x + torch.tanh(self.a) * self.look(self.norm(x), memory)
        return out
        # --8<-- [end:gated]


class Text(nn.Module):
    """The text network: word vectors, positions, blocks, a score for each word."""

    def __init__(
        self, words: int, length: int, width: int = 32, heads: int = 4, deep: int = 2
    ) -> None:
        super().__init__()
        self.table = nn.Embedding(words, width)
        self.places = nn.Parameter(0.02 * torch.randn(length, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(deep))
        self.norm = nn.LayerNorm(width)
        self.score = nn.Linear(width, words)

    def forward(self, h: Tensor, memory: Tensor | None = None) -> Tensor:
        """Scores of the next word: h (B, T, E), memory (B, N, E) or None to (B, V). Source: definition."""
        h = h + self.places[-h.shape[1] :]  # the last word always has the last place
        for block in self.blocks:
            h = block(h, memory)
        out: Tensor = self.score(self.norm(h[:, -1]))
        return out


# --8<-- [start:model]
class VisionLanguage(nn.Module):
    """A text network that reads image vectors in front of the words, or looks at them."""

    def __init__(self, text: Text, numbers: int, crossed: bool = False, each: int = 1) -> None:
        super().__init__()
        self.text, self.crossed, self.width = text, crossed, text.table.embedding_dim
        self.projection = nn.Linear(numbers, each * self.width)  # each: tokens of an image vector
        if crossed:
            self.cells = nn.Parameter(0.02 * torch.randn_like(text.places))  # a place each
            for block in text.blocks:
                block.cross = Gated(self.width, heads=4)

    def forward(self, z: Tensor, words: Tensor) -> Tensor:
        """Scores of the answer: z (B, N, D), words (B, T) to (B, V). Source: definition."""
        h = self.projection(z).reshape(len(z), -1, self.width)  # (B, N, E)
        asked = self.text.table(words)  # (B, T, E)
        if self.crossed:
            out: Tensor = self.text(asked, memory=h + self.cells[: h.shape[1]])
        else:
            out = self.text(torch.cat([h, asked], 1))
        return out
        # --8<-- [end:model]


Draw = Callable[
    [], tuple[Tensor, Tensor, Tensor]
]  # image vectors (B, N, D), words (B, T), answers (B,)


# --8<-- [start:train]
def train(
    model: nn.Module, draw: Draw, steps: int, frozen: tuple[str, ...] = (), rate: float = 3e-3
) -> list[float]:
    """Adam on the answer's cross-entropy; what begins with a frozen name rests. Source: definition."""
    for name, p in model.named_parameters():
        p.requires_grad_(not (name.startswith(frozen) and ".cross." not in name))
    learns = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(learns, lr=rate, foreach=True)
    found = []
    for i in range(steps):
        optimizer.param_groups[0]["lr"] = rate * (1 - i / steps)
        z, words, answer = draw()
        loss = cross_entropy(model(z, words), answer)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        found.append(loss.item())
    return found
    # --8<-- [end:train]


# --8<-- [start:count]
def image_tokens(height: int, width: int, patch: int, merge: int = 1) -> int:
    """Tokens of a picture; each takes patch * merge pixels squared. Source: this page, eq-vision-language-tokens."""
    side = patch * merge
    return math.ceil(height / side) * math.ceil(width / side)


def tiled_tokens(tiles: int, side: int, patch: int, merge: int = 1) -> int:
    """Tiles of side x side pixels and a small view of the whole. Source: this page, eq-vision-language-tiles."""
    return (tiles + (tiles > 1)) * image_tokens(side, side, patch, merge)
    # --8<-- [end:count]


def shuffle(z: Tensor, merge: int) -> Tensor:
    """Squares of r * r vectors become one: z (B, H, W, D) to (B, H / r, W / r, r * r * D). Source: definition.

    Raises ValueError if r does not divide both sides.
    """
    b, high, wide, d = z.shape
    if high % merge or wide % merge:
        raise ValueError(f"{high} x {wide} vectors can't be merged in squares of {merge}")
    z = z.reshape(b, high // merge, merge, wide // merge, merge, d).transpose(2, 3)
    return z.flatten(3)


def main() -> None:
    """The example in three ways, and token counts beside published ones."""
    left = as_tokens(SEEN, LEFT)
    print("weights", look(LEFT, torch.cat([project(SEEN, W, B), LEFT])).squeeze().tolist())
    print(f"tokens: red {left[0, 0]:.2f}, loss {-left[0, 0].log():.3f}, the pencil says 4/5")
    for gate in (0.0, 5 / 6, 1.0):
        print(f"gate {gate:.2f}: red {across(SEEN, LEFT, gate)[0, 0]:.2f}")
    print("codes", codes(SEEN, BOOK).tolist())
    print("LLaVA-1.5", image_tokens(336, 336, 14), "published 576")
    print("LLaVA-NeXT", tiled_tokens(4, 336, 14), "published 2880")
    print("InternVL3.5, a tile", image_tokens(448, 448, 14, 2), "published 256")
    print("Qwen2-VL", image_tokens(224, 224, 14, 2) + 2, "published 66, two of them marks")


if __name__ == "__main__":
    main()
