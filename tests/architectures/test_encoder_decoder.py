"""Encoder and decoder: the page's translator against PyTorch's, its equations, its search, its runs."""

import math
import runpy
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import entropy
from torch import Tensor, nn
from torch.nn import functional

from scripts.figures import encoder_decoder as figures
from scripts.figures import encoder_decoder_diagram as diagram
from scripts.figures import style
from scripts.printed.values import Each, Given
from scripts.weights import encoder_decoder as weights
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.architectures.test_encoder_decoder_seq2seq import library, some
from tests.printed.plugin import Equations
from tests.said import sayings, tables

ed = import_module("docs.architectures.encoder-decoder.encoder_decoder")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "encoder-decoder.md"
GOLDEN = Path(__file__).with_name("encoder-decoder.golden.json")
EXAMPLE, TARGET = "red cat sleeps", "mi tok zum"
said = sayings(PAGE)
rows_of = tables(PAGE)


@cache
def loaded() -> tuple[Any, dict[str, Any]]:
    """The translator of the demo, in double precision, and what is known of it."""
    return weights.load()  # type: ignore[no-any-return]


def written(sentence: str, k: int, alpha: float = 0.0) -> tuple[str, float]:
    """What the translator of the demo writes, and its probability."""
    words, log_p = ed.beam_search(ed.stepper(loaded()[0], sentence), k, alpha)[0]
    return " ".join(ed.WORDS[word] for word in words[1:]), math.exp(log_p)


def random_model(seed: int = 0, layers: int = 2) -> Any:
    """A translator at random in double precision."""
    made = ed.Translator(torch.Generator().manual_seed(seed), ed.Config(layers=layers))
    return made.double()


# The language, and the translator.


def test_the_language_is_as_the_page_tells() -> None:
    texts = ed.sentences()
    assert len(set(texts)) == 300 == len(weights.kept()) + len(weights.held_out())
    assert ed.translations(EXAMPLE).count(TARGET.split()) == 4
    assert [ed.translations(EXAMPLE).count(["mi", "tok", "ga", x]) for x in ("nir", "nor")] == [
        3,
        3,
    ]
    assert ed.translations("red cat sees small dog") == ["mi tok vel ra pim".split()]
    assert ed.translations("cat hears old bird") == ["mi oru lu sen".split()]
    assert EXAMPLE in weights.held_out()
    assert len(ed.WORDS[12:]) == 12
    assert len(ed.WORDS[3:12]) == 9
    said(
        f"trained on {len(weights.kept())} of them and then translated all other "
        f"{len(weights.held_out())} correctly",
        "The source has nine words and 300 sentences.",
        "four write `zum` for *sleeps*, three `ga nir`",
    )


def test_the_committed_translator_translates_all_that_was_held_out() -> None:
    model, meta = loaded()
    assert meta["metric"]["value"] == 1.0 == weights.right(model, "both", weights.held_out()[::4])
    assert meta["words"] == ed.WORDS
    assert (meta["seed"], meta["steps"]) == (weights.SEED, weights.STEPS)
    count = sum(p.numel() for p in model.parameters())
    assert count == model.config.parameters() == meta["parameters"]
    assert ed.Config(layers=3, inner=20).parameters() == sum(
        p.numel() for p in ed.Translator(config=ed.Config(layers=3, inner=20)).parameters()
    )
    said(f"A network of {count:,} weights was trained")


@pytest.mark.equation("eq-encoder-decoder-factor", "eq-encoder-decoder-loss")
def test_words_one_by_one_give_what_the_library_gives_all_at_once(printed: Equations) -> None:
    model = random_model()
    logits = library(model)(
        *(ed.numbers([text.split()], n) for n, text in enumerate((EXAMPLE, TARGET)))
    )
    row = ed.numbers([TARGET.split()], True)[0].tolist()
    at_once = functional.cross_entropy(logits[0, :-1], torch.tensor(row[1:])).item()
    step = ed.stepper(model, EXAMPLE)
    alone = [step(row[:t])[row[t]] for t in range(1, len(row))]
    part = r"p(y_t \mid y_0, \dots, y_{t-1}, \mathbf{x})"
    given = Given(("t",), lambda t: math.exp(alone[t - 1]))
    printed("eq-encoder-decoder-factor").holds(
        {r"p(y \mid \mathbf{x})": math.exp(-4 * at_once), "M": 4, part: given}
    )
    loss = model.loss(*(ed.numbers([t.split()], n) for n, t in enumerate((EXAMPLE, TARGET))))
    printed("eq-encoder-decoder-loss").holds({"L": loss.item(), "M": 4, part: given})


