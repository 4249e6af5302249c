"""Structured output: a grammar over characters, the tokens that it allows, and what is really sampled.

A grammar gives each rule its alternatives; an alternative is a row of symbols, a symbol the name of a rule
or a set of characters. A state is the set of all stacks of symbols that may still come. A language here has
no string that begins another one, as JSON objects have it, so that a text is complete when nothing may follow.
Run it: the example by masks, by enumeration, and by two draws with weights.
"""

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Symbol = str | frozenset[str]
Row = tuple[Symbol, ...]
Grammar = dict[str, list[Row]]
State = frozenset[Row]
Tokens = tuple[int, ...]
Model = Callable[[Sequence[Tokens]], Tensor]  # N texts to probabilities of the next token (N, V)
Tree = dict[Tokens, dict[int, float]]  # the allowed tokens after each unfinished text, and their p

COMPLETE: State = frozenset({()})
PLAIN = frozenset(map(chr, range(32, 127))) - {'"', "\\"}  # characters of a string, without escapes

TOKENS = ("co", "tea", "milk", "wine", "ffee", "ke")
ROWS: dict[Tokens, tuple[float, ...]] = {
    (): (4 / 8, 2 / 8, 1 / 8, 1 / 8, 0, 0),
    (0,): (0, 0, 0, 0, 7 / 8, 1 / 8),  # after "co"
}
MENU = ("tea", "milk", "coke")


def literal(text: str) -> Row:
    """Exactly this text, as a row of symbols."""
    return tuple(frozenset(c) for c in text)


# --8<-- [start:advance]
def expand(grammar: Grammar, stacks: Sequence[Row]) -> State:
    """Replace rules on top by their alternatives until characters are on top. Raises ValueError if it never ends."""
    seen, todo = set(), list(stacks)
    while todo:
        stack = todo.pop()
        if stack not in seen:
            seen.add(stack)
            if stack and isinstance(stack[0], str):
                todo += [(*row, *stack[1:]) for row in grammar[stack[0]]]
            if len(seen) > 10_000:
                raise ValueError(f"a rule begins with itself: {stack[:1]}")
    return frozenset(s for s in seen if not s or not isinstance(s[0], str))


def advance(grammar: Grammar, state: State, text: str) -> State:
    """The state after the text; the empty set if no valid string goes on with it. Raises as expand does."""
    for c in text:
        state = expand(grammar, [stack[1:] for stack in state if stack and c in stack[0]])
    return state
    # --8<-- [end:advance]


def start(grammar: Grammar) -> State:
    """The state before the first character. Raises as expand does."""
    return expand(grammar, [("root",)])


def trie(vocabulary: Sequence[str]) -> dict[str, Any]:
    """The vocabulary as a tree of characters; the key "" holds the tokens that end at a node."""
    root: dict[str, Any] = {}
    for number, token in enumerate(vocabulary):
        node = root
        for c in token:
            node = node.setdefault(c, {})
        node.setdefault("", []).append(number)
    return root


class Masks:
    """The allowed tokens of each state, computed once: all tokens walk through the grammar together."""

    def __init__(self, grammar: Grammar, vocabulary: Sequence[str]) -> None:
        self.grammar, self.vocabulary = grammar, vocabulary
        self.tree, self.start = trie(vocabulary), start(grammar)
        self.kept: dict[State, list[int]] = {}
        self.need: dict[State, list[float]] = {}  # characters to the end, after each allowed token
        self.steps = 0  # characters that were looked at

    # --8<-- [start:walk]
    def __call__(self, state: State) -> list[int]:
        """Numbers of the tokens after which a valid string is still possible."""
        if state not in self.kept:
            self.kept[state] = sorted(self.walk(state, self.tree))
        return self.kept[state]

    def walk(self, state: State, node: dict[str, Any]) -> list[int]:
        """Tokens below a node of the tree; a dead branch is left at once."""
        found = []
        for c, below in node.items():
            if c:
                self.steps += 1
                after = advance(self.grammar, state, c)
                if after:
                    found += below.get("", []) + self.walk(after, below)
        return found
        # --8<-- [end:walk]


def shortest(grammar: Grammar) -> dict[str, float]:
    """The fewest characters of each rule."""
    size = dict.fromkeys(grammar, float("inf"))
    for _ in grammar:
        for name, rows in grammar.items():
            size[name] = min(length(size, row) for row in rows)
    return size


def length(size: dict[str, float], row: Row) -> float:
    """The fewest characters of a row of symbols."""
    return sum(size[s] if isinstance(s, str) else 1 for s in row)


# --8<-- [start:within]
def within(masks: Masks, state: State, left: int) -> list[int]:
    """Those allowed tokens after which the text can still end in time, one token a character."""
    allowed = masks(state)
    if state not in masks.need:
        size = shortest(masks.grammar)
        after = [advance(masks.grammar, state, masks.vocabulary[i]) for i in allowed]
        masks.need[state] = [min(length(size, row) for row in one) for one in after]
    return [i for i, need in zip(allowed, masks.need[state], strict=True) if need <= left - 1]
    # --8<-- [end:within]


