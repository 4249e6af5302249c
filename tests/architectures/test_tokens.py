"""Text to tokens and back: the page's merges against another code and two libraries, its equations, its numbers."""

import itertools
import json
import math
import random
import re
import runpy
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from docs.architectures.tokens import practice, subwords, tokens
from docs.models.gpt import bpe
from scripts.figures import style
from scripts.figures import tokens as figures
from scripts.printed.values import Each, From, Given
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "tokens.md"
LIBRARY = Path(__file__).with_name("tokens.library.json")
GOLDEN = Path(__file__).with_name("tokens.golden.json")
EXAMPLE = b"banana bandana"
MERGES = tokens.train(EXAMPLE, 3)
BANANA = "\N{BANANA}"
said = sayings(PAGE)
rows_of = tables(PAGE)


def names(text: bytes, merges: list[tuple[int, int]] = MERGES) -> list[str]:
    """The tokens of a text as words, a blank as a dot."""
    table = tokens.vocabulary(merges)
    return [table[token].decode().replace(" ", "·") for token in tokens.encode(text, merges)]


def held(language: str) -> bytes:
    """The held-out articles of a language."""
    return figures.texts(language, held_out=True)


def told(cell: str) -> list[str]:
    """The words in the code of a cell."""
    return " ".join(re.findall(r"`([^`]+)`", cell)).split()


# It equals other code and two libraries, and loses nothing.


def test_the_merges_are_those_of_the_page_of_gpt_where_both_say_the_same() -> None:
    text = "The hen saw the other hen. They then went 12 steps, 123 times; \n\n then 1234!  So."
    for size in (0, 5, 40, 400):
        merges = tokens.train(text.encode(), size)
        assert merges == bpe.train_bpe(text, size)
        for new in (text, "other hens 4321", "", " "):
            assert tokens.encode(new.encode(), merges) == bpe.encode(new, merges)
            assert tokens.decode(tokens.encode(new.encode(), merges), merges).decode() == new
    foreign = "Über größere Äpfel, naïve Café\u0301s \u0939\u093f\u0928\u094d\u0926\u0940 " * 3
    merges = tokens.train(foreign.encode(), 30, bpe.PIECE.pattern)
    assert merges == bpe.train_bpe(foreign, 30)
    assert tokens.encode(foreign.encode(), merges, bpe.PIECE.pattern) == bpe.encode(foreign, merges)
    assert tokens.train(b"aaab aab", 9) == bpe.train_bpe("aaab aab", 9)


def test_twelve_articles_are_cut_as_by_tiktoken_and_tokenizers() -> None:
    known = json.loads(LIBRARY.read_text(encoding="utf-8"))["cases"]
    merges = figures.shared_merges()[:1024]
    assert len(known) == 13
    for case in known.values():
        assert tokens.encode(case["text"].encode(), merges) == case["tokens"]


def test_the_lines_of_the_library_give_the_chat_of_the_page_and_another_second_merge() -> None:
    lines = json.loads(LIBRARY.read_text(encoding="utf-8"))["lines"]
    row = tokens.chat([("user", "banana?")], MERGES)
    table = [piece.decode("latin-1") for piece in tokens.vocabulary(MERGES)] + [*tokens.SPECIAL]
    assert lines["row"] == [table[token] for token in row]
    assert (lines["text"], lines["entries"]) == ("".join(lines["row"]), len(table))
    assert lines["merges"][1] == ["b", "an"] != [table[part] for part in MERGES[1]]
    other = [MERGES[0], (98, 256), (256, 97)]
    assert lines["bana"] == names(b"bana", other) == ["ban", "a"]
    said("takes `b an` second in the example, and then cuts *bana* into `ban a`")
    assert tokens.SPECIAL[0] not in lines["ordinary"]
    assert tokens.SPECIAL[0] in lines["reloaded"]
    spoken = " ".join(f"`{name}`" for name in lines["row"])
    said(
        f"a `vocab_size` of {len(table)} and the text *banana bandana*, the first lines gave {spoken}"
    )