def test_filling_up_changes_nothing_and_later_words_are_not_seen() -> None:
    model = random_model(1)
    source, target = some()
    whole, _ = model.decode(target[:, :-1], model.encode(source), source)
    for n, row in enumerate(source):
        short = row[row != ed.PAD][None]
        alone, _ = model.decode(target[n : n + 1, :-1], model.encode(short), short)
        torch.testing.assert_close(alone[0], whole[n])
    changed = target[:, :-1].clone()
    changed[:, -1] = 5
    again, _ = model.decode(changed, model.encode(source), source)
    assert torch.equal(again[:, :-1], whole[:, :-1])
    peeking, _ = model.decode(changed, model.encode(source), source, causal=False)
    assert not torch.allclose(peeking[:, :-1], whole[:, :-1])


# Attention from one half to the other, and the masks.


@pytest.mark.equation("eq-encoder-decoder-cross", "eq-encoder-decoder-gradient")
def test_cross_attention_is_that_of_the_library_and_its_gradient_that_of_autograd(
    printed: Equations,
) -> None:
    width, n, m = 5, 4, 3
    draw = torch.Generator().manual_seed(2)
    w = {
        name: torch.randn(width, width, generator=draw, dtype=torch.float64)
        for name in ("q", "k", "v")
    }
    z = torch.randn(m, width, generator=draw, dtype=torch.float64)
    h = torch.randn(n, width, generator=draw, dtype=torch.float64)
    q, k, v = z @ w["q"].T, h @ w["k"].T, (h @ w["v"].T).requires_grad_()
    o = functional.scaled_dot_product_attention(q[None], k[None], v[None])[0]
    ours = ed.Attention(width, 1).double()
    with torch.no_grad():
        for name in w:
            ours.get_submodule(name).weight.copy_(w[name])
        ours.o.weight.copy_(torch.eye(width))
    out, a = ours(z[None], h[None], torch.ones(m, n).bool())
    torch.testing.assert_close(out[0], o)
    scores = np.array([[float(one @ other) / math.sqrt(width) for other in k] for one in q])
    column = lambda x: x.detach().numpy()[:, None]  # noqa: E731
    printed("eq-encoder-decoder-cross").holds(
        {
            "s": scores,
            "a": a[0, 0].detach().numpy(),
            r"\mathbf{o}_t": Given(("t",), lambda t: column(o[t - 1])),
            r"\mathbf{z}_t": Given(("t",), lambda t: column(z[t - 1])),
            r"\mathbf{h}_j": Given(("j",), lambda j: column(h[j - 1])),
            "W_Q": w["q"].numpy(),
            "W_K": w["k"].numpy(),
            "W_V": w["v"].numpy(),
            "D": width,
            "N": n,
            "t": Each([1, 2, 3]),
            "j": Each([1, 2, 3, 4]),
        }
    )
    g = torch.randn(m, width, generator=draw, dtype=torch.float64)
    torch.autograd.backward((o * g).sum())
    assert v.grad is not None
    printed.excuse(
        r"\frac{\partial L}{\partial \mathbf{v}_{j}} = \sum_{t = 1}^{M} ⟨(\frac{\partial \mathbf{o}_{t}}"
        r"{\partial \mathbf{v}_{j}}) \mathbf{g}_{t}⟩ = \sum_{t = 1}^{M} ⟨a_{t j} \mathbf{g}_{t}⟩",
        "the matrix is a multiple of the identity, its own transpose",
    )
    printed("eq-encoder-decoder-gradient").holds(
        {
            r"\frac{\partial L}{\partial \mathbf{v}_j}": Given(
                ("j",), lambda j: column(v.grad[j - 1])
            ),
            r"\frac{\partial \mathbf{o}_t}{\partial \mathbf{v}_j}": Given(
                ("t", "j"),
                lambda t, j: torch.autograd.functional.jacobian(
                    lambda x: functional.scaled_dot_product_attention(q[None], k[None], x[None])[
                        0, t - 1
                    ],
                    v.detach(),
                )[:, j - 1].numpy(),
            ),
            r"\mathbf{g}_t": Given(("t",), lambda t: column(g[t - 1])),
            "a": a[0, 0].detach().numpy(),
            "M": m,
            "j": Each([1, 2, 3, 4]),
        }
    )


def test_the_order_in_which_the_vectors_of_the_source_are_listed_does_not_matter() -> None:
    model = random_model(3)
    source = ed.numbers([EXAMPLE.split()], False)
    given = ed.numbers([TARGET.split()], True)[:, :-1]
    h = model.encode(source)
    order = [2, 0, 1]
    out, _ = model.decode(given, h, source)
    again, _ = model.decode(given, h[:, order], source[:, order])
    torch.testing.assert_close(out, again)
    moved, _ = model.decode(given, model.encode(source[:, order]), source)
    assert not torch.allclose(out, moved)


