"""docs/models/spae/*.svg: digits as words of the site's GPT, its table against others, guidance, and readers."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from docs.models.gpt import bpe
from docs.models.spae import spae
from scripts.figures import style, vq_vae
from scripts.weights import gpt as weights

levels = import_module("docs.models.vq-vae.levels")

SEEDS = 3
STEPS, LONG, BATCH = 200, 1000, 64
TRAINING = 1437
LEAST = 20  # how often a token must occur in the GPT's text to count as a word
WIDTH, SCALE = 16, 0.3  # numbers of a vector after the projection; their root mean square
LAYERS = torch.tensor(spae.PYRAMID).float()
TOKENS = [int(n) for n in LAYERS.sum(1).cumsum(0)]
WEIGHTS = (0.0, 0.003, 0.01, 0.1)
GUIDED = 0.01
WAYS, SHOTS, TASKS = 5, (1, 3, 5), 400
SOFTNESS = 0.1  # squared distance that divides an example's weight by e


@cache
def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Digits to learn from and new ones, and their classes: (N, 64), (M, 64), (N,), (M,)."""
    torch.set_num_threads(1)
    digits = load_digits()
    order = torch.randperm(len(digits.target), generator=torch.Generator().manual_seed(0))
    x, y = torch.tensor(digits.data / 16).float()[order], torch.tensor(digits.target)[order]
    return x[:TRAINING], x[TRAINING:], y[:TRAINING], y[TRAINING:]


@cache
def language() -> tuple[Tensor, Tensor, list[str]]:
    """Numbers of the GPT's words, their vectors (V, 64) with mean 0 and root mean square 1, and how they are spelt."""
    model, merges, _ = weights.load()
    text, _ = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    counts = torch.bincount(torch.tensor(bpe.encode(text, merges)), minlength=len(model.wte))
    ids = (counts >= LEAST).nonzero()[:, 0]
    vectors = model.wte.detach().float()[ids]
    vectors = vectors - vectors.mean(0)
    return (
        ids,
        vectors / vectors.square().mean().sqrt(),
        [bpe.decode([n], merges) for n in ids.tolist()],
    )


def projected(vectors: Tensor, width: int = WIDTH, scale: float = SCALE) -> Tensor:
    """The principal directions of a table, fixed before training: (V, 64) to (V, width)."""
    directions = torch.linalg.svd(vectors, full_matrices=False)[2][:width]
    found = vectors @ directions.T
    scaled: Tensor = found / found.square().mean().sqrt() * scale
    return scaled


@cache
def table() -> Tensor:
    """The frozen table of the miniature: (V, WIDTH)."""
    return projected(language()[1])


def random_like(seed: int) -> Tensor:
    """A table of as many random vectors with the same spread in each direction: (V, WIDTH)."""
    noise = torch.randn(table().shape, generator=torch.Generator().manual_seed(100 + seed))
    return noise * table().std(0)


def names() -> Tensor:
    """The word for each class, the figure 0 to 9 in the GPT's vocabulary: (10,)."""
    return torch.tensor([language()[2].index(str(n)) for n in range(10)])


@cache
@torch.enable_grad()
def trained(kind: str, seed: int, weight: float = 0.0, steps: int = STEPS) -> spae.SPAE:
    """A network: frozen, random, learned, summed (frozen, added up) or far (frozen, long vectors)."""
    x, _, y, _ = data()
    e = {"random": random_like(seed), "far": projected(language()[1], scale=1.0)}.get(kind, table())
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = spae.SPAE(e, LAYERS, 64, learn=kind == "learned", average=kind != "summed")
    spae.fit(model, x, steps, generator, names()[y], weight, batch=BATCH)
    return model


def first(k: Tensor, layers: int) -> Tensor:
    """The words of the first layers alone: k (B, L, T) to (B, L, T)."""
    kept = k.clone()
    kept[:, layers:] = -1
    return kept


def errors(model: spae.SPAE) -> list[float]:
    """Mean squared error of a pixel of new digits after each layer."""
    new = data()[1]
    k = model.write(new)
    return [float((model.draw(first(k, n + 1)) - new).square().mean()) for n in range(len(LAYERS))]


def named(model: spae.SPAE) -> float:
    """Share of new digits whose first word is their name."""
    _, new, _, wanted = data()
    return float((model.write(new)[:, 0, 0] == names()[wanted]).double().mean())


