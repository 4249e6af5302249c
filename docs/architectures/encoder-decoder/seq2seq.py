"""What one would write today: the Transformer of PyTorch, with an encoder and a decoder."""

from typing import Any

from torch import Tensor, nn


# --8<-- [start:seq2seq]
class Seq2Seq(nn.Module):
    """Words of source and target to logits of the next word. Source: definition."""

    def __init__(self, vocabulary: int, context: int, width: int, **shape: Any) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.halves = nn.Transformer(width, **shape, batch_first=True, norm_first=True)

    def forward(self, source: Tensor, target: Tensor, pad: int = 0) -> Tensor:
        """source (B, N), target (B, M) to (B, M, V). Source: definition."""
        x, y = (self.words(row) + self.places.weight[: row.shape[1]] for row in (source, target))
        later = nn.Transformer.generate_square_subsequent_mask(y.shape[1], dtype=y.dtype)
        hide = {"src_key_padding_mask": source == pad, "memory_key_padding_mask": source == pad}
        out: Tensor = self.halves(x, y, tgt_mask=later, tgt_is_causal=True, **hide)
        return out @ self.words.weight.T
        # --8<-- [end:seq2seq]