@pytest.mark.equation("eq-encoder-decoder-pairs")
def test_the_prefix_mask_allows_what_encoder_and_decoder_allow(printed: Equations) -> None:
    n, m = 5, 3
    made = ed.masks(n, m)
    whole = torch.zeros(n + m, n + m).bool()
    whole[:n, :n], whole[n:, :n], whole[n:, n:] = made["encoder"], made["cross"], made["decoder"]
    assert torch.equal(whole, made["prefix"])
    assert torch.equal(
        made["causal"], ~nn.Transformer.generate_square_subsequent_mask(n + m).bool()
    )
    looks = sum(1 for i in range(n + m) for j in range(n + m) if j <= i or j < n)
    assert looks == int(made["prefix"].sum())
    printed("eq-encoder-decoder-pairs").holds({r"n_{\text{prefix}}": looks, "N": n, "M": m})
    counts = {name: int(mask.sum()) for name, mask in ed.masks(3, 4).items()}
    assert [int(row.sum()) for row in ed.masks(3, 4)["decoder"]] == [1, 2, 3, 4]
    said(
        f"sees all three, $3^2 = {counts['encoder']}$ pairs",
        f"the four words see 1, 2, 3 and 4 words, ${counts['decoder']}$ pairs in all",
        f"all three vectors of the source, $4 \\cdot 3 = {counts['cross']}$ pairs",
        f"$9 + 22 = {counts['prefix']}$",
        "The decoder reads `<start> mi tok zum`, $M = 4$ words",
        "each of $N = 3$ source words",
        f"Encoder: 3 by 3, all {counts['encoder']} pairs. Decoder: 4 rows, all 3 source words and a "
        f"triangle, {counts['cross'] + counts['decoder']} pairs. Prefix: 7 rows, all source columns "
        f"and a triangle behind them, {counts['prefix']} pairs. Causal: a triangle of "
        f"{counts['causal']} pairs",
    )


@pytest.mark.equation("eq-encoder-decoder-joint", "eq-encoder-decoder-share")
def test_one_softmax_over_both_is_a_mixture_of_two(printed: Equations) -> None:
    draw = torch.Generator().manual_seed(4)
    q, k, v = (torch.randn(1, x, 6, generator=draw, dtype=torch.float64) for x in (1, 7, 7))
    scores = (q[0] @ k[0].T)[0] / math.sqrt(6)

    def attended(keys: slice) -> np.ndarray:
        out: np.ndarray = (
            functional.scaled_dot_product_attention(q, k[:, keys], v[:, keys])[0].numpy().T
        )
        return out

    share = scores.softmax(0)[:3].sum().item()
    bound = {"s": scores[:3].numpy(), "r": scores[3:].numpy(), "N": 3, "t": 4}
    printed("eq-encoder-decoder-joint").holds(
        bound
        | {
            r"\mathbf{o}": attended(slice(0, 7)),
            r"\mathbf{v}_j": Given(("j",), lambda j: v[0, j - 1].numpy()[:, None]),
            r"\mathbf{w}_i": Given(("i",), lambda i: v[0, 2 + i].numpy()[:, None]),
            r"\gamma": share,
            r"\mathbf{o}_{\text{cross}}": attended(slice(0, 3)),
            r"\mathbf{o}_{\text{self}}": attended(slice(3, 7)),
        }
    )
    printed("eq-encoder-decoder-share").holds(bound | {r"\gamma": share})


# What can be learned, and what is lost without a part.


@pytest.mark.equation("eq-encoder-decoder-entropy")
def test_a_loss_is_the_entropy_and_a_divergence(printed: Equations) -> None:
    q = [0.4, 0.3, 0.3]
    ways = ("zum", "ga nir", "ga nor")
    step = ed.stepper(loaded()[0], EXAMPLE)
    p = []
    for way in ways:
        words, log_p = [1, 12, 15], 0.0
        for word in [*way.split(), "<end>"]:
            log_p += step(words)[ed.WORDS.index(word)]
            words.append(ed.WORDS.index(word))
        p.append(math.exp(log_p))
    divergence = float(entropy(q, p)) - math.log(sum(p))  # SciPy makes the sum of p one
    printed("eq-encoder-decoder-entropy").holds(
        {"q": q, "p": p, r"\operatorname{KL}(q \,\|\, p)": divergence}
    )
    assert divergence >= 0


@pytest.mark.equation("eq-encoder-decoder-least")
def test_the_least_loss_is_the_entropy_of_the_translators(printed: Equations) -> None:
    source, target = weights.rows()
    sleeping = sum(ed.WORDS.index("sleeps") in row for row in source.tolist())
    words = int((target[:, 1:] != ed.PAD).sum())
    printed("eq-encoder-decoder-least").holds(
        {
            "L^*": figures.floor(with_source=True),
            "R_s": sleeping,
            "W": words,
            "q": [ed.SLEEPS.count(way) / 10 for way in dict.fromkeys(ed.SLEEPS)],
        }
    )
    said(
        f"Here $R_s = {sleeping}$ and $W = {words // 1000}{{,}}{words % 1000}$, "
        f"so $L^* = {figures.floor(with_source=True):.3f}$ nats a word.",
        f"the entropy of the targets alone, {figures.floor(with_source=False):.2f} nats a word.",
    )


