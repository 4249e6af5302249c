"""Cross-attention with torch's own module: keys and values of another width than the queries."""

from torch import Tensor, nn

# --8<-- [start:cross]
read = nn.MultiheadAttention(320, num_heads=8, kdim=768, vdim=768, bias=False, batch_first=True)


def message(places: Tensor, words: Tensor, hidden: Tensor | None = None) -> Tensor:
    """places (B, N, 320) ask words (B, L, 768), but no hidden (B, L), to (B, N, 320). Source: rombach2022high."""
    out, _ = read(places, words, words, key_padding_mask=hidden, need_weights=False)
    return out  # type: ignore[no-any-return]
    # --8<-- [end:cross]
