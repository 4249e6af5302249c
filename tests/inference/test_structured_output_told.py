"""What the page on structured output tells of its example, its figures and its exercises."""

import itertools
import math
import runpy
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
import torch

from docs.models.gpt import bpe
from scripts.figures import structured_output as recipe
from scripts.figures import structured_output_diagram as drawing
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings, tables

output: Any = import_module("docs.inference.structured-output.structured_output")
schema: Any = import_module("docs.inference.structured-output.schema")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "structured-output.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a recipe."""
    return style.read_table(HOME / f"{name}.csv")


def by_word(menu: tuple[str, ...], tokens: tuple[str, ...] = output.TOKENS) -> Any:
    """Masked and exact probabilities of a menu, and the tree."""
    tree = output.tree(
        output.example, output.Masks({"root": [output.literal(word) for word in menu]}, tokens)
    )
    laws = output.law(tree, {}), output.law(tree, output.future(tree))
    return [
        {
            "".join(tokens[i] for i in t): Fraction(p).limit_denominator(10**4)
            for t, p in law.items()
        }
        for law in laws
    ] + [tree]


def test_the_example_by_pencil() -> None:
    first, then = output.ROWS[()], output.ROWS[0,]
    model = {"tea": first[1], "milk": first[2], "coke": first[0] * then[5]}
    model |= {"coffee": first[0] * then[4], "wine": first[3]}
    assert sum(model.values()) == 1
    masked, exact, tree = by_word(output.MENU)
    rows = rows_of("tab-structured-output-example")
    assert rows[0][1:] == [f"{16 * p:.0f}/16" for p in model.values()]
    assert [Fraction(cell) for cell in rows[1][1:4]] == [exact[w] for w in output.MENU]
    assert [Fraction(cell) for cell in rows[2][1:4]] == [masked[w] for w in output.MENU]
    assert rows[1][4:] == rows[2][4:] == ["–", "–"]
    valid = Fraction(output.future(tree)[()])
    cost = Fraction(output.kept(tree, (0, 5)))
    assert (valid, cost) == (Fraction(7, 16), Fraction(7, 64))
    assert Fraction(output.kept(tree, (1,))) == Fraction(output.kept(tree, (2,))) == Fraction(7, 8)
    assert masked["coke"] * cost == Fraction(1, 16)
    said(
        "with 4/8 it begins with `co`, with 2/8 it writes `tea`, with 1/8 `milk`, with 1/8 `wine`.",
        "After `co` it continues with `ffee` in 7 of 8 cases, with `ke` in one.",
        f"the valid answers hold {valid}, and each is divided by this.",
        "the other three are divided by 7/8: `co` 4/7, `tea` 2/7, `milk` 1/7.",
        "which gets the probability 1 where the model gave it 1/8",
        f"The masks kept 7/8 and then 1/8 for coke, together {cost}; for tea and milk they kept 7/8.",
        "$\\frac47 \\cdot \\frac7{64} = \\frac1{16}$ for coke",
        f"takes $16/7 = {float(1 / valid):.2f}$ draws on average",
        "1/8 for `co`, 1 for `tea` and `milk`, and divide by the sum.",
    )
    assert output.future(tree)[0,] == 1 / 8
    assert min(exact, key=lambda w: exact[w]) == max(masked, key=lambda w: masked[w]) == "coke"
    bits = sum(float(exact[w]) * math.log2(exact[w] / masked[w]) for w in exact)
    assert bits == pytest.approx(4 / 7)
    said("In the example $D = \\frac47$ bits.", "coffee, 7/16 | a value such as")


def test_the_bars_of_the_example() -> None:
    table = read("words")
    assert table == {k: pytest.approx(v) for k, v in recipe.words().items()}
    rows = {k: ", ".join(f"{v:.2f}" for v in table[k]) for k in ("masked", "two", "exact")}
    said(
        f"A mask at each token: {rows['masked']}. Two masked draws, weighted: {rows['two']}. "
        f"Given that the answer is valid: {rows['exact']}",
        f"With two, coke falls from {table['masked'][2]:.2f} to {table['two'][2]:.2f}; with more it goes on "
        "towards 1/7.",
    )
    assert table["masked"][2] == pytest.approx(4 * table["exact"][2])
    for a, b, c in zip(table["masked"], table["two"], table["exact"], strict=True):
        assert abs(b - c) < abs(a - c)