@pytest.mark.equation("eq-tokens-identity")
def test_encode_then_decode_is_the_identity_for_every_row_of_bytes() -> None:
    every = [bytes(pair) for pair in itertools.product(range(0, 256, 3), repeat=2)]
    every += [bytes([byte]) for byte in range(256)] + [b""]
    draw = random.Random(0)
    every += [draw.randbytes(draw.randrange(60)) for _ in range(1000)]
    every += [bytes(draw.choices(b"ban d\xc3\x28", k=draw.randrange(40))) for _ in range(1000)]
    every += [held(name) for name in figures.LANGUAGES]
    for merges in (MERGES, figures.shared_merges()):
        for pattern in (tokens.PIECES, tokens.ONE_DIGIT):
            whole = b"".join(every)
            assert tokens.decode(tokens.encode(whole, merges, pattern), merges) == whole
        for text in every:
            assert b"".join(tokens.split(text)) == text
            assert tokens.decode(tokens.encode(text, MERGES), MERGES) == text


@pytest.mark.equation("eq-tokens-decode")
def test_decoding_joins_what_the_tokens_stand_for(printed: Equations) -> None:
    # Each byte as a matrix: joining is then a product, and the order of factors counts.
    generator = np.random.default_rng(1)
    letter = {byte: generator.normal(size=(2, 2)) for byte in EXAMPLE}

    def matrix(text: bytes) -> np.ndarray:
        product = np.eye(2)
        for byte in text:
            product = product @ letter[byte]
        return product

    table = tokens.vocabulary(MERGES)
    printed("eq-tokens-decode").holds(
        {
            r"\operatorname{decode}(\mathbf{x})": matrix(EXAMPLE),
            "s(x_i)": Given(("i",), lambda i: matrix(table[tokens.encode(EXAMPLE, MERGES)[i - 1]])),
            "N": 6,
        }
    )


