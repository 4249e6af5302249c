"""The memory of a language model: its parameters, its cache and its training.

Letters:
    P          parameters
    b          bits of one stored parameter
    L          blocks
    E, F       width of the stream; inner width of a feed-forward layer
    H, G, D    query heads; key-value heads, G <= H; width of a head, H · D = E
    V          entries of the vocabulary
    T, S       tokens of a sequence; sequences at once
Memory is in bytes; `gib` turns it into GiB.
"""

import math
from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True)
class Shape:
    """The shape of a decoder-only Transformer with gated feed-forward layers, RMSNorm and no biases.

    Source: touvron2023llama, table 2, and touvron2023llama2, section 2.2; the inner widths are those of
    the released configurations.
    """

    blocks: int
    width: int
    heads: int
    cache_heads: int
    inner: int
    vocabulary: int = 32_000

    @property
    def head_width(self) -> int:
        """D. Raises ValueError if the heads do not divide the width, or the groups the heads."""
        if self.width % self.heads or self.heads % self.cache_heads:
            raise ValueError(
                f"{self.width} is not a multiple of {self.heads} heads, "
                f"or {self.heads} not of {self.cache_heads}"
            )
        return self.width // self.heads


LLAMA_2 = {
    "7B": Shape(32, 4096, 32, 32, 11_008),
    "13B": Shape(40, 5120, 40, 40, 13_824),
    "70B": Shape(80, 8192, 64, 8, 28_672),
}


# --8<-- [start:parameters]
def parameters(shape: Shape) -> int:
    """P, counted part by part; embedding and unembedding are two tables."""
    keys_values = 2 * shape.width * shape.cache_heads * shape.head_width
    attention = 2 * shape.width**2 + keys_values  # queries and output, keys and values
    feed_forward = 3 * shape.width * shape.inner  # up, gate and down
    norms = 2 * shape.width
    block = attention + feed_forward + norms
    return shape.blocks * block + shape.width + 2 * shape.vocabulary * shape.width
    # --8<-- [end:parameters]


def weights_memory(parameters: int, bits: int = 16) -> float:
    """Bytes of the stored parameters, b = 32, 16, 8 or 4 bits each."""
    return parameters * bits / 8


# --8<-- [start:cache]
def cache_memory(shape: Shape, tokens: int, sequences: int = 1, bits: int = 16) -> float:
    """Bytes of the keys and values of T tokens in S sequences."""
    numbers = 2 * shape.blocks * shape.cache_heads * shape.head_width
    return sequences * tokens * numbers * bits / 8
    # --8<-- [end:cache]


def training_memory(parameters: int) -> float:
    """Bytes for full training with Adam in mixed precision, without activations.

    Two bytes each for the parameter and its gradient in 16 bits, and four each for the parameter, the
    mean and the mean square in 32 bits.

    Source: rajbhandari2020zero, section 3.1.
    """
    return parameters * (2 + 2 + 3 * 4)


# --8<-- [start:lora]
def adapter_parameters(shape: Shape, rank: int) -> int:
    """Parameters of low-rank adapters on the query and value matrices of every block.

    Source: hu2022lora, section 4.2.
    """
    queries = rank * (shape.width + shape.width)
    values = rank * (shape.width + shape.cache_heads * shape.head_width)
    return shape.blocks * (queries + values)
    # --8<-- [end:lora]


def share_margin(share: float, cases: int) -> float:
    """Half the width of the 95 % interval of a share of right answers among independent cases."""
    return 1.96 * math.sqrt(share * (1 - share) / cases)


def gap_margin(disagree: float, cases: int) -> float:
    """The least gap on the same cases that two equally good models reach by chance in at most 5 %.

    Of the cases on which one model is right and the other is not, a coin says which (a sign test).

    Args:
        disagree: the share of those cases.
    """
    n = round(disagree * cases)
    won = n
    while sum(math.comb(n, k) for k in range(won - 1, n + 1)) <= 0.025 * 2**n:
        won -= 1
    return (2 * won - n) / cases


def gib(size: float) -> float:
    """Bytes as GiB."""
    return size / GIB


def main() -> None:
    """Print parameters and memory of Llama 2."""
    for name, shape in LLAMA_2.items():
        count = parameters(shape)
        print(
            f"Llama 2 {name}: {count:,} parameters; weights {gib(weights_memory(count)):.1f} GiB in 16 "
            f"bits, {gib(weights_memory(count, 4)):.1f} GiB in 4; cache of 4,096 tokens "
            f"{gib(cache_memory(shape, 4096)):.2f} GiB; training {gib(training_memory(count)):.0f} GiB; "
            f"adapters of rank 8 {adapter_parameters(shape, 8) / count:.3%} of the parameters"
        )


if __name__ == "__main__":
    main()
