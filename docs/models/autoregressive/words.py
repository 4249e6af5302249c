"""Exposure bias, measured: a table of letters that learns eight words, and how wrong it is on its own text.

The language is words with a space after each. After any text the right letters are known: those with which one of
the words goes on, or, if what was written is the beginning of none, only the space that ends it.

Letters:
    V           letters, the space among them
    k           letters before that the table looks at
    S           states of the language: what has been written of a word, or that it is no word any more
"""

import numpy as np

WORDS = ("cat", "dog", "bird", "fish", "horse", "mouse", "snake", "tiger")
CHANCE = (0.14,) * 7 + (0.02,)  # the tiger is rare
LETTERS = " " + "".join(sorted(set("".join(WORDS))))
V = len(LETTERS)
BEGUN = ["", *sorted({word[:n] for word in WORDS for n in range(1, len(word) + 1)})]
LOST = len(BEGUN)  # the state after a wrong letter
ORDER, ADD, TEXT, LONG, MANY = 3, 0.02, 2000, 60, 500


def language() -> tuple[np.ndarray, np.ndarray]:
    """Probability of the next letter and the next state, after each state: (S, V), (S, V). Source: definition."""
    truth, goes = np.zeros((LOST + 1, V)), np.full((LOST + 1, V), LOST)
    goes[:, 0] = 0  # a space begins a new word
    truth[LOST, 0] = 1
    for state, begun in enumerate(BEGUN):
        for word, chance in zip(WORDS, CHANCE, strict=True):
            if word.startswith(begun):
                letter = LETTERS.index((word + " ")[len(begun)])
                truth[state, letter] += chance
                goes[state, letter] = 0 if letter == 0 else BEGUN.index(word[: len(begun) + 1])
    return truth / truth.sum(1, keepdims=True), goes


TRUTH, GOES = language()


def text(count: int, generator: np.random.Generator) -> np.ndarray:
    """Letters of true text, (count,). Source: definition."""
    words = generator.choice(
        WORDS, count // 4 + 1, p=CHANCE
    )  # the shortest have four letters with the space
    return np.array([LETTERS.index(c) for c in " ".join(words)[:count]])


# --8<-- [start:count]
def count(letters: np.ndarray, order: int = ORDER) -> np.ndarray:
    """How often each letter follows each k letters: letters (N,) to (contexts, V). Source: definition."""
    counts = np.full((V**order, V), ADD)
    np.add.at(counts, (contexts(letters, order)[:-1], letters[order:]), 1)
    return counts
    # --8<-- [end:count]


def contexts(letters: np.ndarray, order: int) -> np.ndarray:
    """The k letters up to each place as one number: letters (N,) to (N - k + 1,). Source: definition."""
    windows = np.lib.stride_tricks.sliding_window_view(letters, order, axis=-1)
    return np.asarray(windows @ V ** np.arange(order)[::-1])


def states(letters: np.ndarray) -> np.ndarray:
    """The state before each letter of a text that begins with a word: letters (N,) to (N,). Source: definition."""
    found = [0]
    for letter in letters[:-1]:
        found.append(int(GOES[found[-1], letter]))
    return np.array(found)


# --8<-- [start:forced]
def forced(counts: np.ndarray, letters: np.ndarray, order: int = ORDER) -> float:
    """The probability of a wrong letter after true letters (N,): counts (contexts, V). Source: definition."""
    p = counts / counts.sum(1, keepdims=True)
    wrong = TRUTH[states(letters)[order:]] == 0
    return float((p[contexts(letters, order)[:-1]] * wrong).sum(1).mean())
    # --8<-- [end:forced]


# --8<-- [start:free]
def free(
    counts: np.ndarray, generator: np.random.Generator, order: int = ORDER, least: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Texts written by counts (contexts, V) after k true letters: wrong, states, letters, (MANY, LONG) each.

    Letters with a probability below `least` are never drawn. Source: definition.
    """
    p = counts / counts.sum(1, keepdims=True)
    p = np.where(p < least, 0, p)
    upto = (p / p.sum(1, keepdims=True)).cumsum(1)
    true = text(TEXT, generator)
    place = generator.integers(order, TEXT, MANY)
    state, before = states(true)[place], contexts(true, order)[place - order]
    found = []
    for _ in range(LONG):
        letter = (generator.random((MANY, 1)) > upto[before]).sum(1).clip(max=V - 1)
        found.append((TRUTH[state, letter] == 0, state, letter))
        state, before = GOES[state, letter], (before * V + letter) % V**order
    wrong, seen, written = (np.stack(part, 1) for part in zip(*found, strict=True))
    return wrong, seen, written
    # --8<-- [end:free]


# --8<-- [start:corrected]
def corrected(counts: np.ndarray, generator: np.random.Generator, rounds: int = 3) -> np.ndarray:
    """A table that writes and is corrected: counts (contexts, V) to (contexts, V). Source: ross2011reduction."""
    for _ in range(rounds):
        _, seen, written = free(counts, generator)
        after = contexts(written, ORDER)[:, :-1].ravel()
        counts = counts.copy()
        np.add.at(counts, after, TRUTH[seen[:, ORDER:].ravel()])
    return counts
    # --8<-- [end:corrected]


def main() -> None:
    """The probability of a wrong letter on true text and on its own, by the letters that the table looks at."""
    for order in (1, 2, 3):
        generator = np.random.default_rng(0)
        counts = count(text(TEXT, generator), order)
        on_true = forced(counts, text(TEXT, generator), order)
        wrong, _, written = free(counts, generator, order)
        print(
            f"k = {order}: {on_true:.3f} {wrong.mean():.3f}",
            "".join(LETTERS[c] for c in written[0]),
        )


if __name__ == "__main__":
    main()