def spread(values: list[float], digits: int = 1) -> tuple[str, str]:
    """Mean, and least and greatest, in per cent, as the page prints them."""
    mean, least, most = (100 * x for x in (sum(values) / len(values), min(values), max(values)))
    show = lambda x: f"{x:.{digits}f}".removesuffix(".0" if digits else "")  # noqa: E731
    return f"{show(mean)} %", f"{show(least)} to {show(most)} %"


def test_runs_without_a_part_and_in_other_forms() -> None:
    runs = figures.runs()
    rights = {form: [one["right"] for one in runs[form]] for form in weights.FORMS}
    assert all(len(values) == 5 for values in rights.values())
    rows = rows_of("tab-encoder-decoder-without")
    for row, form in zip(rows, ("both", "peek", "blind"), strict=True):
        assert (row[1], row[2]) == spread(rights[form])
    for row, form in zip(
        rows_of("tab-encoder-decoder-compared"), ("both", "prefix", "causal"), strict=True
    ):
        model = weights.made(form, 0)
        unused = 0 if form == "both" else model.after[1].weight.numel()
        count = sum(p.numel() for p in model.parameters()) - unused
        assert (row[1], row[2], row[3]) == (f"{count:,}", *spread(rights[form]))
    table = style.read_table(PAGE.parent / "encoder-decoder" / "without.csv")
    possible, alone = figures.floor(with_source=True), figures.floor(with_source=False)
    late = [n for n, step in enumerate(table["step"]) if step >= 150]
    assert all(table["peek"][n] < possible for n in late)
    assert table["peek most"][-1] < possible
    assert all(table["both"][n] > possible for n in late)
    assert all(table["blind"][n] > alone for n in late)
    assert min(table["both least"]) < possible
    said(
        f"All parts: down to about {table['both'][-1]:.2f}, just above the line of what is possible "
        f"with the source, {possible:.3f}. No causal mask: falls below that line, to "
        f"{table['peek'][-1]:.3f}. No cross-attention: stays at {table['blind'][-1]:.1f}",
        f"Five seeds each, {weights.SHORT} steps",
        f"one batch of {weights.BATCH} pairs, so an honest one can fall below the line by chance",
        "mean of five seeds with least and greatest",
        f"Greedy decoding after {weights.SHORT} steps",
        f"The same task, {weights.SHORT} steps, two layers in all, five seeds:",
        "Held-out sentences right, mean | Least and greatest of 5 seeds",
    )


def test_a_run_is_what_its_recipe_gives_again() -> None:
    model = weights.made("peek", 0)
    losses = list(weights.train(model, "peek", weights.SHORT, 0, 0.05, most=31))
    assert losses[::10] == pytest.approx(figures.runs()["peek"][0]["losses"][:4], rel=1e-3)


def test_inventions_and_what_refusing_costs() -> None:
    runs = figures.runs()["both"]

    def over(name: str) -> tuple[float, float, float]:
        values = [one[name] for one in runs]
        return sum(values) / 5, min(values), max(values)

    assert len(weights.headless()) == 72
    invented, p = over("invented"), over("probability")
    bad, good = over("refused_bad"), over("refused_good")
    said(
        f"of 72 such sentences five networks gave {100 * invented[0]:.0f} % ({100 * invented[1]:.0f} to "
        f"{100 * invented[2]:.0f} %) a word",
        f"a mean probability of {p[0]:.2f} ({p[1]:.2f} to {p[2]:.2f})",
        f"It refused {100 * bad[0]:.0f} % ({100 * bad[1]:.0f} to {100 * bad[2]:.0f} %) of the bad",
        f"at the price of {100 * good[0]:.0f} % ({100 * good[1]:.0f} to {100 * good[2]:.0f} %) of good ones",
        f"here {100 * good[0]:.0f} % of the good sentences",
    )
    text, sure = written("cat sees", 2)
    assert weights.invented("cat sees", text.removesuffix(" <end>").split())
    assert text == "mi vel lu <end>"
    said(f"translates *cat sees* as `mi vel lu`, with a bird that it is {100 * sure:.0f} % sure of")
    good = [text for text in weights.kept() if not text.endswith("sleeps")]
    limit = sorted(written(text, 1)[1] for text in good)[len(good) // 20]
    assert written("cat sees", 1)[1] < limit
    said(f"For the demo's network that is at a probability of {limit:.4f}, so even *cat sees*")
    assert not weights.invented(EXAMPLE, TARGET.split()[:2])
    assert written("red sees dog", 1)[0] == "ra tok vel ra <end>"


# The example, in numbers.


def test_the_step_of_the_example_is_computed_by_the_code() -> None:
    model = loaded()[0]
    source, given = figures.example()
    seen: dict[str, Tensor] = {}
    layer = model.decoder[0].cross
    for name in ("q", "k"):
        layer.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: seen.update({name: out[0]})
        )
    _, a = model.decode(given, model.encode(source), source)
    for name in ("q", "k"):
        layer.get_submodule(name)._forward_hooks.clear()
    scores = [(seen["q"][1, :8] @ key[:8]).item() / math.sqrt(8) for key in seen["k"]]
    minus = lambda x, n: f"{x:.{n}f}".replace("-", "−")  # noqa: E731
    rows = rows_of("tab-encoder-decoder-step")
    assert rows[0][1:] == [minus(score, 2) for score in scores]
    assert rows[1][1:] == [f"{math.exp(score):.1f}" for score in scores]
    assert rows[2][1:] == [f"{share:.2f}" for share in a[0, 0, 1].tolist()]
    assert rows[2][0] == f"Weight: its share of {sum(map(math.exp, scores)):.1f}"
    said(f"the keys of the source, {len(seen['q'][1]) // 2} numbers each, have these scores")
    said("(inner products divided by $\\sqrt 8$)")
    said(f"{100 * a[0, 0, 1, 0]:.0f} % of the weight is on the value of *red*")
    rows = [", ".join(f"{x:.2f}" for x in row) for head in a[0].tolist() for row in head]
    said(
        f"Head 1: start to mi {rows[0]}; mi to tok {rows[1]}; tok to zum {rows[2]}; zum to end {rows[3]}. "
        f"Head 2: start to mi {rows[4]}; mi to tok {rows[5]}; tok to zum {rows[6]}; "
        f"zum to end {rows[7]}](encoder-decoder/cross.svg)"
    )