def spread(columns: dict[str, list[list[float]]]) -> style.Table:
    """Mean, least and greatest over the seeds of each column: lists of one list a seed."""
    out: style.Table = {}
    for name, rows in columns.items():
        values = np.array(rows)
        out[f"{name}_mean"] = values.mean(0).tolist()
        out[f"{name}_least"] = values.min(0).tolist()
        out[f"{name}_most"] = values.max(0).tolist()
    return out


KINDS = ("frozen", "random", "learned", "summed", "far")
TOLD = (
    "frozen: the GPT's words",
    "frozen: random vectors",
    "learned codebook",
    "frozen, words added up",
)


def tokens() -> style.Table:
    """Error of new digits by words written, and how many words are in use, for each table."""
    runs: dict[str, tuple[str, float, int]] = {kind: (kind, 0.0, STEPS) for kind in KINDS}
    runs |= {f"long_{kind}": (kind, 0.0, LONG) for kind in ("frozen", "learned", "summed")}
    runs["long_guided"] = ("frozen", GUIDED, LONG)
    found: dict[str, list[list[float]]] = {kind: [] for kind in runs}
    used: dict[str, list[list[float]]] = {f"used_{kind}": [] for kind in runs}
    for seed in range(SEEDS):
        for kind, (table_of, weight, steps) in runs.items():
            model = trained(table_of, seed, weight, steps)
            k = model.write(data()[1])
            found[kind].append(errors(model))
            kept = [first(k, n + 1) for n in range(len(LAYERS))]
            used[f"used_{kind}"].append(
                [float(len(set(part[part >= 0].tolist()))) for part in kept]
            )
    vectors = language()[1]
    strength = torch.linalg.svdvals(vectors).square()
    fixed = {"vocabulary": len(vectors), "kept": float(strength[:WIDTH].sum() / strength.sum())}
    same = {name: [float(value)] * len(TOKENS) for name, value in fixed.items()}
    return {"words": [float(n) for n in TOKENS], **same, **spread(found), **spread(used)}


def guidance() -> style.Table:
    """Share of new digits named by their first word, and errors after the first and the last layer, by weight."""
    found: dict[str, list[list[float]]] = {"named": [], "first": [], "last": []}
    for seed in range(SEEDS):
        models = [trained("frozen", seed, weight) for weight in WEIGHTS]
        found["named"].append([named(model) for model in models])
        each = [errors(model) for model in models]
        found["first"].append([row[0] for row in each])
        found["last"].append([row[-1] for row in each])
    return {"weight": list(WEIGHTS), **spread(found)}


