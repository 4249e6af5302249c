"""Vision-language models: the example, the page's equations, and its numbers against the figures."""

import itertools
import math
import runpy
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pixel_unshuffle, unfold

from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

model = import_module("docs.models.vision-language.vision_language")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "vision-language.md"
FOLDER = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
N, D, E = 3, 2, 4
Z, WEIGHT, BIAS = normal(N, D, seed=1), normal(E, D, seed=2), normal(E, seed=3)


def told(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(FOLDER / f"{name}.csv")


def percent(table: style.Table, name: str, row: int = 0) -> str:
    """Mean and deviation as the page writes them."""
    mean, spread = (100 * table[column][row] for column in (name, f"{name}, deviation"))
    return f"{mean:.1f} ± {spread:.1f}"


# The projector and the gate.


@pytest.mark.equation("eq-vision-language-projection")
@pytest.mark.equation("eq-vision-language-chain")
@pytest.mark.equation("eq-vision-language-gradient")
def test_a_frozen_network_hands_its_gradient_to_the_projector(printed: Equations) -> None:
    layer = nn.Linear(D, E).double()
    layer.load_state_dict({"weight": WEIGHT, "bias": BIAS})
    h = layer(Z)
    torch.testing.assert_close(model.project(Z, WEIGHT, BIAS), h)
    printed("eq-vision-language-projection").holds(
        {
            r"\mathbf{h}": columns(h),
            r"\mathbf{z}": columns(Z),
            "W": WEIGHT,
            r"\mathbf{b}": column(BIAS),
            "i": Each([1, 2, 3]),
        }
    )
    h.retain_grad()
    frozen = (
        nn.Sequential(nn.Linear(E, 5), nn.Tanh(), nn.Linear(5, 4)).double().requires_grad_(False)
    )
    cross_entropy(frozen(h), torch.tensor([0, 3, 1])).backward()
    slopes, g = layer.weight.grad, h.grad
    assert slopes is not None
    assert g is not None
    assert all(p.grad is None for p in frozen.parameters())
    printed("eq-vision-language-gradient").holds(
        {
            r"\frac{\partial L}{\partial W_{ed}}": Given(
                ("e", "d"), lambda e, d: float(slopes[int(e) - 1, int(d) - 1])
            ),
            "g": g,
            "z": Z,
            "N": N,
            "e": Each([1, 2, 3, 4]),
            "d": Each([1, 2]),
        }
    )


@pytest.mark.equation("eq-vision-language-loss")
def test_the_loss_counts_the_words_of_the_answer_only(printed: Equations) -> None:
    scores, answer = normal(6, 5, seed=4), torch.tensor([-100, -100, 3, 0, 1, 4])
    p = torch.softmax(scores[2:], 1).gather(1, answer[2:, None])[:, 0]
    printed("eq-vision-language-loss").holds(
        {"L": float(cross_entropy(scores, answer)), "p": p, "T": 4}
    )


@pytest.mark.equation("eq-vision-language-gate")
@pytest.mark.equation("eq-vision-language-opening")
def test_the_gate_opens_first(printed: Equations) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        gated = model.Gated(8, 2).double()
    x, memory = normal(1, 1, 8, seed=5), normal(1, 3, 8, seed=6)
    target = normal(1, 1, 8, seed=7)
    for start in (0.0, 0.6):
        gated.zero_grad()
        gated.a.data.fill_(start)
        y = gated(x, memory)
        y.retain_grad()
        ((y - target) ** 2).sum().backward()
        inner = gated.look.out.weight.grad
        assert bool((inner == 0).all()) == (start == 0)
    o = gated.look(gated.norm(x), memory).detach()[0, 0]
    assert y.grad is not None
    values = {r"\mathbf{y}": y.detach()[0, 0], r"\mathbf{x}": x[0, 0], r"\mathbf{o}": o, "a": 0.6}
    printed("eq-vision-language-gate").holds(values)
    printed("eq-vision-language-opening").holds(
        {
            r"\frac{\partial L}{\partial a}": float(gated.a.grad),
            "a": 0.6,
            "g": y.grad[0, 0],
            "o": o,
            "E": 8,
        }
    )


# What a picture costs.


@pytest.mark.equation("eq-vision-language-bits")
def test_codes_hold_as_many_bits_as_there_are_rows(printed: Equations) -> None:
    rows = len(list(itertools.product(range(8), repeat=3)))
    printed("eq-vision-language-bits").holds({"I": math.log2(rows), "N": 3, "K": 8})
    bits, pixels = 1024 * math.log2(8192), 512 * 512 * 24
    text = [f"{n:,.0f}".replace(",", "{,}") for n in (bits, pixels)]
    said(
        f"$1{{,}}024 \\cdot 13 = {text[0]}$ bits",
        f"$512 \\cdot 512 \\cdot 24 = {text[1]}$ that",
        f"a {pixels / bits:.0f}rd part.",
    )


@pytest.mark.equation("eq-vision-language-tokens")
@pytest.mark.equation("eq-vision-language-tiles")
def test_tokens_are_counted_by_cutting(printed: Equations) -> None:
    high, wide, patch, merge = 24, 48, 4, 3
    cut = unfold(torch.zeros(1, 1, high, wide), patch * merge, stride=patch * merge).shape[-1]
    assert model.image_tokens(high, wide, patch, merge) == cut
    printed("eq-vision-language-tokens").holds(
        {"N": cut, "H": high, "B": wide, "P": patch, "r": merge}
    )
    tile = unfold(torch.zeros(1, 1, 24, 24), patch * merge, stride=patch * merge).shape[-1]
    assert model.tiled_tokens(5, 24, patch, merge) == 6 * tile
    assert model.tiled_tokens(1, 24, patch, merge) == tile
    printed("eq-vision-language-tiles").holds(
        {"N": 6 * tile, "n": 5, "S": 24, "P": patch, "r": merge}
    )
    counted = [
        model.tiled_tokens(4, 336, 14),
        model.image_tokens(448, 448, 14, 2),
        model.image_tokens(224, 224, 14, 2),
        model.image_tokens(896, 896, 14, 4),
        model.image_tokens(512, 512, 16),
    ]
    table = rows_of("tab-vision-language-cost")
    one = model.image_tokens(336, 336, 14)
    said(f"$336 \\times 336$ pixels in patches of 14 are {one} tokens")
    one = model.image_tokens(480, 640, 16, 2)
    said(f"a picture of $640 \\times 480$ pixels makes {one} image tokens")
    assert [row[3] for row in table] == [f"{n:,}" for n in counted]
    for row, n in zip(table, counted, strict=True):
        published = n + 2 if "marks" in row[4] else n
        assert row[4].startswith(f"{published:,}")


@pytest.mark.equation("eq-vision-language-cache")
def test_the_cache_of_a_picture(printed: Equations) -> None:
    layers, heads, width, n = 3, 5, 7, 11
    kept = torch.zeros(2, layers, heads, n, width, dtype=torch.float16)
    printed("eq-vision-language-cache").holds(
        {"M": kept.nbytes, r"\ell": layers, "G": heads, "D_h": width, "N": n}
    )
    said(f"2,880 tokens take {4 * 32 * 32 * 128 * 2880 / 1e9:.1f} GB.")


@pytest.mark.equation("eq-vision-language-pairs")
def test_pairs_that_are_compared(printed: Equations) -> None:
    n, words = 6, 4
    row = torch.ones(n + words, n + words).tril()
    beside = torch.cat([torch.ones(words, n), torch.ones(words, words).tril()], 1)
    printed("eq-vision-language-pairs").holds(
        {"A_p": float(row.sum()), "A_c": float(beside.sum()), "N": n, "T": words}
    )
    assert float(row.sum() - beside.sum()) == n * (n + 1) / 2
    n, words = 2880, 100
    said(
        f"{(n + words) * (n + words + 1) / 2e6:.1f} million pairs against "
        f"{(words * (words + 1) / 2 + words * n) / 1e6:.1f} million."
    )


def test_pixel_shuffle_keeps_all_numbers() -> None:
    z = normal(2, 4, 6, 3, seed=8)
    merged = model.shuffle(z, 2)
    other = pixel_unshuffle(z.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    assert merged.shape == other.shape == (2, 2, 3, 12)
    torch.testing.assert_close(merged.sort(-1).values, other.sort(-1).values)
    torch.testing.assert_close(merged[0, 1, 2, 3:6], z[0, 2, 5])
    with pytest.raises(ValueError, match="can't be merged"):
        model.shuffle(z, 3)


# Failures.


@pytest.mark.equation("eq-vision-language-looking")
@pytest.mark.equation("eq-vision-language-kept")
def test_what_looking_can_gain_and_what_balance_costs(printed: Equations) -> None:
    rho, c = 0.7, 5
    p = torch.tensor([rho, *[(1 - rho) / (c - 1)] * (c - 1)], dtype=torch.float64)
    gain = float(torch.distributions.Categorical(probs=p).entropy())
    printed("eq-vision-language-looking").holds({r"\Delta": gain, r"\rho": rho, "C": c})
    kept = float((p * (p.min() / p)).sum())  # each answer is kept with the chance that evens it
    printed("eq-vision-language-kept").holds({r"\kappa": kept, r"\rho": rho, "C": c})
    table = told("prior")
    nats = dict(zip(table["bias"], table["nats"], strict=True))
    said(
        f"For $C = 4$ it is {nats[0.25]:.2f} nats at $\\rho = 1/4$, {nats[0.9]:.2f} at 0.9 and "
        f"{nats[0.98]:.2f} at 0.98:"
    )
    share = Fraction(4) * Fraction(2, 100) / 3
    said(
        f"At $\\rho = 0.98$ that is {float(100 * share):.1f} %: {float(1 / share):.1f} biased scenes"
    )
    assert nats[1.0] == 0


@pytest.mark.equation("eq-vision-language-share")
def test_attention_gives_a_share(printed: Equations) -> None:
    k, n, s = 3, 7, 0.8
    weights = torch.softmax(torch.tensor([s] * k + [0.0] * (n - k), dtype=torch.float64), 0)
    values = {"w": float(weights[:k].sum()), "k": k, "N": n, "s": s}
    printed("eq-vision-language-share").holds(values)
    for steep in (0.0, 0.8):  # the share of two sizes agrees without the asker's own token
        share, asked = zip(
            *(
                (
                    float(torch.softmax(scores, 0)[:one].sum()),
                    float(torch.softmax(torch.cat([scores, torch.zeros(1)]), 0)[:one].sum()),
                )
                for one, cells in ((1, 6), (2, 12))
                for scores in [torch.tensor([steep] * one + [0.0] * (cells - one))]
            ),
            strict=True,
        )
        assert share[0] == pytest.approx(share[1])
        assert asked[0] != pytest.approx(asked[1])
        if not steep:
            said("With the asker they differ a little, $1/7$ and $2/13$ at $s = 0$.")
            assert asked == pytest.approx((1 / 7, 2 / 13))


# The example.


def test_the_example_by_pencil() -> None:
    h = model.project(model.SEEN, model.W, model.B)
    row = torch.cat([h, model.LEFT])
    cells = [[float(c) for c in line[1:]] for line in rows_of("tab-vision-language-tokens")]
    assert cells == row.tolist()
    shares = model.look(model.LEFT, row)
    torch.testing.assert_close(shares, torch.tensor([[4.0, 1, 1]]) / 6)
    red = float(model.as_tokens(model.SEEN, model.LEFT)[0, 0])
    said(
        f"four times the probability of “blue”: {red:.1f}. The loss is $-\\log {red:.1f} = "
        f"{-math.log(red):.3f}$",
        f"a projection, with loss {-math.log(red):.3f} and its gradient, through the text net;",
    )
    beside = model.look(model.LEFT, h)
    torch.testing.assert_close(beside, torch.tensor([[0.8, 0.2]]))
    chance = [float(model.across(model.SEEN, model.LEFT, gate)[0, 0]) for gate in (0, 5 / 6, 1)]
    assert chance[:2] == pytest.approx([0.5, red])
    said(f"$2^{{2.4}} = {2**2.4:.2f}$, so that it is $5.28 / 6.28 = {chance[2]:.2f}$.")
    assert model.codes(model.SEEN, model.BOOK).tolist() == [0, 3]
    assert model.codes(torch.tensor([[0.2, 1.0]]), model.BOOK).tolist() == [0]
    assert model.W[:4].count_nonzero() == 4
    said(f"the {model.W.numel()} numbers of $W$ and the {model.B.numel()} of $\\mathbf{{b}}$")
    said(f"together it is 9 to 4 for red, {9 / 13:.2f}, and the answer is wrong.")


def test_one_step_of_the_bias() -> None:
    bias = model.B.clone().requires_grad_()
    h = torch.cat([model.project(model.SEEN, model.W, bias), model.LEFT])
    chance = torch.softmax(model.READ * model.look(model.LEFT, h) @ (h @ model.VALUE.T), -1)
    torch.autograd.backward(-chance[0, 0].log())
    assert bias.grad is not None
    slope = float(bias.grad[0])
    said(
        f"for the red of $\\mathbf{{b}}$ in the example −{-slope:.3f}.",
        f"at a rate of 0.1 the red goes from {float(model.B[0]):.1f} to {float(model.B[0]) - 0.1 * slope:.3f}.",
    )


def test_the_diagram_says_the_example() -> None:
    table = told("diagram")
    assert table["red"][:2] == pytest.approx([0.8, 0.8])
    assert table["z left"][:2] == [1, 1]
    assert table["codes"][:2] == [0, 3]


# What was measured.


def test_ways_are_told_as_measured() -> None:
    table = told("ways")
    for k, row in enumerate(rows_of("tab-vision-language-ways")):
        assert row[2:] == [percent(table, "pictures", k), percent(table, "words", k)]
    net = model.Text(22, 20)
    pictures = [percent(table, "pictures", k) for k in range(7)]
    assert table["words"][:3] == [1, 1, 1]
    sizes = [
        sum(p.numel() for n, p in one.named_parameters() if "text" not in n or ".cross." in n)
        for one in (
            model.VisionLanguage(model.Text(22, 20), 24, crossed) for crossed in (False, True)
        )
    ]
    same = Fraction(1, 4)  # both shapes have the same colour; they never have the same form
    blind = (1 + (same + (1 - same) / 2) + Fraction(1, 2)) / 3
    said(
        f"One image token for each image vector gives {pictures[0]} % about pictures, "
        f"cross-attention {pictures[2]} %, with {sizes[1]:,} learned numbers in place of {sizes[0]}.",
        f"at best {blind}, {float(100 * blind):.1f} %, would be right.",
        f"Two tokens give {pictures[1]} %: they",
        f"in 1,500 steps one token reaches {percent(table, 'one token, long')} %.",
        f"When the text network learns too, {pictures[3]} % are right, but of the questions in words only "
        f"{percent(table, 'words', 3)} %: it forgets.",
        f"in words it keeps {percent(table, 'words', 4)} %. The price is half of the pictures in the same "
        f"time: about pictures {pictures[4]} % are right.",
        f"stay frozen: {pictures[5]} %.",
        f"Pixels without an encoder give {pictures[6]} % in the same steps.",
        f"two blocks and {sum(p.numel() for p in net.parameters()):,} parameters",
        f"answers {100 * table['words before'][0]:.1f} % of such questions",
    )


def test_the_prior_is_told_as_measured() -> None:
    table = told("prior")
    flipped = [percent(table, "flipped", k) for k in range(len(table["bias"]))]
    assert table["bias"] == [0.25, 0.7, 0.9, 0.98, 1]
    assert table["flipped"] == sorted(table["flipped"], reverse=True)
    assert table["nats"] == sorted(table["nats"], reverse=True)
    said(
        f"at least {100 * min(table['as trained']):.1f} % of the answers are right on average",
        f"On flipped scenes it is {flipped[0]} % at 0.25, {flipped[2]} % at 0.9, {flipped[3]} % at 0.98 "
        f"and {flipped[4]} % at 1.",
        f"with zeros that training never showed, {percent(table, 'blank', 2)} % are right at 0.9 and "
        f"{percent(table, 'blank', 4)} % at 1, where the question alone allows "
        f"{100 * table['bias'][2]:.0f} and {100 * table['bias'][4]:.0f} %.",
        f"without picture rises from {table['blank'][0]:.2f} to {table['blank'][4]:.2f}.",
        f"{percent(table, 'kept')} % of the flipped scenes are right, in place of {flipped[3]} %.",
        f"98 % of the shapes have their usual colour: {flipped[3]} % right when none has | "
        f"balanced scenes: {percent(table, 'kept')} %",
    )


def test_counting_is_told_as_measured() -> None:
    table = told("counts")
    assert all(table["to three"][k] == 0 and table["to three, mean"][k] == 3 for k in (4, 5, 6))
    assert min(table["to six"]) == 1
    said("Trained on none to six, it is right for every test picture.")
    far, both = table["more cells, to six, mean"], table["more cells, both sizes"]
    said(
        f"with {far[2]:.2f}, {far[4]:.2f} and {far[6]:.2f} on average, about half.",
        f"at least {100 * min(both):.1f} % are right for each number in twelve cells.",
        f"five shapes in six cells are now right in {percent(table, 'both sizes', 5)} %.",
        f"asked for 4 to 6: {100 * table['to three'][4]:.0f} % right | train with all numbers: "
        f"{100 * table['to six'][4]:.0f} %",
    )


def test_small_text_is_told_as_measured() -> None:
    table = told("tokens")
    right = [100 * r for r in table["right"]]
    for k, row in enumerate(rows_of("tab-vision-language-tokens-read")):
        side, patch = (int(table[name][k]) for name in ("side", "patch"))
        assert row[0] == f"${side} \\times {side}$"
        assert row[1] == f"${patch} \\times {patch}$"
        assert row[2:] == [f"{table['tokens'][k]:.0f}", percent(table, "right", k)]
    said(
        f"here it costs nothing: {right[1]:.1f} % after {right[0]:.1f} %.",
        f"half the pixels of a side cost {right[1] - right[2]:.0f} points; with these pixels, one token "
        f"in place of four costs {right[2] - right[3]:.0f} points.",
        f"reads {right[3]:.1f} % with half the pixels of a side, and {right[4]:.1f} % with a quarter.",
        f"in one token: {percent(table, 'right', 4)} % read | $4 \\times 4$ pixels a digit, four tokens: "
        f"{percent(table, 'right', 2)} %; all pixels: {percent(table, 'right', 1)} %",
    )


# Exercises.


@pytest.mark.answer("answer-vision-language-both")
def test_exercise_1_two_red_patches(answer: Bench) -> None:
    z = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    chance = [float(model.as_tokens(seen, model.LEFT)[0, 0]) for seen in (z, model.SEEN)]
    answer("answer-vision-language-both").is_(*chance)


@pytest.mark.answer("answer-vision-language-count")
def test_exercise_2_tokens_of_a_picture(answer: Bench) -> None:
    counts = [model.image_tokens(1344, 896, 14, merge) for merge in (2, 1)]
    answer("answer-vision-language-count").is_(*counts)


@pytest.mark.answer("answer-vision-language-start")
def test_exercise_3_the_first_step(answer: Bench) -> None:
    gated = model.Gated(4, 2)
    gated(torch.ones(1, 1, 4), torch.rand(1, 2, 4))[0, 0, 0].backward()
    assert float(gated.a.grad) != 0
    assert gated.look.out.weight.grad.count_nonzero() == 0
    answer("answer-vision-language-start").is_("The gate, but not the layer behind it.")


@pytest.mark.answer("answer-vision-language-balance")
def test_exercise_4_balance(answer: Bench) -> None:
    p = [0.91, *[0.01] * 9]
    kept = sum(x * min(p) / x for x in p)
    answer("answer-vision-language-balance").is_(kept, 1 - p[0])


@pytest.mark.answer("answer-vision-language-half")
def test_exercise_5_half_a_gate(answer: Bench) -> None:
    chance = [float(model.across(model.SEEN, model.LEFT, gate)[0, 0]) for gate in (0.5, 0.0)]
    answer("answer-vision-language-half").is_(*chance)


@pytest.mark.answer("answer-vision-language-shuffle")
def test_exercise_6_longer_vectors(answer: Bench) -> None:
    z = torch.zeros(1, 32, 32, 1024)
    answer("answer-vision-language-shuffle").is_(model.shuffle(z, 2).shape[-1], z.shape[-1])


# The code.


def test_frozen_parts_stay_and_the_gates_learn() -> None:
    for crossed in (False, True):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = model.VisionLanguage(model.Text(9, 8, 8, 2, 1), 3, crossed)
        before = {name: p.clone() for name, p in net.named_parameters()}
        z, words = normal(5, 2, 3, seed=1).float(), torch.arange(10).view(5, 2) % 9

        def draw(z: Tensor = z, words: Tensor = words) -> tuple[Tensor, Tensor, Tensor]:
            return z, words, words[:, 0]

        losses = model.train(net, draw, 12, ("text",))
        assert losses[-1] < losses[0]
        moved = {name for name, p in net.named_parameters() if not torch.equal(p, before[name])}
        assert moved == {n for n in before if not n.startswith("text") or ".cross." in n}


def test_a_shut_gate_is_the_text_network_alone_and_the_order_of_words_counts() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        text = model.Text(9, 8, 8, 2, 2)
        net = model.VisionLanguage(text, 3, crossed=True)
    z, words = normal(2, 3, 3, seed=1).float(), torch.tensor([[1, 2], [3, 4]])
    torch.testing.assert_close(net(z, words), text(text.table(words)))
    h = text.table(words)
    full = torch.cat([net.projection(z), h], 1)
    x = full + text.places[-5:]
    seen = text.blocks[0].look(text.blocks[0].norm1(x))
    x[:, -1] = x[:, -1].flip(-1)  # a later token does not change what an earlier one reads
    torch.testing.assert_close(text.blocks[0].look(text.blocks[0].norm1(x))[:, :-1], seen[:, :-1])


def test_each_way_tells_left_from_right() -> None:
    for crossed in (False, True):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = model.VisionLanguage(model.Text(9, 8, 8, 2, 2), 3, crossed)
        for block in net.text.blocks if crossed else ():
            block.cross.a.data.fill_(1.0)
        z, words = normal(4, 2, 3, seed=1).float(), torch.tensor([[1, 2]] * 4)
        swapped = (net(z, words) - net(z.flip(1), words)).detach().abs().amax(1)
        assert float(swapped.min()) > 1e-5, crossed


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(FOLDER / "vision_language.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "red 0.80, loss 0.223" in out
    assert "LLaVA-NeXT 2880" in out