def first_word(text: str, other: str, exchanged: list[int]) -> str:
    """What the network begins with when some vectors of its source are those of another sentence."""
    model = loaded()[0]
    source, foreign = (ed.numbers([one.split()], False) for one in (text, other))
    with torch.no_grad():
        h = model.encode(source)
        h[0, exchanged] = model.encode(foreign)[0, exchanged]
        logits, _ = model.decode(torch.tensor([[ed.START]]), h, source)
    return str(ed.WORDS[int(logits[0, -1].argmax())])


def test_the_vector_of_the_verb_knows_the_noun() -> None:
    other = EXAMPLE.replace("cat", "dog")
    begun = [first_word(EXAMPLE, other, exchanged) for exchanged in ([2], [0, 1])]
    said(
        f"begins with `{begun[0]}`, a dog; if the two others are, it still begins with `{begun[1]}`."
    )
    assert begun == ["ra", "mi"]
    pairs = [
        (f"{a} {x} sleeps".split(), f"{a} {y} sleeps".split(), y)
        for a in ed.ADJECTIVES
        for x in ed.NOUNS
        for y in ed.NOUNS
        if x != y
    ]
    decided = sum(
        first_word(" ".join(one), " ".join(two), [-1]) == ed.MEANING[noun]
        for one, two, noun in pairs
    )
    said(f"decides about the noun in {decided} of {len(pairs)} such exchanges")


def test_the_loss_and_the_search_of_the_example() -> None:
    table = diagram.numbers()
    right, nats = table["right"], table["nats"]
    loss = loaded()[0].loss(*(ed.numbers([t.split()], n) for n, t in enumerate((EXAMPLE, TARGET))))
    assert loss.item() == pytest.approx(sum(nats) / 4)
    shown = [f"{x:.2f}" for x in right]
    said(
        f"got the probabilities {right[0]:.2f}, {right[1]:.2f}, {right[2]:.2f} and {right[3]:.2f}.",
        f"become three vectors h of {loaded()[0].config.width} numbers",
        f"$(0 + 0 + {nats[2]:.2f} + 0) / 4 = {loss.item():.2f}$",
        f"{shown[2]} is near the four in ten of the data",
        f"the network gives `ga` {table['ga'][0]:.2f} and `zum` {right[2]:.2f}.",
        f"mi, tok, zum, end: {abs(nats[0]):.2f}, {abs(nats[1]):.2f}, {nats[2]:.2f}, {abs(nats[3]):.2f}.",
        f"the next word is ga with {table['ga'][0]:.2f} or zum with {shown[2]};",
    )
    one, two = written(EXAMPLE, 1), written(EXAMPLE, 2)
    assert (one[0], two[0]) == ("mi tok ga nir <end>", f"{TARGET} <end>")
    nir = one[1] / table["ga"][0]
    said(
        f"`ga`, and then `nir`, with {nir:.2f}.",
        f"$0.59 \\cdot 0.51 = {one[1]:.2f}$",
        f"comes `<end>` with {right[3]:.2f}, and ${two[1]:.2f} > {one[1]:.2f}$",
        f"`zum` wins with {two[1]:.2f};",
        f"A beam of one ends at {one[1]:.2f}.",
    )
    tree = style.read_table(PAGE.parent / "encoder-decoder" / "beam.csv")
    p = {
        ed.WORDS[int(w)]: x
        for w, x, s in zip(tree["word"], tree["p"], tree["step"], strict=True)
        if s < 5
    }
    said(
        f"A tree: start, mi {p['mi']:.2f}, tok {p['tok']:.2f}, then "
        f"ga {p['ga']:.2f} or zum {p['zum']:.2f}; from ga, nir {p['nir']:.2f} and nor "
        f"{p['nor']:.2f}, which is not kept; from zum, end {p['<end>']:.2f}; from nir, end {tree['p'][-1]:.2f}. "
        f"The dashed path of greedy decoding ends at {one[1]:.2f}"
    )


