"""The lines of a library on docs/architectures/encoder-decoder.md, with the weights of the page's translator."""

from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

ed = import_module("docs.architectures.encoder-decoder.encoder_decoder")
seq2seq = import_module("docs.architectures.encoder-decoder.seq2seq")


def library(model: Any) -> nn.Module:
    """The lines of seq2seq.py with the weights of a translator."""
    c = model.config
    shape = {"nhead": c.heads, "dim_feedforward": c.inner, "dropout": 0.0, "bias": False}
    layers = {"num_encoder_layers": c.layers, "num_decoder_layers": c.layers}
    other = seq2seq.Seq2Seq(c.vocabulary, c.context, c.width, **shape, **layers).double()
    with torch.no_grad():
        other.words.weight.copy_(model.words)
        other.places.weight.copy_(model.places)
        halves = (
            (model.encoder, other.halves.encoder, ("self_attn",)),
            (model.decoder, other.halves.decoder, ("self_attn", "multihead_attn")),
        )
        for (ours, theirs, names), after in zip(halves, model.after, strict=True):
            for a, b in zip(ours, theirs.layers, strict=True):
                for part, name in zip((a.attend, a.cross), names, strict=False):
                    joined = torch.cat([part.q.weight, part.k.weight, part.v.weight])
                    b.get_submodule(name).in_proj_weight.copy_(joined)
                    b.get_submodule(name).out_proj.weight.copy_(part.o.weight)
                b.linear1.weight.copy_(a.up.weight)
                b.linear2.weight.copy_(a.down.weight)
                for n, norm in enumerate(a.norms, 1):
                    b.get_submodule(f"norm{n}").weight.copy_(norm.weight)
            theirs.norm.weight.copy_(after.weight)
    return other  # type: ignore[no-any-return]


def some(count: int = 12) -> tuple[Tensor, Tensor]:
    """Sources and targets of different lengths, as numbers."""
    chosen = ed.sentences()[:: 300 // count]
    source = ed.numbers([text.split() for text in chosen], False)
    return source, ed.numbers([ed.translations(text)[0] for text in chosen], True)


def test_with_the_same_weights_it_gives_the_same_logits() -> None:
    model = ed.Translator(torch.Generator().manual_seed(6), ed.Config(layers=3)).double()
    source, target = some()
    ours, _ = model.decode(target[:, :-1], model.encode(source), source)
    theirs = library(model)(source, target[:, :-1])
    real = target[:, 1:] != ed.PAD
    torch.testing.assert_close(ours[real], theirs[real], rtol=1e-9, atol=1e-9)