def test_with_coffee_on_the_menu_masking_is_right() -> None:
    masked, exact, _ = by_word((*output.MENU, "coffee"))
    assert masked == exact


def test_the_diagram() -> None:
    table = drawing.numbers()
    assert {k: v[: len(table[k])] for k, v in read("diagram").items()} == {
        k: pytest.approx(v) for k, v in table.items()
    }
    assert [f"{8 * p:.0f}/8" for p in table["p"][:4]] == ["4/8", "2/8", "1/8", "1/8"]
    assert [f"{7 * q:.0f}/7" for q in table["q"][:3]] == ["4/7", "2/7", "1/7"]
    assert table["mask"] == [1, 1, 1, 0, 0, 0]
    assert table["next"] == [0, 0, 0, 0, 0, 1]
    assert output.TOKENS[int(table["token"][0])] == "co"
    said(
        "the mask is 1 for co, tea and milk and 0 for wine, ffee and ke.",
        "co 4/8, tea 2/8, milk 1/8, wine 1/8, the others 0. The others are set to 0, and the rest is divided "
        "by m = 7/8: q is co 4/7, tea 2/7, milk 1/7.",
        f"The random number {drawing.U} draws co",
    )


def mean(values: list[float], form: str = ".2f") -> str:
    """Mean and standard deviation."""
    return f"{fmean(values):{form}} ± {stdev(values):{form}}"


def test_masked_words_of_the_sites_gpt() -> None:
    table, spaced = read("prompted"), read("spaced")
    valid = table["valid"]
    assert len(valid) == recipe.PROMPTS == 30
    gain = [a - b for a, b in zip(table["apart"], table["usual apart"], strict=True)]
    worse = [a - b for a, b in zip(spaced["apart"], table["apart"], strict=True)]
    assert abs(fmean(gain)) < 2 * stdev(gain) / math.sqrt(30)  # cannot be told from none
    said(
        f"Without a mask {100 * fmean(valid):.1f} % of the texts begin with one of the six and a token that ends "
        f"with it, between {100 * min(valid):.1f} % and {100 * max(valid):.0f} %",
        f"is {mean(table['apart'])} (mean and standard deviation over prompts), and the divergence of token "
        f"sequences is {mean(table['bits'], '.1f')} bits.",
        f"have {100 * fmean(table['unusual']):.0f} % of the exact probability on average, and "
        f"{100 * fmean(table['masked unusual']):.0f} % of the masked.",
        f"and the distance is still {mean(table['usual apart'])}: lower for {sum(g > 0 for g in gain)} of the 30 "
        f"prompts, by {mean(gain)}, which cannot be told from none.",
        f"and the distance rises to {mean(spaced['apart'])}; it rises for {sum(w > 0 for w in worse)} of the 30 "
        "prompts.",
        f"and it gets {mean(table['usual may'])} in place of {mean(table['may'])}.",
        f"the effective share is {fmean(table['effective']):.2f} on average, and "
        f"{min(table['effective']):.2f} at the worst prompt.",
        f"between {1 / max(valid):.0f} and {1 / min(valid):.0f} in these prompts.",
        f"the valid share falls from {100 * fmean(valid):.1f} to {100 * fmean(spaced['valid']):.2f} %",
        f"on the site's GPT {fmean(table['apart']):.2f} of the probability, on average, lies on answers",
    )
    names, merges = recipe.vocabulary()
    pieces = {w: [names[i] for i in bpe.encode(w, merges)] for w in recipe.WORDS}
    assert [w for w, row in pieces.items() if len(row) > 1] == [" may"]
    assert pieces[" may"] == [" m", "ay"]
    said("All token sequences that give one of them are enumerated, 28 for each prompt.")
    grammar = {"root": [output.literal(word) for word in recipe.WORDS]}
    state, n = output.start(grammar), 0
    todo = [state]
    while todo:
        now = todo.pop()
        for token in (t for t in names if output.advance(grammar, now, t)):
            after = output.advance(grammar, now, token)
            n += after == output.COMPLETE
            todo += [after] * (after != output.COMPLETE)
    assert n == 28
    low, high = (
        sorted(range(30), key=lambda i: valid[i])[:10],
        sorted(range(30), key=lambda i: valid[i])[-10:],
    )
    for column in ("apart", "usual apart"):
        assert all(0 < v < 0.7 for v in table[column])
        assert fmean(table[column][i] for i in high) < fmean(table[column][i] for i in low)