# Search.


def enumerated(step: Callable[[list[int]], list[float]], most: int) -> dict[tuple[int, ...], float]:
    """All complete texts of at most so many words, with their log-probabilities."""
    found: dict[tuple[int, ...], float] = {}

    def grow(words: list[int], log_p: float) -> None:
        for word, more in enumerate(step(words)):
            if word == ed.END:
                found[(*words, word)] = log_p + more
            elif len(words) < most:
                grow([*words, word], log_p + more)

    grow([ed.START], 0.0)
    return found


def test_a_beam_that_holds_everything_is_exact_and_of_one_is_greedy() -> None:
    draw = torch.Generator().manual_seed(5)
    tables: dict[tuple[int, ...], list[float]] = {}

    def step(words: list[int]) -> list[float]:
        fresh = torch.randn(5, generator=draw, dtype=torch.float64).log_softmax(0).tolist()
        return tables.setdefault(tuple(words), fresh)

    best = max(enumerated(step, 4).items(), key=lambda one: one[1])
    found = ed.beam_search(step, 5**4 + 1, most=4)[0]
    assert (tuple(found.words), found.log_p) == (best[0], pytest.approx(best[1]))
    greedy, words = [ed.START], ed.beam_search(step, 1, most=4)[0].words
    while greedy[-1] != ed.END and len(greedy) < 5:
        greedy.append(int(np.argmax(step(greedy))))
    assert words == greedy
    wider = [ed.beam_search(step, k, most=4)[0].log_p for k in (1, 2, 3, 4)]
    assert max(wider) <= best[1] + 1e-12


def test_a_wider_beam_can_end_worse() -> None:
    known = {(): {3: 0.5, 4: 0.49}, (3,): {3: 0.5}, (4,): {4: 0.52}, (3, 3): {3: 0.5}}
    known |= {(4, 4): {4: 0.5, 5: 0.5}, (3, 3, 3): {ed.END: 1.0}}
    known |= {(4, 4, last): {ed.END: 0.5} for last in (4, 5)}

    def step(words: list[int]) -> list[float]:
        p = np.zeros(8)
        for word, share in known.get(tuple(words[1:]), {}).items():
            p[word] = share
        p[p == 0] = (1 - p.sum()) / (p == 0).sum() + 1e-9
        return list(np.log(p))

    (one, *_), (two, *_) = (ed.beam_search(step, k, most=5) for k in (1, 2))
    narrow, wide = math.exp(one.log_p), math.exp(two.log_p)
    dropped = math.exp(sum(step([ed.START, *[3] * n])[3] for n in range(3)))
    kept = math.exp(ed.beam_search(step, 2, most=3)[0].log_p)
    assert (one.words, two.words[-1]) == ([ed.START, 3, 3, 3, ed.END], ed.END)
    assert narrow == pytest.approx(dropped, rel=1e-6)
    said(
        "and a wider beam can even end worse",
        f"writes three words with {dropped:.3f} and then surely `<end>`.",
        f"for two others of {kept:.3f} each, which then end with only {wide:.2f}.",
    )


