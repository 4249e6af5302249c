"""Where the cache lies: contiguous places against pages, and pages that prompts share.

Run it: the waste of pages against its closed form, and the hits of a prefix cache against theirs.
"""

from collections import OrderedDict

import numpy as np


# --8<-- [start:waste]
def waste(page: int, stay: float) -> float:
    """Mean empty places of a last page, lengths geometric. Source: this page, eq-serving-waste."""
    return page / (1 - stay**page) - 1 / (1 - stay)


# --8<-- [end:waste]


# --8<-- [start:holes]
class Holes:
    """Contiguous places: each text gets one piece, the first hole that is large enough."""

    def __init__(self, size: int) -> None:
        self.free = [(0, size)]

    def take(self, places: int) -> tuple[int, int] | None:
        """A piece, or nothing if no hole is large enough. Source: definition."""
        for i, (start, size) in enumerate(self.free):
            if size >= places:
                self.free[i : i + 1] = [(start + places, size - places)] if size > places else []
                return start, places
        return None

    def give(self, piece: tuple[int, int]) -> None:
        """Return a piece; neighbouring holes become one. Source: definition."""
        joined: list[tuple[int, int]] = []
        for start, size in sorted([*self.free, piece]):
            if joined and sum(joined[-1]) == start:
                joined[-1] = (joined[-1][0], joined[-1][1] + size)
            else:
                joined.append((start, size))
        self.free = joined


# --8<-- [end:holes]


def contiguous(
    lengths: list[int], size: int, steps: int, reserve: int = 0
) -> tuple[np.ndarray, list[int]]:
    """Shares of memory that are written, held and empty, free: to (steps, 3). Source: definition.

    Texts wait in a row; each grows by a token a step. A piece holds `reserve` places, or, with 0,
    as many as the text will need in the end, as if that were known. Also the stops of each text: none.
    """
    holes, live, rows, waiting = Holes(size), list[list[int]](), list[list[float]](), iter(lengths)
    coming = next(waiting)
    for _ in range(steps):
        for text in [t for t in live if t[0] == t[1]]:
            holes.give((text[2], text[3]))
            live.remove(text)
        while piece := holes.take(reserve or coming):
            live.append([0, min(coming, reserve or coming), *piece])
            coming = next(waiting)
        for text in live:
            text[0] += 1
        written, held = sum(t[0] for t in live), sum(t[3] for t in live)
        rows.append([written / size, (held - written) / size, 1 - held / size])
    return np.array(rows), [0]


def paged(lengths: list[int], size: int, steps: int, page: int) -> tuple[np.ndarray, list[int]]:
    """The same with pages, taken as they are needed: to (steps, 3). Source: definition.

    If no page is left for a text that grows, the youngest gives its pages back; it comes back as
    long as it was, when there is room. Also how often each text that came in was stopped.
    """
    pages, live, rows, waiting = size // page, list[list[int]](), list[list[float]](), iter(lengths)
    again, seen = list[list[int]](), list[list[int]]()
    for _ in range(steps):
        live = [t for t in live if t[0] < t[1]]
        while sum(-(-(t[0] + 1) // page) for t in live) > pages:
            live[-1][2] += 1
            again.append(live.pop())
        used = sum(-(-(t[0] + 1) // page) for t in live)
        again = again or [[0, next(waiting), 0]]
        while used + (need := -(-(again[-1][0] + 1) // page)) <= pages:
            live.append(again.pop())
            seen += [live[-1]] if live[-1][0] == 0 else []
            used += need
            again = again or [[0, next(waiting), 0]]
        for text in live:
            text[0] += 1
        written = sum(t[0] for t in live)
        rows.append([written / size, (used * page - written) / size, 1 - used * page / size])
    return np.array(rows), [t[2] for t in seen]


class Prefix:
    """Pages that are kept by what they and all before them hold; the oldest go first."""

    def __init__(self, pages: int, page: int = 16) -> None:
        self.pages, self.page = pages, page
        self.kept: OrderedDict[int, None] = OrderedDict()

    # --8<-- [start:prefix]
    def keys(self, text: tuple[int, ...]) -> list[int]:
        """A key for each full page: of the key before it and its tokens. Source: definition."""
        keys = [0]
        for i in range(0, len(text) - self.page + 1, self.page):
            keys.append(hash((keys[-1], text[i : i + self.page])))
        return keys[1:]

    def hits(self, prompt: tuple[int, ...]) -> int:
        """Tokens of the prompt that need not be computed; the last one must be. Source: definition."""
        found = 0
        for key in self.keys(prompt[:-1]):
            if key not in self.kept:
                break
            found += self.page
        return found

    # --8<-- [end:prefix]

    def keep(self, text: tuple[int, ...]) -> None:
        """Keep a text's pages, its beginning as the newest, so that ends go first. Source: definition."""
        for key in reversed(self.keys(text)):
            self.kept[key] = None
            self.kept.move_to_end(key)
        while len(self.kept) > self.pages:
            self.kept.popitem(last=False)


def hit_rate(
    cache: Prefix, talks: int, turns: int, sizes: tuple[int, int, int], seed: int
) -> float:
    """Share of the tokens of all prompts that are found; talks take turns at random. Source: definition.

    Sizes: tokens of the instruction that all talks begin with, of a question, of an answer.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(np.repeat(np.arange(talks), turns))
    first, question, answer = sizes
    texts = {n: tuple(range(first)) for n in range(talks)}
    found = total = 0
    for n in order.tolist():
        prompt = texts[n] + tuple(rng.integers(first, 10**9, question).tolist())
        found, total = found + cache.hits(prompt), total + len(prompt)
        texts[n] = prompt + tuple(rng.integers(first, 10**9, answer).tolist())
        cache.keep(texts[n])
    return found / total


if __name__ == "__main__":
    lengths = np.random.default_rng(0).geometric(1 / 200, 20000)
    for page in (1, 16, 256):
        print(
            f"pages of {page}: {np.mean(-lengths % page):.2f} empty, expected {waste(page, 1 - 1 / 200):.2f}"
        )
    print(
        f"hits: {hit_rate(Prefix(10**6, 1), 10, 4, (600, 100, 100), 0):.4f}, expected {1 - 4600 / 40000}"
    )
