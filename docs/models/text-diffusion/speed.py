"""How many tokens a second a model can write at most: left to right with a cache, or several places of a block a call.

Only the weights count here: reading them once a call, and two operations a weight and place. Caches, attention and
the network between processors are left out; they cost both ways of writing.
"""

WEIGHTS = 8e9
BYTES = 2  # of a weight
READ = 3.35e12  # bytes a second from the memory of an H100 (SXM)
COMPUTE = 989e12  # operations a second at 16 bits, without sparsity
BLOCK = 32


# --8<-- [start:rate]
def rate(texts: int, places: int, kept: float) -> float:
    """Tokens a second of all texts together: places computed and tokens kept a call. Source: eq-text-diffusion-rate."""
    reading = BYTES * WEIGHTS / READ
    computing = 2 * WEIGHTS * places * texts / COMPUTE
    return texts * kept / max(reading, computing)
    # --8<-- [end:rate]


def main() -> None:
    """One text and many texts, for some numbers of kept tokens."""
    for texts in (1, 8, 64, 512):
        block = ", ".join(f"{kept}: {rate(texts, BLOCK, kept):,.0f}" for kept in (2, 4, 8))
        print(f"{texts} texts: left to right {rate(texts, 1, 1):,.0f}; kept a call {block}")


if __name__ == "__main__":
    main()