@pytest.mark.equation("eq-encoder-decoder-score", "eq-encoder-decoder-alpha")
def test_from_which_exponent_on_a_longer_text_wins(printed: Equations) -> None:
    for (short, m), (long, n) in (((0.4, 3), (0.3, 4)), ((0.2, 5), (0.11, 9))):
        texts = [ed.Beginning([1] * (x + 1), math.log(p)) for p, x in ((short, m), (long, n))]

        def gap(alpha: float, texts: list[Any] = texts) -> float:
            return float(ed.score(texts[1], alpha) - ed.score(texts[0], alpha))

        alpha = brentq(gap, 0, 5)
        assert gap(alpha + 0.1) > 0 > gap(alpha - 0.1)
        printed("eq-encoder-decoder-alpha").holds(
            {"p": short, "p'": long, "M": m, "M'": n, r"\alpha": alpha}
        )
        printed("eq-encoder-decoder-score").holds(
            {
                r"\operatorname{score}_\alpha(y)": ed.score(texts[1], 0.7),
                r"p(y \mid \mathbf{x})": long,
                "M": n,
                r"\alpha": 0.7,
            }
        )
    short, long = written("cat sleeps", 2), written("cat sleeps", 2, 1.5)
    assert (short[0], long[0]) == ("mi zum <end>", "mi ga nir <end>")
    ratio = math.log(long[1]) / math.log(short[1])
    limit = math.log(ratio) / math.log(4 / 3)
    assert written("cat sleeps", 2, limit - 0.01)[0] == short[0]
    assert written("cat sleeps", 2, limit + 0.01)[0] == long[0]
    said(
        f"gives `mi zum <end>` {short[1]:.3f} and `mi ga nir <end>` {long[1]:.3f}: the longer text "
        f"wins from $\\alpha = {limit:.2f}$ on",
        "With exponent 1.5 the longer text wins",
    )


def test_wu_favours_long_texts_less_than_a_power_of_the_length() -> None:
    wu, power = (((n + 20) / (n + 10)) ** 0.6 for n in (5, 0))
    one, two = (ed.Beginning([1] * (m + 1), -6.0) for m in (10, 20))
    assert power == pytest.approx(ed.score(one, 0.6) / ed.score(two, 0.6))
    said(
        f"with $\\alpha = 0.6$, from 10 to 20 words the divisor grows to {wu:.2f} times its value, "
        f"and $M^\\alpha$ to {power:.2f} times."
    )


def test_an_exponent_of_published_systems_names_its_form() -> None:
    cells = [cell for row in rows_of("tab-encoder-decoder-practice") for cell in row]
    settings = [cell for cell in cells if "0.6" in cell]
    assert len(settings) == 2
    assert all("Wu's form" in cell and "alpha" not in cell for cell in settings)


def test_forms_and_masks_are_as_many_as_the_heading_says() -> None:
    forms = [row[1] for row in rows_of("tab-encoder-decoder-forms")]
    kinds = {kind for form in forms for kind in ("none", "causal", "prefix") if kind in form}
    assert (len(forms), len(kinds)) == (4, 3)
    said("### Four forms, three masks")


def doubtful(n: int, sure: float = 0.8, stop: float = 0.05) -> Callable[[list[int]], list[float]]:
    """n right words of 0.8 each, then the end; at the very beginning the end has 0.05."""

    def step(words: list[int]) -> list[float]:
        written = len(words) - 1
        p = np.full(8, 1e-9)
        if written == n:
            p[ed.END] = 1.0
        else:
            p[3:] = (1 - sure - (stop if written == 0 else 0)) / 4
            p[3] = sure
            p[ed.END] = stop if written == 0 else 1e-9
        return list(np.log(p / p.sum()))

    return step


@pytest.mark.equation("eq-encoder-decoder-empty")
def test_a_better_search_finds_the_empty_text(printed: Equations) -> None:
    crossing = brentq(lambda n: 0.8**n - 0.05, 1, 50)
    printed("eq-encoder-decoder-empty").holds({"n^*": crossing})
    said(
        "Say that a model is sure of each right word with 0.8, and gives the end sign 0.05",
        "whose end is certain, has $0.8^n$; the empty one has 0.05.",
        f"or {crossing:.1f} words: from 14 on the empty text is the likelier one.",
    )
    for row in rows_of("tab-encoder-decoder-empty"):
        n = int(row[0])
        for cell, (k, alpha) in zip(row[1:], ((1, 0), (2, 0), (2, 1)), strict=True):
            words = ed.beam_search(doubtful(n), k, alpha, most=n + 1)[0].words  # <end>, too
            assert len(words) - 2 == (n if cell == "full" else 0), (n, k, alpha)


# Cost.


@pytest.mark.equation("eq-encoder-decoder-cost")
def test_each_word_passes_the_same_weights_on_both_sides(printed: Equations) -> None:
    model = random_model(layers=1)
    c = model.config
    done = 0

    def count(module: nn.Module, _: object, out: Tensor) -> None:
        nonlocal done
        done += 2 * module.weight.numel() * out[..., 0].numel()  # type: ignore[operator, union-attr]

    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, nn.Linear)]
    source, given = figures.example()
    model.decode(given, model.encode(source), source)
    for hook in hooks:
        hook.remove()
    printed("eq-encoder-decoder-cost").holds(
        {r"\text{operations}": done, "N": 3, "M": 4, "E": c.width, "F": c.inner}
    )
    layers = [
        nn.TransformerEncoderLayer(c.width, c.heads, c.inner, bias=False),
        nn.TransformerDecoderLayer(c.width, c.heads, c.inner, bias=False),
    ]
    sizes = [sum(p.numel() for p in layer.parameters() if p.ndim == 2) for layer in layers]
    said(f"with $E = {c.width}$ and $F = {c.inner}$, {sizes[1]:,} against {sizes[0]:,}.")
    e = 10
    stack = 2 * sum(
        p.numel()
        for p in nn.TransformerEncoderLayer(e, 1, 4 * e, bias=False).parameters()
        if p.ndim == 2
    )
    both = 4 * (3 * e * e + e * 4 * e)
    said(
        f"that is ${2 * stack // e**2}$ against ${both // e**2}$ times $(N + M)E^2$, for "
        f"${stack // e**2}E^2$ weights against ${(12 * e * e + 4 * e * 4 * e) // e**2}E^2$",
        "$4\\,(N + M)(4E^2 + EF) + 4\\,(N+M)EF$",
    )
    assert (2 * stack / stack, both / (12 * e * e + 16 * e * e)) == (2, 1)
    said("for each weight and word the stack takes two operations, and the encoder–decoder one")
    assert 2 * stack == 4 * (4 * e * e + e * 4 * e) + 4 * e * 4 * e