@cache
def episodes(shots: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Tasks of WAYS classes: new digits as examples (TASKS, N), their labels, and a query, which has label 0."""
    y, generator = data()[3], torch.Generator().manual_seed(seed)
    shown, labels, queries = [], [], []
    for _ in range(TASKS):
        classes = torch.randperm(10, generator=generator)[:WAYS]
        rows = [(y == c).nonzero()[:, 0] for c in classes]
        picked = [row[torch.randperm(len(row), generator=generator)[: shots + 1]] for row in rows]
        queries.append(picked[0][-1])
        order = torch.randperm(WAYS * shots, generator=generator)
        shown.append(torch.cat([row[:shots] for row in picked])[order])
        labels.append(torch.arange(WAYS).repeat_interleave(shots)[order])
    return torch.stack(shown), torch.stack(labels), torch.stack(queries)


def told(p: Tensor) -> float:
    """Share of tasks whose likeliest label is 0; of several equal ones each counts as one part: p (TASKS, WAYS)."""
    best = p >= p.amax(1, keepdim=True) - 1e-6
    return float((best[:, 0].double() / best.sum(1)).mean())


Reader = tuple[
    str, float, str
]  # which words, with which guidance, and what they mean to the reader
READERS: dict[str, Reader] = {
    "equal": ("frozen", 0.0, "equal"),
    "own": ("frozen", 0.0, "own"),
    "shuffled": ("frozen", 0.0, "shuffled"),
    "random": ("random", 0.0, "own"),
    "random_equal": ("random", 0.0, "equal"),
    "guided_equal": ("frozen", GUIDED, "equal"),
    "guided_own": ("frozen", GUIDED, "own"),
    "guided_shuffled": ("frozen", GUIDED, "shuffled"),
}
COUNTS = (1, 11)  # words of a picture that a reader gets
BARS = ("equal", "own", "shuffled", "random", "gpt")


def meanings(e: Tensor, kind: str) -> Tensor:
    """A vector for each word: a direction of its own, that of the table, or that of another word: (V, D)."""
    if kind == "equal":
        return torch.eye(len(e))
    order = torch.randperm(len(e), generator=torch.Generator().manual_seed(3))
    return e[order] if kind == "shuffled" else e


def seen_by(reader: Reader, seed: int, count: int) -> list[float]:
    """Accuracy of a reader by shots."""
    kind, weight, meaning = reader
    model = trained(kind, seed, weight)
    k = flat(model.write(data()[1]))[:, :count]
    a = meanings(model.table.detach(), meaning)[k].mean(1)
    found = []
    for shots in SHOTS:
        shown, labels, query = episodes(shots, seed)
        found.append(told(spae.attend(a[query], a[shown], labels, WAYS, SOFTNESS)))
    return found


def flat(k: Tensor) -> Tensor:
    """The words of a picture in a row, coarse first: k (B, L, T) to (B, 11)."""
    return k.flatten(1)[:, LAYERS.flatten() > 0]


def by_the_gpt(weight: float, seed: int) -> list[float]:
    """The site's GPT itself: lines of first word and a letter, then a first word; the likeliest of the letters."""
    model, new = weights.load()[0].float(), data()[1]
    ids = language()[0][trained("frozen", seed, weight).write(new)[:, 0, 0]]
    found = []
    for shots in SHOTS[:2]:  # five shots do not fit into its 64 tokens
        generator = torch.Generator().manual_seed(seed)
        shown, labels, query = episodes(shots, seed)
        letters = torch.stack(
            [torch.randperm(26, generator=generator)[:WAYS] for _ in range(TASKS)]
        ) + ord("A")
        lines = torch.stack(
            [ids[shown], letters.gather(1, labels), torch.full_like(shown, ord("\n"))], 2
        )
        with torch.no_grad():
            logits = model(torch.cat([lines.flatten(1), ids[query][:, None]], 1))[0][:, -1]
        found.append(told(logits.gather(1, letters).softmax(1)))
    return [*found, float("nan")]


def context() -> style.Table:
    """Accuracy by shots for each reader, with the first word (1) and all (11); the GPT reads first words."""
    found: dict[str, list[list[float]]] = {}
    for seed in range(SEEDS):
        for name, reader in READERS.items():
            for count in COUNTS:
                found.setdefault(f"{name}_{count}", []).append(seen_by(reader, seed, count))
        found.setdefault("gpt_1", []).append(by_the_gpt(0.0, seed))
        found.setdefault("guided_gpt_1", []).append(by_the_gpt(GUIDED, seed))
    return {"shots": [float(n) for n in SHOTS], **spread(found)}


@cache
def judge() -> torch.nn.Module:
    """A classifier of real digits."""
    x, _, y, _ = data()
    with torch.enable_grad():
        found: torch.nn.Module = levels.classifier(x, y)
    return found


def right(x: Tensor, y: Tensor) -> float:
    """Share of pictures that the classifier names as wanted: x (N, 64), y (N,)."""
    with torch.no_grad():
        return float((judge()(x).argmax(1) == y).double().mean())


SHOWN = 6  # pictures of a row, one of each class from 0
EXAMPLES, WRITTEN = 5, 100  # of a class in the prompt; pictures written of each class


def in_context(model: spae.SPAE, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Words written from five examples of a class each, the class, and the examples: (N, L, T), (N,), (N, 5, L, T)."""
    _, new, _, y = data()
    generator = torch.Generator().manual_seed(seed)
    wanted = torch.arange(10).repeat(WRITTEN)
    rows = [(y == c).nonzero()[:, 0] for c in range(10)]
    picked = [
        rows[c][torch.randperm(len(rows[c]), generator=generator)[:EXAMPLES]]
        for c in wanted.tolist()
    ]
    k = model.write(new)[torch.stack(picked)]
    return spae.mix(k, generator), wanted, k


def by_name(model: spae.SPAE) -> Tensor:
    """Rows with one word, the name of each class: (10, L, T)."""
    k = torch.full((10, *LAYERS.shape), -1)
    k[:, 0, 0] = names()
    return k


def spelt_back(k: Tensor) -> float:
    """Share of rows whose words, spelt and read again as text, are the same tokens: k (B, L, T)."""
    merges = weights.load()[1]
    rows: list[list[int]] = language()[0][flat(k)].tolist()
    return sum(bpe.encode(bpe.decode(row, merges), merges) == row for row in rows) / len(rows)


def written() -> style.Table:
    """Share of pictures named rightly: new digits, restored, written in context, by name alone, of random words.

    Two rows more: the share of written rows that are those of no example, and of spelling that comes back.
    """
    _, new, _, y = data()
    found: dict[str, list[list[float]]] = {}
    for seed in range(SEEDS):
        for kind, weight in (("plain", 0.0), ("guided", GUIDED)):
            model = trained("frozen", seed, weight)
            k, wanted, examples = in_context(model, seed)
            noise = torch.randint(
                len(model.table), k.shape, generator=torch.Generator().manual_seed(seed)
            )
            noise[:, LAYERS == 0] = -1
            fresh = (
                flat(k)[:, None] != examples.flatten(0, 1)[:, LAYERS > 0].reshape(-1, EXAMPLES, 11)
            ).any(2)
            row = [
                right(new, y), right(model.draw(model.write(new)), y), right(model.draw(k), wanted),
                right(model.draw(by_name(model)), torch.arange(10)), right(model.draw(noise), wanted),
                float(fresh.all(1).double().mean()), spelt_back(model.write(new)),
            ]  # fmt: skip
            found.setdefault(kind, []).append(row)
    return spread(found)


def pictures() -> style.Table:
    """Tones of new digits 0 to 5, and what words draw: guided, seed 0; and the numbers of the words."""
    _, new, _, y = data()
    model = trained("frozen", 0, GUIDED)
    rows = torch.stack([(y == c).nonzero()[0, 0] for c in range(SHOWN)])
    k = model.write(new[rows])
    shown = {"digit": new[rows]}
    for n in (1, 2, 4):
        shown[f"words{TOKENS[n - 1]}"] = model.draw(first(k, n))
    shown["name"] = model.draw(by_name(model))[:SHOWN]
    shown["written"] = model.draw(in_context(model, 0)[0][:SHOWN])
    out: style.Table = {}
    for name, x in shown.items():
        for n, row in enumerate((x.clamp(0, 1) * vq_vae.TONES).round()):
            out[f"{name}_{n}"] = row.double().tolist()
    plain = trained("frozen", 0).write(new[rows])
    for kind, found in (("guided", k), ("plain", plain)):
        for n, row in enumerate(flat(found)):
            ids = language()[0][row].double().tolist()
            out[f"{kind}_{n}"] = [*ids, *[-1.0] * (64 - len(ids))]
    return out


ROWS = {
    "digit": "new digits", "words1": "1 word", "words3": "3 words", "words11": "11 words",
    "name": "the name alone", "written": "written from five examples",
}  # fmt: skip


def draw_pictures(table: style.Table, panels: Sequence[style.Axes]) -> None:
    """A row of pictures for each way."""
    for axes, (name, text) in zip(panels, ROWS.items(), strict=True):
        vq_vae.squares(axes, [np.array(table[f"{name}_{n}"]).reshape(8, 8) for n in range(SHOWN)])
        axes.set_xlim(-0.5, 9 * SHOWN)
        axes.set_ylim(8.5, -0.5)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title(text, loc="left", fontsize=11)


CURVES = {
    "frozen": "frozen: the GPT's words", "random": "frozen: random vectors",
    "learned": "learned codebook", "far": "the GPT's words, too long",
}  # fmt: skip


def curve(
    axes: style.Axes, x: Sequence[float], table: style.Table, name: str, n: int, text: str
) -> None:
    """A line of means with the range of the seeds."""
    mean = np.array(table[f"{name}_mean"])
    low, high = mean - np.array(table[f"{name}_least"]), np.array(table[f"{name}_most"]) - mean
    axes.errorbar(
        x, mean, [low, high], marker="osD^v"[n], capsize=3, color=style.SERIES[n], label=text,
        ls=("-", "--", ":", "-.", "-")[n],
    )  # fmt: skip


def draw_tokens(table: style.Table, axes: style.Axes) -> None:
    """Error against words, for each table."""
    for n, (name, text) in enumerate(CURVES.items()):
        curve(axes, [x + 0.12 * (n - 1.5) for x in table["words"]], table, name, n, text)
    axes.set_xticks(table["words"])
    axes.set_ylim(0, 0.055)
    axes.set_xlabel("words of a picture")
    axes.set_ylabel("squared error of a pixel")
    axes.legend(loc="lower left", fontsize=10)


def draw_guidance(table: style.Table, panels: Sequence[style.Axes]) -> None:
    """Share named, and errors, by weight."""
    x = list(range(len(table["weight"])))
    curve(panels[0], x, table, "named", 0, "")
    panels[0].set_ylim(0, 1.03)
    panels[0].set_ylabel("named by the first word")
    curve(panels[1], x, table, "first", 1, "after 1 word")
    curve(panels[1], x, table, "last", 2, "after 11 words")
    panels[1].set_ylim(0, 0.052)
    panels[1].set_ylabel("squared error of a pixel")
    panels[1].legend(loc="lower right", fontsize=10)
    for axes in panels:
        axes.set_xticks(x, [f"{n:g}" for n in table["weight"]])
        axes.set_xlabel("weight of the guidance")


def draw_written(table: style.Table, axes: style.Axes) -> None:
    """Bars: share of pictures that are named as wanted."""
    texts = ("new digits themselves", "restored from 11 words", "written from five examples", "the name alone",
             "random words")  # fmt: skip
    for n, text in enumerate(texts):
        for m, kind in enumerate(("plain", "guided")):
            mean, least, most = (table[f"{kind}_{part}"][n] for part in ("mean", "least", "most"))
            y = -n - 0.36 * m
            axes.barh(y, mean, 0.3, color=style.SERIES[m], hatch=("", "//")[m], edgecolor=style.INK,
                      label=("plain words", "guided words")[m] if n == 0 else None)  # fmt: skip
            axes.plot([least, most], [y, y], color=style.INK, lw=2)
        axes.text(0.01, -n + 0.22, text, fontsize=10, color=style.INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(-4.7, 1.2)
    axes.set_yticks([])
    axes.set_xlabel("share named as wanted by a classifier")
    axes.legend(loc="upper right", fontsize=10, ncols=2)


def draw_context(table: style.Table, axes: style.Axes) -> None:
    """Bars for one shot and the first word: plain and guided, by what the reader knows of the words."""
    texts = {
        "equal": "equal or not", "own": "own vectors", "shuffled": "vectors shuffled", "gpt": "the site's GPT",
    }  # fmt: skip
    for n, (name, text) in enumerate(texts.items()):
        for m, kind in enumerate(("", "guided_")):
            mean, least, most = (
                table[f"{kind}{name}_1_{part}"][0] for part in ("mean", "least", "most")
            )
            y = -n - 0.36 * m
            axes.barh(y, mean, 0.3, color=style.SERIES[m], hatch=("", "//")[m], edgecolor=style.INK,
                      label=("plain words", "guided words")[m] if n == 0 else None)  # fmt: skip
            axes.plot([least, most], [y, y], color=style.INK, lw=2)
        axes.text(0.01, -n + 0.22, text, fontsize=10, color=style.INK)
    axes.axvline(1 / WAYS, color=style.MUTED, ls="--", lw=1.2)
    axes.set_xlim(0, 1)
    axes.set_ylim(-3.7, 1.1)
    axes.set_yticks([])
    axes.set_xlabel("share of tasks solved (dashed: chance)")
    axes.legend(loc="upper right", fontsize=10)


FIGURES = [
    style.Recipe(
        "models/spae/tokens",
        tokens,
        draw_tokens,
        size=(440, 320),
        tolerance=0.05,
        absolute={"used": 25, "_": 0.004},
    ),
    style.Recipe(
        "models/spae/guidance",
        guidance,
        draw_guidance,
        size=(620, 280),
        grid=(1, 2),
        tolerance=0.05,
        absolute={"named": 0.04, "_": 0.004},
    ),
    style.Recipe("models/spae/context", context, draw_context, size=(440, 330), absolute=0.06),
    style.Recipe("models/spae/written", written, draw_written, size=(440, 270), absolute=0.06),
    style.Recipe(
        "models/spae/pictures", pictures, draw_pictures, size=(440, 420), grid=(6, 1), absolute=6.0
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