def test_weights_and_learnt_bounds() -> None:
    table = read("cures")
    at = {int(n): i for i, n in enumerate(table["draws"])}
    weights, learnt = table["weights"], table["learnt"]
    assert list(at) == list(recipe.DRAWS) == [1, 2, 4, 8, 16, 32, 64]
    assert weights == sorted(weights, reverse=True)
    assert learnt == sorted(learnt, reverse=True)
    assert all(0.34 < learnt[at[n]] < 0.365 for n in (1, 2, 4))
    said(
        f"One of n by weight falls from {weights[0]:.2f} to {weights[-1]:.2f}. The n-th with learnt bounds "
        f"stays near 0.35 up to 4 draws, then falls to {learnt[-1]:.2f}.",
        f"The standard deviation falls from {table['weights spread'][0]:.2f} to {table['weights spread'][-1]:.2f} "
        f"for weights and from {table['learnt spread'][0]:.2f} to {table['learnt spread'][-1]:.2f} for bounds]",
        f"With weights the distance is {weights[at[8]]:.2f} after 8 draws and {weights[at[64]]:.2f} after 64;",
        f"Learnt bounds are no better than weights up to 8 draws and better from 16 on: "
        f"{learnt[at[16]]:.2f}, and {learnt[at[64]]:.2f} after 64.",
        f"weights of 16 draws: {weights[at[16]]:.2f} | 16 answers",
    )
    assert all(learnt[at[n]] > weights[at[n]] for n in (2, 4, 8))
    assert learnt[at[1]] == pytest.approx(weights[at[1]], abs=0.01)
    assert all(learnt[at[n]] < weights[at[n]] for n in (16, 32, 64))


def test_answers_at_the_limit() -> None:
    table = read("limits")
    assert table["limit"] == list(recipe.LIMITS) == [32, 40, 48]
    assert table["mask"] == table["mask valid"] == [0, 0, 0]
    assert table["budget"] == table["budget valid"] == [1, 1, 1]
    said(
        f"Behind {recipe.ANSWERS} prompts the site's GPT, which was trained on prose, writes masked answers of at "
        "most 48 tokens.",
        "None of the 24 is complete, nor is one with 40 or 32 tokens (one draw for each prompt and limit)",
        "Then all 24 are complete and pass the check, with limits of 32, 40 and 48 tokens alike.",
    )


def test_half_words() -> None:
    table = {k: v[0] for k, v in read("healing").items()}
    said(
        f"In {table['plain number']:.0f} held-out pieces we cut a word's token in half. The other half costs "
        f"{table['plain']:.1f} ± {table['plain spread']:.1f} bits as it is, {table['healed']:.1f} ± "
        f"{table['healed spread']:.1f} bits after healing, and {table['exact']:.1f} ± "
        f"{table['exact spread']:.1f} bits by the exact",
        f"the rest of the word costs {table['plain']:.1f} bits ($-\\log_2$ of its probability) | take "
        f"the last token back, and force its text: "
        f"{table['healed']:.1f} bits",
    )


def test_the_tokenizers_own_sequences_of_the_six_words() -> None:
    names, merges = recipe.vocabulary()
    grammar = {"root": [output.literal(word) for word in recipe.WORDS]}
    even = torch.full((len(names),), 1 / len(names), dtype=torch.float64)
    tree = output.tree(lambda texts: even.expand(len(texts), -1), output.Masks(grammar, names))
    assert sorted(output.law(recipe.usual(tree, ""), {})) == sorted(
        tuple(bpe.encode(word, merges)) for word in recipe.WORDS
    )