def lengths(text: bytes, merges: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Tokens of a text after each number of merges, and how often each merge was made, counted apart."""
    words = [list(piece) for piece in tokens.split(text)]
    left, made = [sum(map(len, words))], []
    for new, (a, b) in enumerate(merges, 256):
        times = 0
        for word in words:
            i = 0
            while i + 1 < len(word):
                if word[i : i + 2] == [a, b]:
                    word[i : i + 2] = [new]
                    times += 1
                i += 1
        made.append(times)
        left.append(len(tokens.encode(text, merges[: new - 255])))
    return left, made


@pytest.mark.equation("eq-tokens-length")
def test_each_merge_shortens_the_text_by_what_it_replaces(printed: Equations) -> None:
    text = held("English")
    left, made = lengths(text, figures.english_merges()[:4])
    printed("eq-tokens-length").holds(
        {
            "N": From(0, [float(n) for n in left]),
            "c": [float(c) for c in made],
            "t": Each([1, 2, 3, 4]),
        }
    )


def test_the_table_of_merges_is_what_the_code_does() -> None:
    left, made = lengths(EXAMPLE, MERGES)
    rows = rows_of("tab-tokens-merges")
    assert [int(row[5]) for row in rows] == left == [14, 10, 8, 6]
    assert [int(row[2]) for row in rows[1:]] == made == [4, 2, 2]
    table = tokens.vocabulary(MERGES)
    for done, row in enumerate(rows):
        assert told(row[4]) == names(EXAMPLE, MERGES[:done])
        if done:
            assert row[3] == f"{255 + done} = `{table[255 + done].decode()}`"
            assert told(row[1]) == [table[part].decode() for part in MERGES[done - 1]]
    first = Counter(pair for word in tokens.split(EXAMPLE) for pair in itertools.pairwise(word))
    assert [first[tuple(pair)] for pair in (b"an", b"na", b"ba")] == [4, 3, 2]
    said("*a n* occurs four times, *n a* three times, *b a* twice")
    words = [tokens.merge(tuple(word), MERGES[0], 256) for word in tokens.split(EXAMPLE)]
    second = Counter(pair for word in words for pair in itertools.pairwise(word))
    assert {pair for pair, n in second.items() if n == 2} == {(256, 97), (98, 256)}
    assert max(second.values()) == 2
    said("before the second, (256, 97) and (98, 256) both occur twice: the greater wins")
    said(f"$14 - 4 - 2 - 2 = {left[-1]}$ tokens are left", f"$6^2 = {left[-1] ** 2}$ pairs")
    said(f"has {len(EXAMPLE)} tokens; cut into words, two.", f"$14^2 = {14**2}$ pairs")
    words = [tuple(word) for word in tokens.split(EXAMPLE)]
    for new, pair in enumerate(MERGES, 256):
        words = [tokens.merge(word, pair, new) for word in words]
    assert max(Counter(pair for word in words for pair in itertools.pairwise(word)).values()) == 1


def test_new_texts_are_cut_as_told() -> None:
    for text, parts in (
        ("bana", ["b", "ana"]),
        ("ananas", ["an", "ana", "s"]),
        ("Banana", ["B", "an", "ana"]),
        ("bandana", ["ban", "d", "ana"]),
    ):
        assert names(text.encode()) == parts
    assert tokens.encode(b"bana", MERGES) == [98, 257]
    assert tokens.encode(b"ananas", MERGES) == [256, 257, 115]
    assert tokens.encode(BANANA.encode(), MERGES) == [240, 159, 141, 140]
    said("no merge fits. Four tokens.", "The picture of a banana is four bytes and four tokens")
    assert {len(chr(n).encode()) for n in range(0x900, 0x980)} == {3}
    said("A Hindi letter takes three bytes, so")
    said("Two tokens, 98 and 257.", "Three tokens, 256, 257, 115.", "98 is `b`, 257 is `ana`")
    said("as an emoji: its four bytes are 240, 159, 141, 140")
    said(f"are one byte each (*a* is {ord('a')}, *?* is {ord('?')})")
    assert {len(chr(n).encode()) for n in range(128)} == {1}
    assert [*"?é".encode()] == [63, 195, 169]
    said("two to four (*é* is 195, 169)")
    assert {len(chr(n).encode()) for n in range(128, 0x110000) if not 0xD800 <= n < 0xE000} == {
        2,
        3,
        4,
    }
    assert ord(BANANA) == 0x1F34C
    assert tokens.decode([98, 97, 110, 97], MERGES) == tokens.decode([98, 257], MERGES) == b"bana"
    said("98, 97, 110, 97 decodes to *bana* as well, and encoding that gives 98, 257")


def test_a_chat_is_one_row_and_nobody_can_write_a_special_token() -> None:
    row = tokens.chat([("user", "banana?")], MERGES)
    assert row == [260, 258, 257, 63, 259, 261]
    assert [int(cell) for cell in rows_of("tab-tokens-chat")[0]] == row
    said("have the numbers 259, 260 and 261, so that $V = 256 + 3 + 3 = 262$")
    said("until it writes 259 itself", "turns these letters into 259")
    attack = tokens.chat([("user", "<|end|>")], MERGES)
    assert attack.count(259) == 1
    assert len(tokens.encode(b"<|end|>", MERGES)) == 7
    said("Encoded as ordinary text they are seven bytes")
    more = tokens.chat([("user", "bana"), ("assistant", "ana"), ("user", "n")], MERGES)
    assert more == [260, 98, 257, 259, 261, 257, 259, 260, 110, 259, 261]
    with pytest.raises(ValueError, match="'system'"):
        tokens.chat([("system", "be kind")], MERGES)


def test_a_stream_waits_for_whole_characters() -> None:
    table = tokens.vocabulary(MERGES)
    row = tokens.encode(f"bana {BANANA}".encode(), MERGES)
    assert list(practice.stream(row, table)) == ["b", "ana", " ", "", "", "", BANANA, ""]
    assert list(practice.stream(row[:-1], table))[-1] == "\ufffd"


def test_the_pictures_are_described_with_their_numbers() -> None:
    table = tokens.vocabulary(MERGES)
    merged = [
        f"{n} = {table[a].decode()} + {table[b].decode()}" for n, (a, b) in enumerate(MERGES, 256)
    ]
    raw, row = list(b"bana?"), tokens.encode(b"bana?", MERGES)
    listed, given, numbers = ", ".join(merged), str(raw)[1:-1], str(row)[1:-1]
    said(f"again and again: {listed}. Encode:", f"bana? becomes the bytes {given} and by the list")
    said(f"by the list b, ana, ? with the numbers {numbers}; each selects a row")
    drawn = style.read_table(PAGE.parent / "tokens" / "diagram.csv")
    columns = {name: [int(x) for x in column if x == x] for name, column in drawn.items()}
    assert (columns["bytes"], columns["tokens"]) == (raw, row)
    answer = columns["answer"]
    written = tokens.decode(answer, MERGES).decode()
    assert answer == tokens.encode(written.encode(), MERGES)
    said(f"Decode: the network writes {str(answer)[1:-1]}: {written}]")
    left = [len(tokens.encode(EXAMPLE, MERGES[:n])) for n in range(4)]
    said(f"Four rows of boxes. {left[0]:d} single bytes; after the merge an {left[1]:d} tokens;")
    said(f"after ana {left[2]:d}; after ban {left[3]:d} tokens: ban, ana, space, ban, d, ana")
    said(
        f"*bana* is cut into `b` and `ana`, numbers {row[0]:d} and {row[1]:d};",
        "*ananas* needs 256, `an`",
    )
    said("must have learned from other texts that 258 begins with *b*", "has the token 256, `an`.")
    said("never sees 256, and then", "The most frequent pair becomes token 256")


# Bytes a token, bits a byte, operations.


@pytest.mark.equation("eq-tokens-rate")
def test_bytes_a_token_are_the_mean_length_of_a_token(printed: Equations) -> None:
    text = held("German")
    merges = figures.shared_merges()[:40]
    table = tokens.vocabulary(merges)
    count = Counter(tokens.encode(text, merges))
    n = count.total()
    kinds = sorted(count)
    printed("eq-tokens-rate").holds(
        {
            "r": np.mean([len(table[token]) for token in tokens.encode(text, merges)]),
            "B": len(text),
            "N": n,
            "f": [count[kind] / n for kind in kinds],
            r"\ell": [len(table[kind]) for kind in kinds],
            "v": Each(range(1, len(kinds) + 1)),
        }
    )
    said(f"in the example $14 / 6 = {14 / 6:.2f}$")


@pytest.mark.equation("eq-tokens-bits")
def test_bits_a_byte_are_the_loss_of_the_text_in_bits_over_its_bytes(printed: Equations) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(5, 7, generator=generator, dtype=torch.float64)
    right = torch.tensor([0, 3, 6, 2, 2])
    printed("eq-tokens-bits").holds(
        {
            r"p(\mathbf{x})": math.prod(logits.softmax(-1)[range(5), right].tolist()),
            "L": functional.cross_entropy(logits, right).item(),
            "N": 5,
            "B": 17,
            "r": 17 / 5,
        }
    )
    said(f"has {3 / (4 * math.log(2)):.2f} bits a byte and is better than one with $L = 2$")
    said(
        f"at $r = 2.5$, which has {2 / (2.5 * math.log(2)):.2f}", "A model with $L = 3$ at $r = 4$"
    )


@pytest.mark.equation("eq-tokens-cost")
def test_a_network_does_two_operations_for_each_parameter_and_token(printed: Equations) -> None:
    width, vocabulary, n, b = 5, 11, 3, 13
    done = 0

    def times(weights: list[list[float]], x: list[float]) -> list[float]:
        nonlocal done
        out = [0.0] * len(weights)
        for i, row in enumerate(weights):
            for w, value in zip(row, x, strict=True):
                out[i] += w * value
                done += 2
        return out

    inner = [[[0.1] * width] * 8, [[0.2] * 8] * width]
    table = [[0.3 * v] * width for v in range(vocabulary)]
    for token in range(n):
        x = table[token]
        for layer in (*inner, table):  # the table serves as unembedding, too
            x = times(layer, x)
    printed("eq-tokens-cost").holds(
        {
            r"\text{operations}": done / b,
            "P": 2 * 8 * width,
            "E": width,
            "V": vocabulary,
            "N": n,
            "B": b,
            "r": b / n,
        }
    )


def test_the_longer_list_of_llama_3_costs_less_a_character() -> None:
    width, inner, layers, kv = 4096, 14336, 32, 8 * 128
    body = layers * (2 * width**2 + 2 * width * kv + 3 * width * inner)
    short, long = (2 * (body + width * v) / r / 1e9 for v, r in ((32_000, 3.17), (128_000, 3.94)))
    said(f"With the {body / 1e9:.2f} billion parameters of its smallest model and $E = 4096$")
    said(f"a character costs {short:.2f} billion operations with the short list")
    said(f"{long:.2f} with the long one: {100 * (1 - long / short):.0f} % less")
    said(f"$50{{,}}257 \\cdot 768 = {50_257 * 768 / 1e6:.1f}$ million")


# What the figures and tables tell.


def gains(table: style.Table, name: str, sizes: list[float]) -> list[float]:
    """Bytes a token that each new entry gains, from one of the sizes to the next."""
    rate = dict(zip(table["size"], table[name], strict=True))
    return [(rate[b] - rate[a]) / (b - a) for a, b in itertools.pairwise(sizes)]


def test_bytes_a_token_grow_by_less_for_each_entry_from_doubling_to_doubling() -> None:
    table = style.read_table(PAGE.parent / "tokens" / "rate.csv")
    doublings = [256.0 * 2**n for n in range(4)]
    assert doublings[-1] == table["size"][-1]
    for name in figures.LANGUAGES:
        assert table[name][0] == 1
        assert all(gain > 0 for gain in gains(table, name, table["size"]))
        assert all(b < a for a, b in itertools.pairwise(gains(table, name, doublings)))
    said("every line rises at every step", "each doubling gains less for each new entry.")
    first, second, *_ = gains(table, "Chinese", table["size"])
    assert second > first
    said(f"that of Chinese is greater from {table['size'][1]:.0f} entries on than before.")
    last = [table[name][-1] for name in ("Hindi", "Russian", "German", "Finnish", "English")]
    said(f"All begin at 1 with 256 tokens. At {table['size'][-1]:,.0f} Hindi has")
    said(f"Hindi has reached {last[0]:.1f}, Russian {last[1]:.1f}, German {last[2]:.1f},")
    said(f"Finnish {last[3]:.1f}, English {last[4]:.1f} and Chinese {table['Chinese'][-1]:.1f};")


def test_lists_of_subwords_have_grown() -> None:
    entries: dict[str, list[str]] = {"early": [], "late": []}
    for system, way, size, _ in rows_of("tab-tokens-practice"):
        if "no merges" not in way:
            year = int(re.findall(r", (\d{4})", system)[0])
            entries["late" if year > 2023 else "early"].append(size)
    early, late = (sorted(int(n.replace(",", "")) for n in sizes) for sizes in entries.values())
    said(f"had {early[0]:,} to {early[-1]:,} entries until 2023, and have {late[0]:,} to")
    said(f"and have {late[0]:,} to {late[-1]:,} since 2024.")


def test_fertility_of_the_example() -> None:
    words = len(EXAMPLE.split())
    n = len(tokens.encode(EXAMPLE, MERGES))
    said(f"have $6 / 2 = {n / words:g}$ on average, the space included", "The two words of the")
    assert (n, words) == (6, 2)


def test_what_the_same_text_costs_in_another_language() -> None:
    table = style.read_table(PAGE.parent / "tokens" / "premium.csv")
    hindi, english = figures.LANGUAGES.index("Hindi"), figures.LANGUAGES.index("English")
    own, all_six = table["english_tokens"], table["shared_tokens"]
    assert own[hindi] == table["bytes_tokens"][hindi] == len(held("Hindi"))
    said(
        f"the Hindi text has {own[hindi]:,.0f} tokens, one for each byte, and the English one"
        f" {own[english]:.0f}."
    )
    said(f"pays {table['english'][hindi]:.1f} times as much for the same articles")
    said(f"brings {table['english'][hindi]:.1f} down to {table['shared'][hindi]:.1f}.")
    more = all_six[english] / own[english] - 1
    said(f"its {own[english]:.0f} tokens become {all_six[english]:.0f}, {100 * more:.0f} % more")
    one, two, three = table["bytes"], table["english"], table["shared"]
    said(
        f"German {one[1]:.1f}, Finnish {one[2]:.1f}, Russian {one[3]:.1f}, Hindi {one[4]:.1f},"
        f" Chinese {one[5]:.1f}. With a list learned from English"
    )
    said(
        f"German {two[1]:.1f}, Finnish {two[2]:.1f}, Russian {two[3]:.1f}, Hindi {two[4]:.1f},"
        f" Chinese {two[5]:.1f}. With a list learned from all six"
    )
    said(f"from all six between {min(three):.1f} and {max(three):.1f}](tokens")
    said(f"both lists have {figures.BASE:,} entries")
    assert 8.5 < two[hindi] < 9.5
    said("fits a ninth of the text into the context")
    kilobytes = sum(len(figures.texts(name, held_out=False)) for name in figures.LANGUAGES) / 1000
    assert round(kilobytes, -1) == 60
    said("The text here has 60 kilobytes")


def test_what_a_language_costs_with_other_articles_held_out() -> None:
    hindi: dict[str, list[float]] = {"own": [], "six": []}
    more: list[float] = []
    for split in range(5):
        training = [figures.texts(name, False, split) for name in figures.LANGUAGES]
        own, six = (tokens.train(text, 768) for text in (training[0], b"\n".join(training)))
        new = [figures.texts(name, True, split) for name in ("English", "Hindi")]
        cut = [[len(tokens.encode(text, merges)) for text in new] for merges in (own, six)]
        for (english, other), ratios in zip(cut, hindi.values(), strict=True):
            ratios.append(other / english)
        more.append(100 * (cut[1][0] / cut[0][0] - 1))
    first, second = hindi.values()
    said(f"give {min(first):.1f} to {max(first):.1f} ({np.mean(first):.1f} on average) in place of")
    said(f"in place of {first[0]:.1f}, {min(second):.1f} to {max(second):.1f} in place of")
    said(f"in place of {second[0]:.1f}, and {min(more):.0f} to {max(more):.0f} % in place of 36 %")
    assert figures.BASE == 256 + 768
    assert round(more[0]) == 36


def fewest(word: bytes, pieces: set[bytes]) -> int:
    """The least number of pieces, by another way than the page's."""
    best = [0]
    for end in range(1, len(word) + 1):
        best.append(min(best[s] + 1 for s in range(end) if word[s:end] in pieces))
    return best[-1]


def test_greedy_encoding_needs_few_tokens_more_than_the_fewest() -> None:
    merges = figures.english_merges()
    pieces = set(tokens.vocabulary(merges))
    greedy = len(tokens.encode(held("English"), merges))
    least = sum(fewest(word, pieces) for word in tokens.split(held("English")))
    said(
        f"With {len(merges)} merges learned from the English articles",
        f"are cut into {greedy:d} tokens;",
    )
    said(f"the fewest possible with the same list would be {least:d}.")


NUMBERS = [n for n in range(1, 2001) for _ in range(2000 // n)]
YEARS = [year for year in range(1950, 2026) for _ in range(10)]


def test_numbers_are_cut_as_their_frequency_wants_it() -> None:
    text = " ".join(map(str, NUMBERS + YEARS)).encode()
    merges = tokens.train(text, 300)
    table = tokens.vocabulary(merges)

    def cut(n: str, pattern: bytes = tokens.PIECES) -> list[str]:
        return [table[t].decode().strip() for t in tokens.encode(f" {n}".encode(), merges, pattern)]

    for number, ours, digits in rows_of("tab-tokens-numbers"):
        assert told(ours) == cut(number)
        apart = [part for part in cut(number, tokens.ONE_DIGIT) if part]
        assert told(digits) == apart == list(number)
    four = [len(cut(str(n))) for n in range(1000, 10_000)]
    said(f"have {sum(four) / len(four):.1f} tokens on average by BPE", "We learn 300 merges")
    said(
        "and 4 digit by digit",
        "each $n$ up to 2,000 stands there",
        "from 1950 to 2025 ten times more",
    )


@pytest.mark.equation("eq-tokens-gradient")
def test_a_row_of_the_table_gets_the_gradients_of_its_places(printed: Equations) -> None:
    generator = torch.Generator().manual_seed(2)
    table = torch.randn(4, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    row = torch.tensor([2, 0, 2, 3, 2])  # 1 does not occur
    rows = table[row]
    loss = functional.cross_entropy(rows @ torch.ones(3, 4, dtype=torch.float64).tril(), row)
    by_table, by_rows = torch.autograd.grad(loss, (table, rows))
    assert (by_table[1] == 0).all()
    printed("eq-tokens-gradient").holds(
        {
            r"\nabla_{W_v}": Given(("v",), lambda v: by_table[v].numpy()[:, None]),
            r"\mathbf{g}": [g.numpy()[:, None] for g in by_rows],
            "x": row.tolist(),
            "N": 5,
            "v": Each([0, 1, 2, 3]),
        },
        free=("x",),  # numbers of entries, which have no tenth
    )


def test_rows_that_training_never_meets_stay_as_they_were() -> None:
    torch.set_num_threads(1)  # the sums are small
    merges = figures.shared_merges()[: figures.BASE - 256]
    text = tokens.encode(figures.texts("English", held_out=False), merges)
    seen = sorted(set(text[:-1]))
    unseen = sorted(set(range(figures.BASE)) - set(text))
    best = []
    for seed in range(3):
        start, after, log_p = tokens.bigram(text, figures.BASE, seed=seed)
        moved = (after - start).abs().amax(-1)
        assert (moved[unseen] == 0).all()
        assert (moved[seen] > 0.1).all()
        best.append(log_p.argmax(-1))
    said(f"With {figures.BASE:,} entries learned from six languages, {len(unseen)} rows are")

    def agree(rows: list[int]) -> list[float]:
        pairs = itertools.combinations(best, 2)
        return [100 * float((a == b)[rows].float().mean()) for a, b in pairs]

    known, others = agree(seen), agree(unseen)
    said(f"agree on the likeliest next token after {np.mean(known):.0f} % of the tokens that they")
    said(f"(each pair between {min(known):.0f} and {max(known):.0f} %), and after")
    said(f"and after {np.mean(others):.0f} % of the others", "Of three networks that differ in")


def test_a_tied_table_moves_in_every_row() -> None:
    generator = torch.Generator().manual_seed(2)
    table = torch.randn(4, 3, generator=generator, requires_grad=True)
    row = torch.tensor([2, 0, 2, 3, 2])  # 1 does not occur
    loss = functional.cross_entropy(table[row[:-1]] @ table.T, row[1:])
    (gradient,) = torch.autograd.grad(loss, table)
    assert (gradient[1] != 0).all()
    said("(*tied*), the output moves the row: it learns that its token never comes.")


def test_entries_that_the_network_never_sees() -> None:
    english, german = figures.texts("English", held_out=False), held("German")
    kinds = {"six languages": figures.shared_merges(), "the same English": figures.english_merges()}
    rows, last = rows_of("tab-tokens-glitch"), {}
    assert len(rows) == 4
    for kind, size, *cells in rows:
        entries = int(size.replace(",", ""))
        merges = kinds[kind][: entries - 256]
        unseen = set(range(entries)) - set(tokens.encode(english, merges))
        new = tokens.encode(german, merges)
        share = sum(token in unseen for token in new) / len(new)
        merged = sum(token > 255 for token in unseen)
        assert cells == [f"{len(unseen)}", f"{merged}", f"{len(new):,}", f"{100 * share:.0f} %"]
        last[kind, entries] = len(unseen), len(new)
    for long in (1024, 384):  # own data: fewer unseen entries, longer texts
        six, own = last["six languages", long], last["the same English", long]
        assert own[0] < six[0]
        assert own[1] > six[1]
    for kind in kinds:  # a shorter list: the same
        assert last[kind, 384][0] < last[kind, 1024][0]
        assert last[kind, 384][1] > last[kind, 1024][1]
    said(f"its count *Left* is {tokens.encode(EXAMPLE, MERGES).count(256)}.")


def test_spelled_out_a_word_has_a_token_for_each_letter_and_dash() -> None:
    apart = len(tokens.encode(b"b-a-n-a-n-a", MERGES))
    said(
        f"Written apart, `b-a-n-a-n-a`, the word has {apart} tokens", "The network reads 258, 257."
    )
    assert tokens.encode(b"banana", MERGES) == [258, 257]
    assert rows_of("tab-tokens-failures")[0][3] == f"{apart} tokens for 2"


def test_parts_have_other_tokens_than_the_whole() -> None:
    parts = [len(tokens.encode(part, MERGES)) for part in (b"ba", b"na", b"bana")]
    assert parts == [2, 2, 2]
    said("*ba* and *na* are two tokens each, and four together; *bana* in one piece is two.")


# The demo and the exercises.


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    english = figures.texts("English", held_out=False)[:400].decode()
    training = {"banana bandana": 3, "aaab aab  b\n": 9, english: 60, f"naïve {BANANA} naïf": 12}
    texts = ["bana", "ananas", f"{BANANA} Banana", "They are 12 free  rights.\n", ""]
    cases: list[dict[str, object]] = []
    for text, size in training.items():
        merges = tokens.train(text.encode(), size)
        made = []
        words = Counter(tokens.split(text.encode()))
        for done, pair in enumerate(merges):
            count = 0
            for word, times in words.items():
                cut = tokens.encode(word, merges[:done])
                count += times * sum(both == pair for both in itertools.pairwise(cut))
            made.append([*pair, count])
        cases.append({"function": "learned", "args": [text, size], "returns": made})
        cases += [
            {
                "function": "cut",
                "args": [text, size, new],
                "returns": tokens.encode(new.encode(), merges),
            }
            for new in texts
        ]
    return {"module": "architectures/tokens/tokens.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


@pytest.mark.answer("answer-tokens-encode")
def test_exercise_1_bandanas(answer: Bench) -> None:
    row = tokens.encode(b"bandanas", MERGES)
    assert row == [258, 100, 257, 115]
    without = tokens.encode(b"bandanas", [MERGES[0], (98, 256)])
    answer("answer-tokens-encode").is_((len(row), row[-2]), (len(without), without[-2]))


@pytest.mark.answer("answer-tokens-unigram")
def test_exercise_2_the_cuts_of_ana(answer: Bench) -> None:
    whole = subwords.probability(b"ana", subwords.EXAMPLE)
    two = 0.2 + 0.1 * 0.2
    answer("answer-tokens-unigram").is_((whole, 0.2 / whole), (two, 0.2 / two))


@pytest.mark.answer("answer-tokens-bits")
def test_exercise_3_bits_a_byte(answer: Bench) -> None:
    nats = 2.4 / 3.5, 2.9 / 4.5
    answer("answer-tokens-bits").is_(tuple(x / math.log(2) for x in nats), nats)


@pytest.mark.answer("answer-tokens-glitch")
def test_exercise_4_a_token_without_places_keeps_its_row(answer: Bench) -> None:
    start, after, _ = tokens.bigram([0, 1, 3, 0, 1], 4, steps=3)
    assert torch.equal(start[2], after[2])
    assert not torch.equal(start[1], after[1])
    answer("answer-tokens-glitch").is_("Its embedding stays as it was at the start.")


@pytest.mark.answer("answer-tokens-cost")
def test_exercise_5_bytes_that_pay_for_a_longer_list(answer: Bench) -> None:
    cost = [1e9 + 2000 * v for v in (50_000, 200_000)]
    answer("answer-tokens-cost").is_(cost[1] / cost[0], 200_000 / 50_000)


@pytest.mark.answer("answer-tokens-all")
def test_exercise_6_all_merges_of_the_example(answer: Bench) -> None:
    merges = tokens.train(EXAMPLE, 20)
    assert len(tokens.encode(EXAMPLE, MERGES)) == 6
    answer("answer-tokens-all").is_((len(merges), len(tokens.encode(EXAMPLE, merges))), (3, 6))


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "tokens" / "tokens.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert out.count("same text: True") == 4
    assert "merges: an, ana, ban" in out