# --8<-- [start:write]
def write(
    model: Model,
    masks: Masks,
    texts: list[Tokens],
    limit: int,
    generator: torch.Generator,
    budget: bool,
) -> list[tuple[Tokens, bool]]:
    """Up to limit new tokens for each text, and whether it is complete."""
    states = [masks.start] * len(texts)
    for n in range(limit):
        open_ = [b for b, state in enumerate(states) if state != COMPLETE]
        rows = list(model([texts[b] for b in open_])) if open_ else []
        for b, p in zip(open_, rows, strict=True):
            allowed = within(masks, states[b], limit - n) if budget else masks(states[b])
            token = allowed[int(p[allowed].multinomial(1, generator=generator))]
            states[b] = advance(masks.grammar, states[b], masks.vocabulary[token])
            texts[b] = (*texts[b], token)
    return [(text, state == COMPLETE) for text, state in zip(texts, states, strict=True)]
    # --8<-- [end:write]


def tree(model: Model, masks: Masks, text: Tokens = ()) -> Tree:
    """All valid token sequences behind a text of a finite language, with the model's p of each step."""
    found: Tree = {}
    level: list[tuple[Tokens, State]] = [((), masks.start)]
    while level:
        rows = model([text + t for t, _ in level]).tolist()
        following = []
        for (t, state), p in zip(level, rows, strict=True):
            found[t] = {i: p[i] for i in masks(state)}
            for i in found[t]:
                after = advance(masks.grammar, state, masks.vocabulary[i])
                if after != COMPLETE:
                    following.append(((*t, i), after))
        level = following
    return found


# --8<-- [start:future]
def future(tree: Tree) -> dict[Tokens, float]:
    """F: the probability that the model ends validly behind each text. Source: park2024grammar, sec. 3."""
    f: dict[Tokens, float] = {}
    for t in sorted(tree, key=len, reverse=True):
        f[t] = sum(p * f.get((*t, i), 1.0) for i, p in tree[t].items())
    return f


def law(tree: Tree, bound: dict[Tokens, float]) -> dict[Tokens, float]:
    """Probabilities of the sequences: masked without bounds, exact with F. Source: park2024grammar, sec. 3."""
    out: dict[Tokens, float] = {}
    level: dict[Tokens, float] = {(): 1.0}
    while level:
        t, so_far = level.popitem()
        weight = {i: p * bound.get((*t, i), 1.0) for i, p in tree[t].items()}
        for i, w in weight.items():
            (level if (*t, i) in tree else out)[(*t, i)] = so_far * w / sum(weight.values())
    return out
    # --8<-- [end:future]


def kept(tree: Tree, sequence: Tokens) -> float:
    """The product of what the masks kept along a sequence. Source: this page, eq-structured-output-weight."""
    total = 1.0
    for n in range(len(sequence)):
        total *= sum(tree[sequence[:n]].values())
    return total


# --8<-- [start:weights]
def resampled(q: Tensor, weight: Tensor, n: int, runs: int, generator: torch.Generator) -> Tensor:
    """What comes out if one of n masked draws is taken in proportion to its weight: q, weight (S,) to (S,).

    A mean over runs. Source: definition.
    """
    drawn = q.multinomial(runs * n, replacement=True, generator=generator).view(runs, n)
    share = weight[drawn] / weight[drawn].sum(1, keepdim=True)
    return torch.zeros_like(q).index_add(0, drawn.flatten(), share.flatten()) / runs


def learn(tree: Tree, bound: dict[Tokens, float], sequence: Tokens) -> None:
    """Lower the bounds along a drawn sequence by what was seen there. Source: park2024grammar, alg. 1."""
    for n in reversed(range(len(sequence))):
        t = sequence[:n]
        bound[t] = sum(p * bound.get((*t, i), 1.0) for i, p in tree[t].items())
        # --8<-- [end:weights]


def example(texts: Sequence[Tokens]) -> Tensor:
    """The model of the example: N texts to (N, 6). Source: definition."""
    return torch.tensor([ROWS[t] for t in texts], dtype=torch.float64)


if __name__ == "__main__":
    masks = Masks({"root": [literal(word) for word in MENU]}, TOKENS)
    found = tree(example, masks)
    masked, exact = law(found, {}), law(found, future(found))
    two = dict.fromkeys(masked, 0.0)
    for a, b in itertools.product(masked, repeat=2):
        share = kept(found, a) / (kept(found, a) + kept(found, b))
        two[a] += masked[a] * masked[b] * share
        two[b] += masked[a] * masked[b] * (1 - share)
    for t in sorted(masked):
        word = "".join(TOKENS[i] for i in t)
        print(
            json.dumps(word),
            f"masked {masked[t]:.3f}, exact {exact[t]:.3f}, best of two {two[t]:.3f}",
        )
    print(f"valid without a mask: {future(found)[()]:.4f}")
