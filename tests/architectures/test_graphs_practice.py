"""The lines of docs/architectures/graphs.md that one writes today, against the page's own code."""

import torch

from docs.architectures.graphs import graphs, practice


def test_the_layer_sums_messages_and_keeps_graphs_apart() -> None:
    torch.manual_seed(0)
    layer, h = practice.Layer(4), torch.randn(6, 4)
    source, target = graphs.both_ways(((0, 1), (1, 2), (3, 4), (4, 5)))
    out = layer(h, torch.stack([source, target]))
    m = layer.message(torch.cat([h[target], h[source]], 1))
    total = graphs.gather(m, target, 6)
    torch.testing.assert_close(out, h + layer.update(torch.cat([h, total], 1)))
    other = torch.cat([h[:3], torch.randn(3, 4)])
    torch.testing.assert_close(layer(other, torch.stack([source, target]))[:3], out[:3])
