"""The hybrid of PyTorch's own layers: it runs, keeps the order of time, and has the pattern that it names."""

import torch

from docs.models.hybrids import practice


def test_the_stack_of_the_library_is_causal() -> None:
    torch.manual_seed(0)
    net = practice.Hybrid(16, "RARA").eval()
    assert [type(mix).__name__ for mix in net.mixers] == ["GRU", "MultiheadAttention"] * 2
    x = torch.randn(2, 9, 16)
    changed = x.clone()
    changed[:, 5:] += 1
    with torch.no_grad():
        before, after = net(x), net(changed)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])
    practice.main()
