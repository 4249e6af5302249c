"""The causal network of the page: nothing from the future, bits, draws."""

import itertools
import math

import pytest
import torch

from docs.models.autoregressive import practice


def test_no_logits_change_with_what_follows() -> None:
    torch.manual_seed(0)
    model, x = practice.Causal(3, (1, 2, 4)), torch.randint(3, (2, 20))
    with torch.no_grad():
        before = model(x)
        for place in range(20):
            changed = x.clone()
            changed[:, place] = (changed[:, place] + 1) % 3
            moved = (model(changed) - before).abs().amax((0, 2)) > 0
            assert not moved[:place].any()
            assert moved[place]
            assert not moved[place + 8 :].any()  # it sees eight


def test_bits_are_those_of_the_next_token() -> None:
    torch.manual_seed(0)
    model, x = practice.Causal(3, (1, 2)), torch.randint(3, (2, 6))
    p = model(x).softmax(2)
    each = [
        -math.log2(float(p[n, t, x[n, t + 1]])) for n, t in itertools.product(range(2), range(5))
    ]
    assert float(practice.bits(model, x)) == pytest.approx(sum(each) / 10, rel=1e-5)


def test_a_network_that_sees_far_enough_repeats_what_it_has_read() -> None:
    torch.manual_seed(0)
    x = torch.randint(4, (16, 4)).repeat(1, 4)
    model = practice.Causal(4, (1, 2))
    practice.train(model, x, 120, 0.03)
    assert float(practice.bits(model, x[:, 4:])) < 0.2
    made = practice.sample(model, x[:, :8], 4, torch.Generator().manual_seed(0))
    assert (made[:, 8:] == x[:, 8:12]).float().mean() > 0.8
    assert made.shape == (16, 12)
