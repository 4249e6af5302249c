"""SPAE: running means against the codebooks' functions and a brute search, the equations, and what the page tells."""

import inspect
import itertools
import math
import runpy
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import Tensor

from docs.architectures.codebooks import codebooks
from docs.models.gpt import bpe
from docs.models.spae import practice, spae
from scripts.figures import spae as figures
from scripts.figures import spae_diagram, style, vq_vae
from scripts.weights import gpt as weights
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

codes = import_module("docs.models.vq-vae.vq_vae")
levels = import_module("docs.models.vq-vae.levels")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "spae.md"
DATA = PAGE.parent / "spae"
said = sayings(PAGE)
rows_of = tables(PAGE)
TABLE = torch.tensor(spae.TABLE).double()
OUTPUT = torch.tensor(spae.OUTPUT).double()
E, U = normal(9, 3, seed=1), normal(5, 3, seed=2)  # words, and outputs at one place
ONE = torch.ones(4, 1)  # four layers, one place


def told(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(DATA / f"{name}.csv")


def in_words(
    u: tuple[float, float], count: int, average: bool = True
) -> tuple[list[str], list[float]]:
    """Words of the example and squared errors."""
    target = torch.tensor(u).double()[None, None]
    k, meant = spae.stream(target, TABLE, torch.ones(count, 1), average)
    return [spae.WORDS[n] for n in k.flatten()], (meant - target[:, None]).square().sum(
        (0, 2, 3)
    ).tolist()


def targets(u: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Targets, words and means of one vector (D,): (count, D) each, words by a search of its own."""
    k, meant = spae.stream(u[None, None], E, torch.ones(count, 1))
    w = E[k.flatten()]
    found = [(n + 1) * u - w[:n].sum(0) for n in range(count)]
    for n, target in enumerate(found):
        assert int(k.flatten()[n]) == int(np.linalg.norm(E - target, axis=1).argmin())
    return torch.stack(found), w, meant.flatten(0, 2)


# The words.


def test_a_sum_of_words_is_residual_quantisation() -> None:
    total, k = codebooks.residual(U, [E] * 4)
    ours, meant = spae.stream(U[:, None], E, ONE, average=False)
    assert torch.equal(ours.flatten(1), k)
    torch.testing.assert_close(meant[:, -1, 0], total)


def test_words_are_those_of_scikit_learn_and_are_read_as_their_mean() -> None:
    k, meant = spae.stream(U[:, None], E, ONE)
    assert k.flatten(1).tolist() == practice.words(U.numpy(), E.numpy(), 4).tolist()
    torch.testing.assert_close(spae.read(k, E), meant[:, -1])
    torch.testing.assert_close(meant[:, -1, 0], E[k.flatten(1)].mean(1))


def test_each_place_has_words_in_its_layers_only() -> None:
    layers = torch.tensor(spae.PYRAMID).float()
    u = normal(6, 4, 3, seed=3)
    k, meant = spae.stream(u, E, layers)
    assert torch.equal(k >= 0, (layers > 0).expand(6, -1, -1))
    for n in range(1, 5):
        torch.testing.assert_close(spae.read(figures.first(k, n), E), meant[:, n - 1])
    for place in range(4):
        count = int(layers[:, place].sum())
        alone = spae.stream(u[:, [place]], E, torch.ones(count, 1))[0].flatten(1)
        assert torch.equal(k[:, :, place][:, layers[:, place] > 0], alone)


def small() -> tuple[spae.SPAE, Tensor]:
    """A network that is not trained, and pictures."""
    torch.manual_seed(0)
    model = spae.SPAE(E.float(), torch.tensor(spae.PYRAMID).float(), 7, width=8)
    return model.double(), normal(6, 7, seed=4)


def test_other_spellings_change_no_picture() -> None:
    model, x = small()
    order = torch.tensor([4, 7, 0, 2, 8, 1, 3, 6, 5])
    other = spae.SPAE(E[order].float(), model.layers, 7, width=8).double()
    other.load_state_dict(model.state_dict() | {"table": model.table[order]})
    k, renamed = model.write(x), other.write(x)
    assert torch.equal(torch.where(renamed >= 0, order[renamed.clamp(min=0)], -1), k)
    assert not torch.equal(k, renamed)
    torch.testing.assert_close(model.draw(k), other.draw(renamed))


def test_the_loss_moves_encoder_and_decoder_and_not_the_table() -> None:
    model, x = small()
    names = torch.arange(6)
    u, parts = model.encoder(x), []
    meant = spae.stream(u, model.table, model.layers)[1]
    for n in range(4):
        z = meant[:, n]
        there = (model.layers[: n + 1].sum(0) > 0).double()[:, None]
        parts.append(
            (model.decoder(z) - x).square().mean() + 1.25 * (z - there * u).square().mean()
        )
    expected = sum(parts) / 4 + 0.3 * spae.guidance(u[:, 0], model.table, names)
    loss = model.loss(x, names, 0.3)
    torch.testing.assert_close(loss, torch.as_tensor(expected))
    before = [p.detach().clone() for p in model.parameters()]
    spae.fit(model, x, 2, torch.Generator().manual_seed(0), names, 0.3, batch=4)
    moved = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert moved == [name != "table" for name, _ in model.named_parameters()]
    z = (u + (u.detach() * 2 - u).detach()).sum()  # straight through: the slope is that of u
    assert torch.autograd.grad(z, u)[0].unique().tolist() == [1.0]
    assert not model.table.requires_grad


def test_a_learned_table_moves() -> None:
    model = spae.SPAE(E.float(), torch.tensor(spae.PYRAMID).float(), 7, width=8, learn=True)
    before = model.table.detach().clone()
    spae.fit(model, normal(6, 7, seed=4).float(), 2, torch.Generator().manual_seed(0))
    assert not torch.equal(before, model.table)


# The equations.


@pytest.mark.equation("eq-spae-target")
@pytest.mark.equation("eq-spae-mean")
@pytest.mark.equation("eq-spae-left")
@pytest.mark.equation("eq-spae-next")
def test_the_mean_of_the_words_comes_to_the_output(printed: Equations) -> None:
    u = E[[0, 2, 5, 7]].mean(0) + 0.1 * U[0]
    t, w, m = targets(u, 4)
    assert len(w.unique(dim=0)) == 4
    names = {r"\mathbf{u}": column(u), r"\mathbf{w}": columns(w), "l": 3}
    printed("eq-spae-target").holds({**names, r"\mathbf{t}": columns(t)}, free=("l",))
    printed("eq-spae-mean").holds(
        {r"\mathbf{m}": columns(m), r"\mathbf{w}": columns(w), "l": 3}, free=("l",)
    )
    printed("eq-spae-left").holds(
        {**names, r"\mathbf{t}": columns(t), r"\mathbf{m}": columns(m)}, free=("l",)
    )
    printed("eq-spae-next").holds({**names, r"\mathbf{t}": columns(t)}, free=("l",))


@pytest.mark.equation("eq-spae-stuck")
def test_a_long_word_makes_the_rest_longer(printed: Equations) -> None:
    for r, w in (([1.0, -2.0], [3.0, 4.0]), ([1.5, 2.0], [3.0001, 4.0])):
        printed("eq-spae-stuck").holds(
            {r"\mathbf{r}": np.array([r]).T, r"\mathbf{w}": np.array([w]).T},
            free=(r"\mathbf{r}", r"\mathbf{w}"),  # it holds for all vectors
        )
    rest = OUTPUT - TABLE[0]
    lengths = TABLE.norm(dim=1)
    assert lengths.min() > 2 * rest.norm()
    assert ((TABLE - rest).norm(dim=1) > rest.norm()).all()
    said(
        f"$\\lVert \\mathbf{{r}} \\rVert = {rest.norm():.2f}$ after *sun*, "
        f"and the shortest word has the length {lengths.min():.2f}."
    )


@pytest.mark.equation("eq-spae-bits")
def test_bits_count_the_rows_of_words(printed: Equations) -> None:
    k = spae.stream(normal(2, 4, 3, seed=5), E, torch.tensor(spae.PYRAMID).float())[0]
    counts = (k[0] >= 0).sum(1).tolist()
    printed("eq-spae-bits").holds(
        {"b": math.log2(len(E) ** int((k[0] >= 0).sum())), "V": len(E), "L": 4, "n": counts}
    )
    count = int(told("tokens")["vocabulary"][0])
    said(
        f"the 297 tokens that [the site's own GPT](gpt.md) met at least {figures.LEAST} times",
        f"$11 \\cdot {math.log2(count):.1f} = {11 * math.log2(count):.0f}$.",
        f"the last eight words, {8 * math.log2(count):.0f} bits,",
    )
    assert count == 297
    assert figures.TOKENS == [1, 3, 7, 11]


@pytest.mark.equation("eq-spae-guidance")
@pytest.mark.equation("eq-spae-pull")
def test_guidance_is_a_pull_from_the_mean_word(printed: Equations) -> None:
    e, u = 0.2 * E, (0.2 * U[1]).requires_grad_()  # near one another, so that each word has a share
    loss = spae.guidance(u[None], e, torch.tensor([3]))
    (slope,) = torch.autograd.grad(loss, u)
    names = {r"\mathbf{e}": columns(e), "c": 4, "s": spae.SOFT, "V": 9}
    printed("eq-spae-guidance").holds(
        {**names, r"\mathbf{u}": column(u), "G": loss.item(), "e": math.e}
    )
    p = softmax(-np.square(np.linalg.norm(e - u.detach(), axis=1)) / spae.SOFT)
    printed("eq-spae-pull").holds(
        {**names, r"\nabla_{\mathbf{u}} G": column(slope), "p": p.tolist()}
    )


def test_the_reader_is_a_softmax_over_examples() -> None:
    query, shown = normal(2, 3, seed=6), normal(2, 4, 3, seed=7)
    labels = torch.tensor([[0, 1, 1, 2], [2, 0, 1, 0]])
    p = spae.attend(query, shown, labels, 3, 0.7)
    for row in range(2):
        share = softmax(-np.square(np.linalg.norm(shown[row] - query[row], axis=1)) / 0.7)
        assert p[row].tolist() == pytest.approx([share[labels[row] == c].sum() for c in range(3)])
    sharp = spae.attend(query, shown, labels, 3, 1e-3).argmax(1)
    nearest = [
        practice.read(shown[n].numpy(), labels[n].numpy(), query[[n]].numpy())[0] for n in range(2)
    ]
    assert sharp.tolist() == nearest


def test_a_writer_copies_words_from_their_place() -> None:
    k = torch.arange(2 * 5 * 4 * 4).reshape(2, 5, 4, 4)
    made = spae.mix(k, torch.Generator().manual_seed(0))
    assert made.shape == (2, 4, 4)
    assert (made[:, None] == k).any(1).all()
    assert not (made[:, None] == k).flatten(2).all(2).any()


# The example and the program.


def test_the_example_by_pencil(capsys: pytest.CaptureFixture[str]) -> None:
    apart = (TABLE - OUTPUT).square().sum(1).long().tolist()
    said("The squared distances to the words are 2, 18, 50, 34 and 8, so the first word is *sun*.")
    assert apart == [2, 18, 50, 34, 8]
    assert in_words(spae.OUTPUT, 3) == (["sun", "sand", "sun"], pytest.approx([2, 0.5, 0]))
    words, errors = in_words(spae.OUTPUT, 3, average=False)
    assert (words, errors) == (["sun", "sand", "ash"], [2, 8, 8])
    rest = (TABLE - OUTPUT + TABLE[0] + TABLE[4]).square().sum(1)
    assert rest[2] == rest[3] == rest.min()  # *ash* and *ice*
    odds = 2 ** (-np.array(apart) / spae_diagram.HALVES)
    share = odds / odds.sum()
    assert odds[1:4].sum() < 2**-8
    said(
        f"So *sun* has a share of {share[0]:.2f}.",
        f"the loss is $-\\log 0.89 = {-math.log(share[0]):.2f}$; if it is *sand*, with {share[4]:.2f}, "
        f"it is {-math.log(share[4]):.2f} and pulls",
    )
    table = told("diagram")
    assert table["guidance"][0] == pytest.approx(-math.log(share[0]), rel=1e-5)
    assert table["k"] == [1, 5, 1]
    runpy.run_path(str(DATA / "spae.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert "sun sand sun" in lines[0]
    assert lines[0].endswith("2, 0.5, 0")
    assert "sun sand ash" in lines[1]
    assert lines[1].endswith("2, 8, 8")


def test_a_vector_outside_the_hull_is_never_reached() -> None:
    words, errors = in_words((6.0, 0.0), 12)
    assert set(words) == {"sun"}
    assert set(errors) == {4.0}
    said("$(6, 0)$ is *sun* for ever, with an error of 4.")


def test_repeated_words_are_no_cheaper_to_the_gpt() -> None:
    model, ids, costs = weights.load()[0].float(), figures.language()[0], []
    for seed in range(3):
        pick = torch.Generator().manual_seed(seed)
        k = ids[torch.randint(len(ids), (400, 20), generator=pick)].repeat(1, 2)
        with torch.no_grad():
            logits = model(k)[0][:, :-1].mT
        cost = torch.nn.functional.cross_entropy(logits, k[:, 1:], reduction="none")
        costs.append([cost[:, :19].mean().item(), cost[:, 20:].mean().item()])
    once, again = np.array(costs).mean(0)
    assert once < again
    assert f"{once:.1f}" == f"{again:.1f}"
    said(f"({again:.1f} nats a token both times)")


# The figures.


def test_the_figure_of_tables_shows_what_the_page_tells() -> None:
    table = told("tokens")
    kinds = ("frozen", "random", "learned", "summed", "far")
    later = ("long_frozen", "long_learned", "long_summed", "long_guided")
    for row, kind in zip(rows_of("tab-spae-tables"), kinds + later, strict=True):
        assert row[1:5] == [f"{n:.4f}" for n in table[f"{kind}_mean"]]
        assert row[5] == f"{table[f'used_{kind}_mean'][3]:.0f}"
    for kind in kinds:
        assert all(a > b for a, b in itertools.pairwise(table[f"{kind}_mean"]))
    for n in range(4):
        near = [table[f"{kind}_mean"][n] for kind in ("frozen", "random", "learned")]
        assert max(near) - min(near) < 0.002
        assert table["far_least"][n] > max(
            table[f"{kind}_most"][n] for kind in ("frozen", "random", "learned")
        )
    last = {kind: table[f"{kind}_mean"][3] for kind in kinds + later}
    assert table["summed_most"][3] < table["frozen_least"][3]
    assert table["used_far_most"][3] < table["used_frozen_least"][3]
    said(
        f"as well as the GPT's ({last['random']:.4f} and {last['frozen']:.4f} after 11 words); "
        f"a codebook that learns does so after {figures.STEPS} steps ({last['learned']:.4f}), "
        f"and restores [better after {figures.LONG:,}](#tables).",
        f"after {figures.STEPS} steps adding up restores a little better than the mean, "
        f"{last['summed']:.4f} against {last['frozen']:.4f} after 11 words",
        f"{table['used_far_mean'][3]:.0f} words are in use after {figures.STEPS} steps in place of "
        f"{table['used_frozen_mean'][3]:.0f}, "
        f"and the error after 11 words is {last['far']:.4f} in place of {last['frozen']:.4f} ",
        f"Three words leave {table['frozen_mean'][1]:.4f}, 11 leave {last['frozen']:.4f}:",
        f"three networks for each table, {figures.STEPS} steps with batches of {figures.BATCH}.",
    )
    assert 1 - last["frozen"] / table["frozen_mean"][1] == pytest.approx(1 / 7, abs=0.01)
    rate = style.read_table(PAGE.parent / "vq-vae" / "rate.csv")
    said(
        f"32 bits, each for its own quarter, leave {rate['error_mean'][3]:.4f} in the network of that page"
    )
    assert rate["uniform_bits_mean"][3] == 32
    batch = inspect.signature(codes.fit).parameters["batch"].default
    said(f"in the network of that page, with batches of {batch} digits;")
    assert torch.equal(levels.join(vq_vae.data()[1]).flatten(1), figures.data()[1])


def test_the_figure_of_guidance_shows_what_the_page_tells() -> None:
    table = told("guidance")
    named, first, last = (table[f"{name}_mean"] for name in ("named", "first", "last"))
    chosen = table["weight"].index(figures.GUIDED)
    assert table["weight"] == [0, 0.003, 0.01, 0.1]
    assert named[0] == table["named_most"][0] == 0
    said(
        f"with guidance it has in {100 * named[chosen]:.1f} % of the cases (three networks, "
        f"{100 * table['named_least'][chosen]:.1f} to {100 * table['named_most'][chosen]:.1f}).",
        f"an error of {first[chosen]:.4f} after one word in place of {first[0]:.4f}.",
        f"is 0, {100 * named[1]:.0f}, {100 * named[2]:.0f} and {100 * named[3]:.0f} %.",
        f"rises from {first[0]:.4f} to {first[1]:.4f}, {first[2]:.4f} and {first[3]:.4f}: ten names",
        f"smaller with guidance than without, {last[1]:.4f}, {last[2]:.4f} and {last[3]:.4f} against {last[0]:.4f};",
        f"rises from 0 to {named[1]:.2f}, {named[2]:.2f} and {named[3]:.2f}. Right:",
    )
    assert min(first[1:]) > table["first_most"][0]
    assert max(first[1:]) - min(first[1:]) < 0.001
    assert max(table["last_most"][1:]) < table["last_least"][0]
    said("weight of the guidance, 0.01 in the figures unless they say otherwise.")


def test_the_words_of_the_table_are_those_of_the_figure() -> None:
    table, merges = told("pictures"), weights.load()[1]

    def spelt(column: list[float]) -> str:
        words = [bpe.decode([int(n)], merges).replace(" ", "·") for n in column[:3]]
        return " ".join(f"`{word}`" for word in words)

    for n, row in enumerate(rows_of("tab-spae-words")):
        assert row == [str(n), spelt(table[f"plain_{n}"]), spelt(table[f"guided_{n}"])]
    kept = told("tokens")["kept"][0]
    said(
        f"| {figures.WIDTH} of 64 numbers, root mean square {figures.SCALE} | ",
        f"the projection keeps {100 * kept:.0f} % of",
        f"are {figures.TRAINING:,}, and 360 are new.",
        f"| frozen, vectors {1 / figures.SCALE:.1f} times as long |",
    )
    assert len(figures.data()[1]) == 360
    assert spae.SOFT == 0.1
    assert spae.COMMITMENT == 0.25


# The exercises.


@pytest.mark.answer("answer-spae-try")
def test_a_pyramid_of_three_layers(answer: Bench) -> None:
    counts = [4**n for n in range(3)]
    bits = [n * math.log2(65_536) for n in (sum(counts), counts[-1])]
    answer("answer-spae-try").is_([sum(counts), bits[0]], [counts[-1], bits[1]])


@pytest.mark.answer("answer-spae-three")
def test_exercise_1_three_words(answer: Bench) -> None:
    words, errors = in_words((0.0, 2.0), 3)
    assert words == ["sand", "sand", "ash"]
    answer("answer-spae-three").is_(errors, in_words((0.0, 2.0), 3, average=False)[1])


@pytest.mark.answer("answer-spae-sand")
def test_exercise_2_sand(answer: Bench) -> None:
    odds = 2 ** (-(TABLE - OUTPUT).square().sum(1) / 2)
    share = odds / odds.sum()
    said(f"$0.0625 / {odds.sum():.4f} = {share[4]:.3f}$")
    answer("answer-spae-sand").is_(
        [float(share[4]), -math.log(share[4])], [float(share[0]), -math.log(share[0])]
    )


@pytest.mark.answer("answer-spae-spelling")
def test_exercise_3_spellings(answer: Bench) -> None:
    test_other_spellings_change_no_picture()
    answer("answer-spae-spelling").is_(
        "They stay as they were, and the words of the pictures change."
    )


@pytest.mark.answer("answer-spae-readers")
def test_exercise_4_readers(answer: Bench) -> None:
    table = told("context")
    one, two = (table[f"guided_{name}_1_mean"][0] for name in ("equal", "own"))
    assert abs(one - two) < 0.02
    said(f"{100 * one:.0f} % and {100 * two:.0f} % ([figure](#needs)).")
    answer("answer-spae-readers").is_("They are about equal.")


@pytest.mark.answer("answer-spae-sum")
def test_exercise_5_sums(answer: Bench) -> None:
    words, errors = in_words((0.0, 2.0), 3, average=False)
    assert words == ["sand", "ash", "sun"]
    answer("answer-spae-sum").is_(errors, in_words((0.0, 2.0), 3)[1])


@pytest.mark.answer("answer-spae-six")
def test_exercise_6_six_words(answer: Bench) -> None:
    k = practice.words(OUTPUT.numpy()[None], TABLE.numpy(), 6)[0]
    assert [spae.WORDS[n] for n in k] == "sun sand sun sun sand sun".split()
    error = [float((TABLE[k[:n]].mean(0) - OUTPUT).square().sum()) for n in (4, 6)]
    answer("answer-spae-six").is_(error, error[::-1])