# The demo and the exercises.


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    model = loaded()[0]
    loads = {"weights": "architectures/encoder-decoder/weights.json"}
    cases: list[dict[str, object]] = []
    for text in (EXAMPLE, "old bird hears small dog", "cat", "sees sees red"):
        source = ed.numbers([text.split()], False)
        for words in ([1], [1, 12, 15, 21], [1, 14, 17, 19, 13, 16]):
            with torch.no_grad():
                logits, a = model.decode(torch.tensor([words]), model.encode(source), source)
            cases.append(
                {
                    "function": "look",
                    "args": [loads, source[0].tolist(), words],
                    "returns": {"logits": logits[0, -1].tolist(), "attention": a[0].tolist()},
                }
            )
    for text, k, alpha in (
        (EXAMPLE, 2, 0),
        (EXAMPLE, 1, 0),
        ("cat sleeps", 3, 1.5),
        ("dog sees", 4, 1),
    ):
        found = ed.beam_search(ed.stepper(model, text), k, alpha)
        source = ed.numbers([text.split()], False)[0].tolist()
        cases.append(
            {
                "function": "translate",
                "args": [loads, source, k, alpha],
                "returns": [[one.words, one.log_p] for one in found],
            }
        )
    masks = {name: mask.int().tolist() for name, mask in ed.masks(3, 4).items()}
    cases.append({"function": "masks", "args": [3, 4], "returns": masks})
    return {
        "module": "architectures/encoder-decoder/encoder-decoder.mjs",
        "tolerance": 1e-5,
        "cases": cases,
    }


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


@pytest.mark.answer("answer-encoder-decoder-pairs")
def test_exercise_1_pairs(answer: Bench) -> None:
    made = {name: int(mask.sum()) for name, mask in ed.masks(5, 6).items()}
    assert made["encoder"] + made["cross"] + made["decoder"] == made["prefix"]
    answer("answer-encoder-decoder-pairs").is_(
        (made["prefix"], made["causal"]), (11**2, made["causal"])
    )


@pytest.mark.answer("answer-encoder-decoder-alpha")
def test_exercise_2_the_exponent(answer: Bench) -> None:
    def limit(m: int) -> float:
        short, long = (
            ed.Beginning([1] * (m + 1), math.log(0.4)),
            ed.Beginning([1] * (m + 2), math.log(0.3)),
        )
        return float(brentq(lambda a: ed.score(long, a) - ed.score(short, a), 0, 5))

    answer("answer-encoder-decoder-alpha").is_(limit(3), limit(4))


@pytest.mark.answer("answer-encoder-decoder-bert")
def test_exercise_3_a_visible_word(answer: Bench) -> None:
    kept, drawn = 0.001 * 0.1, 0.1 / 30_000
    answer("answer-encoder-decoder-bert").is_(
        (kept + 0.001 * drawn) / (kept + drawn), 0.1 / (0.1 + 0.1)
    )


@pytest.mark.answer("answer-encoder-decoder-loss")
def test_exercise_4_a_loss_that_is_too_good(answer: Bench) -> None:
    last = {form: [one["losses"][-1] for one in figures.runs()[form]] for form in ("peek", "blind")}
    assert max(last["peek"]) < figures.floor(with_source=True) < min(last["blind"])
    answer("answer-encoder-decoder-loss").is_(
        "Whether the decoder can see the words that it has to predict."
    )


@pytest.mark.answer("answer-encoder-decoder-count")
def test_exercise_5_targets(answer: Bench) -> None:
    every = [tuple(words) for text in ed.sentences() for words in ed.translations(text)]
    answer("answer-encoder-decoder-count").is_(len(set(every)), len(every))


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "encoder-decoder" / "encoder_decoder.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "least possible: 0.062" in out
    assert "k = 1: mi tok ga n" in out
    assert "k = 2: mi tok zum <end>" in out
