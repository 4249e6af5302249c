"""Where the norm stands: docs/architectures/normalisation/depth.py against models of it, and the page's figures."""

import inspect
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from docs.architectures.normalisation import depth, normalisation
from scripts.figures import style
from scripts.printed.values import Each, From
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "normalisation.md"
DATA = PAGE.parent / "normalisation"
said = sayings(PAGE)
rows_of = tables(PAGE)
torch.set_num_threads(1)


def table(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(DATA / f"{name}.csv")


def test_the_norm_is_that_of_the_other_file_and_the_orders_are_as_they_are_called() -> None:
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    norm = functional.layer_norm(x, (8,))
    torch.testing.assert_close(depth.norm(x), norm)
    torch.testing.assert_close(depth.norm(x), normalisation.standardise(x, [-1]))

    def f(x: Tensor) -> Tensor:
        return 2 * x + 1

    wanted = {
        "plain": f(x),
        "skip": x + f(x),
        "post": functional.layer_norm(x + f(x), (8,)),
        "pre": x + f(norm),
        "both": x + functional.layer_norm(f(norm), (8,)),
    }
    assert tuple(wanted) == depth.ORDERS
    for order, out in wanted.items():
        torch.testing.assert_close(depth.add_layer(x, f, order), out)
    with pytest.raises(ValueError, match="no order 'middle'"):
        depth.add_layer(x, f, "middle")


def test_a_layer_is_causal_attention_or_a_feed_forward_network() -> None:
    layers = depth.draw_layers(2, 8, 3, torch.Generator().manual_seed(1))
    attend, forward = (depth.layer_function(w, 2) for w in layers)
    x = torch.randn(3, 2, 5, 8, generator=torch.Generator().manual_seed(2))
    later = x.clone()
    later[:, :, 3:] += 1
    assert torch.allclose(attend(later)[:, :, :3], attend(x)[:, :, :3], atol=1e-5)
    assert not torch.allclose(attend(later)[:, :, 3:], attend(x)[:, :, 3:], atol=1e-2)
    moved = (forward(later) - forward(x)).abs().amax((0, 1, 3))
    assert (moved[:3] < 1e-5).all()
    assert (moved[3:] > 1e-2).all()


# A model of depth: layers that write vectors at right angles to all before them.


def orthogonal(v: float, e: int) -> Callable[[], Callable[[Tensor], Tensor]]:
    """Layers one after the other, each writing mean square v in a direction of its own, with mean zero."""
    basis = torch.linalg.qr(torch.cat([torch.ones(e, 1), torch.eye(e)[:, :-1]], 1).double())[0].T
    directions = iter(basis[2:])

    def new() -> Callable[[Tensor], Tensor]:
        direction = next(directions)
        return lambda x: (v * e) ** 0.5 * direction

    return new


def streams(order: str, v: float, e: int, count: int) -> list[Tensor]:
    """The stream from mean square 1 on."""
    basis = torch.linalg.qr(torch.cat([torch.ones(e, 1), torch.eye(e)[:, :-1]], 1).double())[0].T
    new, rows = orthogonal(v, e), [e**0.5 * basis[1]]
    for _ in range(count):
        rows.append(depth.add_layer(rows[-1], new(), order))
    return rows


@pytest.mark.equation("eq-normalisation-growth", "eq-normalisation-share")
def test_the_stream_and_the_shares_of_the_layers(printed: Equations) -> None:
    v, e, count = 0.7, 16, 6
    basis = torch.linalg.qr(torch.cat([torch.ones(e, 1), torch.eye(e)[:, :-1]], 1).double())[0].T
    pre, post = (streams(order, v, e, count) for order in ("pre", "post"))
    sizes = [float(x.square().mean()) for x in pre]
    printed("eq-normalisation-growth").holds(
        {"m": From(0, sizes), "v": v, "l": Each(range(1, count + 1))}
    )
    shares = [((basis @ x[-1]) ** 2 / (x[-1] @ x[-1])).tolist()[2:] for x in (pre, post)]
    printed("eq-normalisation-share").holds(
        {"s": shares[0], "t": shares[1], "v": v, "L": count, "l": Each(range(1, count + 1))},
        tolerance=1e-5,  # the norm has its small number
    )
    assert sum(shares[0][:count]) == pytest.approx(1 - 1 / sizes[-1])


def test_the_shares_that_the_page_tells() -> None:
    said("For $v = 1$ and $L = 24$ every pre-norm layer holds 1/25.")
    basis = streams("pre", 1.0, 32, 0)[0] / 32**0.5
    pre, post = (streams(order, 1.0, 32, 24) for order in ("pre", "post"))
    assert 1 / float(pre[-1].square().mean()) == pytest.approx(1 / 25)
    last = float(post[-1] @ post[-1] - (post[-1] @ post[-2]) ** 2 / (post[-2] @ post[-2]))
    assert last / float(post[-1] @ post[-1]) == pytest.approx(1 / 2, abs=1e-4)
    input_share = float((basis @ post[-1]) ** 2 / (post[-1] @ post[-1]))
    assert input_share == pytest.approx(2.0**-24, rel=1e-3)
    said("the one before a quarter, and the first $2^{-24}$.")
    said(f"at each post-norm layer, {2**-12:.5f} in all.")
    step = torch.autograd.functional.jacobian(
        depth.norm, post[1] * 2**0.5
    )  # the sum before the norm
    away = torch.linalg.qr(torch.stack([torch.ones(32).double(), post[1]], 1))[0]
    across = torch.eye(32).double() - away @ away.T  # what is neither mean nor length
    torch.testing.assert_close(across @ step, across / 2**0.5, rtol=1e-4, atol=1e-4)


def linear_moves(order: str, v: float, delta: float, count: int) -> float:
    """Mean square of the move of the normalised output of linear layers, drawn at random many times."""
    generator, e, s = torch.Generator().manual_seed(0), 96, 150

    def draw() -> Tensor:
        return (v / e) ** 0.5 * torch.randn(s, e, e, generator=generator)

    x = y = torch.randn(s, 1, e, generator=generator)
    for _ in range(count):
        w, change = draw(), delta * draw()
        x = depth.add_layer(x, lambda t, w=w: t @ w, order)  # type: ignore[misc]
        y = depth.add_layer(y, lambda t, w=w + change: t @ w, order)  # type: ignore[misc]
    return float((depth.norm(y) - depth.norm(x)).square().mean())


@pytest.mark.equation("eq-normalisation-nudge")
def test_a_nudge_grows_with_the_logarithm_of_the_depth_or_with_the_depth(
    printed: Equations,
) -> None:
    v, small, delta, count = 0.06, 0.02, 5.0, 8
    # Small moves go with the square of delta; told for a large one, so that the sides are no small numbers.
    pre, post = (
        (delta / small) ** 2 * linear_moves(order, v, small, count) for order in ("pre", "post")
    )
    printed("eq-normalisation-nudge").holds(
        {"M": pre, "P": post, r"\delta": delta, "v": v, "L": count}, about=0.025
    )


# What the figures show.


def test_the_stream_and_the_gradients_by_depth_as_the_page_tells_them() -> None:
    t = table("depth")

    def ends(part: str, order: str) -> tuple[float, float]:
        column = t[f"{part}_{order}_mean"]
        return column[0], column[-1]

    plain, skip, pre, both = (ends("stream", o) for o in ("plain", "skip", "pre", "both"))
    said(f"without skip and norm it falls from {plain[0]:.2f} to {plain[1]:.4f}")
    said(f"alone it rises from {skip[0]:.1f} to {skip[1]:.0f}; post-norm is 1 throughout")
    said(
        f"pre-norm rises from {pre[0]:.1f} to {pre[1]:.1f}; with norms at both ends it rises "
        f"from {both[0]:.1f} to {both[1]:.1f}."
    )
    pre, both = ends("gradient", "pre"), ends("gradient", "both")
    said(
        f"falling from {pre[0]:.2f} to {pre[1]:.2f} in pre-norm and from {both[0]:.2f} "
        f"to {both[1]:.2f} with norms"
    )
    assert all(abs(x - 1) < 1e-4 for x in t["stream_post_mean"])
    for order, falls in (("plain", True), ("skip", False), ("pre", False), ("both", False)):
        pairs = itertools.pairwise(t[f"stream_{order}_mean"])
        assert all((a > b) == falls for a, b in pairs), order
    assert all(1.8e-4 < x < 2.9e-4 for x in t["gradient_plain_mean"])
    assert all(a > b for a, b in itertools.pairwise(t["gradient_skip_mean"]))
    first, last = ends("gradient", "skip")
    said(f"falling from {first / 1e6:.1f} million to {round(last, -2):,.0f} with skip alone")
    assert all(0.55 < x < 0.7 for x in t["gradient_post_mean"])
    assert all(a > b for a, b in itertools.pairwise(t["gradient_pre_mean"]))
    assert all(a > b for a, b in zip(t["gradient_post_mean"], t["gradient_pre_mean"], strict=True))


def printed_table(out: str) -> dict[str, list[float]]:
    """The rows that the command prints, by order."""
    rows = (line.split() for line in out.splitlines()[2:])
    return {order: [float(value) for value in values] for order, *values in rows}


def test_the_command_prints_what_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    depth.main(2)
    rows = printed_table(capsys.readouterr().out)
    assert tuple(rows) == depth.ORDERS
    for order, (stream, first, last, move) in rows.items():
        size, gradient = (part.mean(1) for part in depth.profile(order, 2))
        assert stream == pytest.approx(float(size[-1]), rel=0.01)
        assert first == last == pytest.approx(float(gradient[1]), rel=0.01)
        assert move == pytest.approx(float(depth.nudge(order, 2).mean()), rel=0.1)
    streams, moves = ([row[n] for row in rows.values()] for n in (0, 3))
    said(f"The streams lie between {min(streams):.2f} and {max(streams):.2f}, and the moves")
    said(f"the moves between {min(moves):.3f} and {max(moves):.3f}: what goes wrong")
    end = [table("depth")[f"stream_{order}_mean"][-1] for order in depth.ORDERS]
    said(f"the stream is {end[0]:.5f}, {end[1]:.0f}, {end[2]:.0f}, {end[3]:.2f} and {end[4]:.2f}.")


def test_the_last_gradient_of_pre_norm_falls_with_the_root_of_the_depth() -> None:
    t = table("depth")
    short, post = (t[f"gradient_{order}_mean"][-1] for order in ("pre", "post"))
    long, far = (float(depth.profile(o, 96)[1][-1].mean()) for o in ("pre", "post"))
    said(f"the last gradient is {long:.3f}, half of the {short:.3f} at 24 layers; in post-norm")
    said(f"in post-norm it is {far:.2f}, as against {post:.2f}.")
    said(
        f"In the run of [Try it](#tab-normalisation-try) the last gradient falls from {short:.3f} "
        f"with 24 layers to {long:.3f} with 96"
    )
    assert short / long == pytest.approx(2, rel=0.05)


def test_without_norms_96_layers_vanish_and_overflow() -> None:
    (plain, _), (skip, gradient) = (depth.profile(order, 96) for order in ("plain", "skip"))

    def power(value: float) -> str:
        digit, exponent = f"{value:.0e}".split("e")
        return f"${digit} \\cdot 10^{{{int(exponent)}}}$"

    said(f"In *plain* the stream is {power(float(plain[-1].mean()))}, in *skip*")
    said(f"in *skip* {power(float(skip[-1].mean()))}, and there the first gradient overflows.")
    assert not gradient[1].mean().isfinite()  # infinite, or no number where infinities meet
    assert skip[-1].isfinite().all()


def test_norms_without_skip_connections_keep_sizes_and_make_all_tokens_alike() -> None:
    generator = torch.Generator().manual_seed(0)
    layers = depth.draw_layers(24, 64, 5, generator)
    x = torch.randn(5, 4, 32, 64, generator=generator)

    def alike(x: Tensor) -> Tensor:
        """Mean cosine between two tokens of a text, by network."""
        unit = functional.normalize(x, dim=-1)
        count = x.shape[-2]
        return (((unit @ unit.mT).sum((-2, -1)) - count) / (count * (count - 1))).mean(1).detach()

    with torch.no_grad():
        pre, post = (alike(depth.run(x, layers, order, 4)[-1]) for order in ("pre", "post"))
    out = depth.norm(x)
    for w in layers:
        out = depth.norm(depth.layer_function(w, 4)(out))
    torch.testing.assert_close(out.square().mean(-1), torch.ones(5, 4, 32), rtol=1e-3, atol=0)
    assert (alike(out) > 0.9999).all()
    said(
        f"With norms alone both keep their size, but attention averages all tokens into the same "
        f"vector: their mean cosine is {float(alike(out).mean()):.2f}, in post-norm "
        f"{float(post.mean()):.2f}, in pre-norm {float(pre.mean()):.2f}["
    )
    assert (pre < post).all()
    assert (post < 0.99).all()
    head = torch.randn(5, 1, 64, 50, generator=generator) / 8
    target = torch.randint(50, (5 * 4 * 32,), generator=generator)
    loss = functional.cross_entropy((out @ head).flatten(0, 2), target, reduction="sum") / 128
    torch.autograd.backward(loss)
    sizes = torch.stack([w["in"].grad.flatten(1).norm(dim=1).mean() for w in layers[1::2]])  # type: ignore[union-attr]
    assert sizes.max() / sizes.min() < 2


def test_the_way_through_the_layers_keeps_the_gradients_of_post_norm_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = float(depth.profile("post", 24)[1][1].mean())
    function = depth.layer_function

    def cut(w: depth.Layer, heads: int) -> Callable[[Tensor], Tensor]:
        return lambda x: function(w, heads)(x.detach())

    monkeypatch.setattr(depth, "layer_function", cut)
    left = depth.profile("post", 24)[1][1::2].mean(1)
    said(f"without it the first falls from {whole:.2f} to {float(left[0]):.3f}.")
    assert all(a < b for a, b in itertools.pairwise(left.tolist()))


def test_the_seeds_are_those_that_the_page_tells() -> None:
    seeds = [
        inspect.signature(f).parameters["seed"].default
        for f in (depth.profile, depth.nudge, depth.train)
    ]
    assert seeds[0] == seeds[1]
    said(f"Random draws start from seed {seeds[0]}, in training from seed {seeds[2]}.")


def test_a_norm_at_the_output_keeps_what_a_layer_writes() -> None:
    t = table("depth")
    before = {order: t[f"stream_{order}_mean"][-1] for order in ("pre", "both")}
    after = {o: float(depth.profile(o, 24, scale=4.0)[0][-1].mean()) for o in ("pre", "both")}
    said(f"the stream ends at {after['pre']:.1f} in place of {before['pre']:.1f}.")
    said(f"the stream ends at {before['both']:.1f} with either size")
    assert after["both"] == pytest.approx(before["both"], rel=1e-3)


def test_nudges_as_the_page_tells_them_and_near_the_model() -> None:
    t = table("nudge")
    post, pre, both = (t[f"{name}_mean"] for name in ("post", "pre", "both"))
    said(f"Post-norm rises from {post[0]:.3f} to {post[-1]:.3f}, pre-norm from {pre[0]:.3f}")
    said(f"to {pre[-1]:.3f}, norms at both ends from {both[0]:.3f} to {both[-1]:.3f}; post-norm")
    grown, model = (post[-1] / post[0]) ** 2, t["layers"][-1] / t["layers"][0]
    said(f"than in this model: {grown:.0f} times from 2 to 32 layers, not {model:.0f} times.")
    for column in (post, pre, both):
        assert all(a < b for a, b in itertools.pairwise(column))
    assert min(t["small_least"]) > 0.008
    assert max(t["small_most"]) < 0.0103
    assert all(a > b for a, b in zip(t["post_least"][1:], t["pre_most"][1:], strict=True))
    said("post-norm with a small start stays between 0.008 and 0.010](normalisation/nudge.svg)")


def test_training_as_the_page_tells_it() -> None:
    t = table("train")
    assert t["step"][-2:] == [95, 100]

    def last(name: str) -> tuple[float, float, float]:
        # The mean of ten steps, and the means of the two ranges, within which those of the networks lie.
        return tuple(sum(t[f"{name}_{part}"][-2:]) / 2 for part in ("mean", "least", "most"))  # type: ignore[return-value]

    (a, b, c), (d, e, f) = last("post"), last("warm")
    said(f"the loss of plain post-norm is {a:.2f} ({b:.2f} to {c:.2f}), hardly")
    said(f"to its value, brings {d:.2f} ({e:.2f} to {f:.2f}): it helps")
    (a, b, c), (d, e, f) = last("small"), last("pre")
    said(
        f"A small start brings {a:.2f} ({b:.2f} to {c:.2f}), pre-norm {d:.2f} ({e:.2f} to {f:.2f})."
    )
    end = {name: t[f"{name}_mean"][-1] for name in ("post", "warm", "small", "pre")}
    said(
        f"ends at {end['post']:.2f}; post-norm with warm-up falls to {end['warm']:.2f}; post-norm "
        f"with a small start to {end['small']:.2f}; pre-norm to {end['pre']:.2f}]("
    )
    said(f"stays near guessing, {np.log(8):.2f}, and")
    assert all(x > 1.7 for x in t["post_least"])
    better = itertools.product(t["pre_most"][-8:], t["warm_least"][-8:])
    assert all(a < b for a, b in better)


def test_warm_up_begins_with_a_part_of_the_rate() -> None:
    first = depth.train("pre", 2, steps=2, rate=0.1, warm_up=10, s=1)
    plain = depth.train("pre", 2, steps=2, rate=0.01, s=1)
    torch.testing.assert_close(first, plain)
    assert (depth.train("pre", 2, steps=2, rate=0.1, s=1)[1] - plain[1]).abs() > 1e-3


def test_with_fewer_layers_or_a_smaller_rate_post_norm_learns_too() -> None:
    count, rate = 4, 0.003
    reached = float(depth.train("post", 12, rate=rate)[-10:].mean())
    said(f"with {count} layers post-norm learns too, and at rate {rate} it reaches {reached:.2f}.")
    losses = depth.train("post", count, s=3)[-10:].mean(0)
    assert (losses < 0.5).all()


# The exercises.


def test_exercise_4_a_hundred_times_the_embeddings_shrinks_late_gradients_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, run = depth.profile("pre", 24)[1].mean(1), depth.run
    monkeypatch.setattr(depth, "run", lambda x, *rest, **named: run(100 * x, *rest, **named))
    left = depth.profile("pre", 24)[1].mean(1) / before
    assert float(left[0]) == pytest.approx(1 / 100, rel=0.2)
    assert float(left[-1]) == pytest.approx(1 / 30, rel=0.1)
    said("about a hundredth in the first layer and a thirtieth in the last, where")


@pytest.mark.answer("answer-normalisation-share")
def test_exercise_3_what_is_left_of_the_input(answer: Bench) -> None:
    left = []
    for order in ("pre", "post"):
        rows = streams(order, 1.0, 16, 8)
        x, start = rows[-1], rows[0]
        left.append(float((x @ start) ** 2 / (x @ x) / (start @ start)))
    once = streams("post", 1.0, 16, 1)
    half = float((once[1] @ once[0]) ** 2 / (once[1] @ once[1]) / (once[0] @ once[0]))
    rounded = [1 / round(1 / value) for value in left]
    assert left == pytest.approx(rounded, rel=1e-3)
    assert rounded == [1 / 9, 1 / 256]
    answer("answer-normalisation-share").is_(rounded, [rounded[0], round(half, 3)])


@pytest.mark.answer("answer-normalisation-nudge")
def test_exercise_6_the_small_start(answer: Bench) -> None:
    moves = [float(depth.nudge("post", 16, scale=scale).mean()) for scale in (1.0, 0.25)]
    answer("answer-normalisation-nudge").is_(moves[0] / moves[1])
    said(f"{moves[0]:.4f} and {moves[1]:.4f}, a factor of {moves[0] / moves[1]:.1f}; 0.25 is")