def test_the_rest_of_a_word_by_enumeration(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["a", "b", "ab", "ba", "abb"]

    def row(text: tuple[int, ...]) -> list[float]:
        parts = [1.0 + (3 * sum(text) + 2 * i + len(text)) % 5 for i in range(5)]
        return [part / sum(parts) for part in parts]

    monkeypatch.setattr(recipe, "vocabulary", lambda: (names, None))
    monkeypatch.setattr(recipe, "gpt", lambda texts: torch.tensor([row(t) for t in texts]).double())
    forced, wanted = "a", "abba"
    whole = healed = 0.0
    for text in itertools.product(range(5), repeat=4):  # four tokens reach four characters
        said = "".join(names[i] for i in text)
        if said.startswith(wanted):
            p = math.prod(row(text[:n])[i] for n, i in enumerate(text))
            first = sum(row(())[i] for i, name in enumerate(names) if name.startswith(forced))
            whole, healed = whole + p, healed + p / first
    assert recipe.chance((), forced, wanted) == pytest.approx((whole, healed), rel=1e-5)


def test_looks_at_characters() -> None:
    table = {k: v[0] for k, v in read("masks").items()}
    said(
        f"takes {table['loop']:.0f} looks at a character for a new state, on average over the "
        f"{table['states']:.0f} states",
        f"The tree of tokens takes {table['tree']:.0f}, and a state that has been seen takes one look-up.",
        f"In {table['one allowed']:.0f} of the {table['states']:.0f} states one token alone may follow.",
    )
    assert len(recipe.vocabulary()[0]) == 512


def test_the_program_prints_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(output.__file__, run_name="__main__")
    text = capsys.readouterr().out
    assert '"coke" masked 0.571, exact 0.143, best of two 0.381' in text
    assert "valid without a mask: 0.4375" in text


@pytest.mark.answer("answer-structured-output-menu")
def test_exercise_1_a_menu_of_two(answer: Bench) -> None:
    masked, exact, _ = by_word(("tea", "coke"))
    answer("answer-structured-output-menu").is_(
        (float(masked["coke"]), float(exact["coke"])), (float(exact["coke"]), float(masked["coke"]))
    )


@pytest.mark.answer("answer-structured-output-rejection")
def test_exercise_2_rejection_and_weight(answer: Bench) -> None:
    tree = by_word(("tea", "coke"))[2]
    answer("answer-structured-output-rejection").is_(
        (1 / output.future(tree)[()], output.kept(tree, (0, 5)))
    )


@pytest.mark.answer("answer-structured-output-distance")
def test_exercise_3_distance_of_masked_from_exact(answer: Bench) -> None:
    masked, exact, _ = by_word(output.MENU)
    total = sum(abs(float(masked[w] - exact[w])) for w in output.MENU)
    assert recipe.apart(masked, exact) == pytest.approx(total / 2)
    answer("answer-structured-output-distance").is_(total / 2, total)


@pytest.mark.answer("answer-structured-output-single")
def test_exercise_5_answers_of_one_token(answer: Bench) -> None:
    row = torch.tensor([0.4, 0.1, 0.2, 0.3], dtype=torch.float64)
    menu = {"root": [output.literal(word) for word in "ABC"]}
    tree = output.tree(lambda texts: row.expand(len(texts), -1), output.Masks(menu, tuple("ABCD")))
    masked, exact = output.law(tree, {}), output.law(tree, output.future(tree))
    assert masked == pytest.approx(exact)
    assert len(set(masked.values())) == 3  # in the model's proportions, and not alike
    assert len({output.kept(tree, t) for t in masked}) == 1
    answer("answer-structured-output-single").is_(
        "Yes: one mask cuts, and it keeps the same share for each answer."
    )


@pytest.mark.answer("answer-structured-output-parser")
def test_exercise_4_what_a_mask_guarantees(answer: Bench) -> None:
    grammar = schema.compile_schema(schema.ORDER)
    state = output.advance(grammar, output.start(grammar), '{"drink":"tea"')
    assert state not in (frozenset(), output.COMPLETE)  # allowed so far, and not complete
    assert schema.faults('{"drink":"tea"', True)
    answer("answer-structured-output-parser").is_(
        "The answer reached the token limit before its end."
    )


@pytest.mark.answer("answer-structured-output-learn")
def test_exercise_6_one_draw_of_coke(answer: Bench) -> None:
    tree = by_word(output.MENU)[2]
    bound: dict[Any, float] = {}
    before = output.law(tree, bound)
    output.learn(tree, bound, (0, 5))
    after = output.law(tree, bound)
    order = [(1,), (2,), (0, 5)]
    answer("answer-structured-output-learn").is_(
        tuple(after[t] for t in order), tuple(before[t] for t in order)
    )


@pytest.mark.answer("answer-structured-output-short")
def test_exercise_7_the_shortest_answer(answer: Bench) -> None:
    size = output.shortest(schema.compile_schema(schema.ORDER))["root"]
    assert len('{"drink":"tea","note":""}') == size
    answer("answer-structured-output-short").is_(size)
