"""What a model costs: parameters, operations, memory, time and money, from its settings.

A model is an entry of models.toml. One operation is a multiplication or an addition; memory is in bytes.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

Model = dict[str, Any]

DATA = Path(__file__).with_name("models.toml")
# 0 heads of keys: as many as heads; 0 as their width: width by heads; dense are the layers without experts.
DEFAULTS: Model = {
    "kind": "transformer",
    "norm": "rms",
    "bias": "none",
    **dict.fromkeys(("gated", "tied", "head_norms"), False),
    **dict.fromkeys(("kv_heads", "head_width", "positions", "reach", "windowed", "dense"), 0),
    **dict.fromkeys(("experts", "used", "shared", "expert_inner"), 0),
    **dict.fromkeys(("latent", "query_latent", "rotated"), 0),
}
BYTES = {  # of a parameter in training: weight, gradient, what Adam keeps
    "mixed": (2, 2, 12),
    "fp32": (4, 4, 8),
    "bf16": (2, 2, 4),
}


def data() -> dict[str, Any]:
    """The data file: models, GPUs and runs, each by its name, and its date."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def models() -> dict[str, Model]:
    """The models that read tokens, by name; those of pictures are in pictures.py."""
    rows = [complete(row) for row in data()["model"] if row.get("kind") not in ("dit", "unet")]
    return {row["name"]: row for row in rows}


def complete(row: Model) -> Model:
    """A model with all its settings; one without experts has dense layers only."""
    m = DEFAULTS | row
    m["kv_heads"] = m["kv_heads"] or m["heads"]
    m["head_width"] = m["head_width"] or m["width"] // m["heads"]
    m["dense"] = m["dense"] if m["experts"] else m["layers"]
    return m


def changed(m: Model, new: Model) -> Model:
    """A complete model with other settings, in which no part is more than its whole.

    Windows keep their share of the layers.
    """
    n = m | new
    n["windowed"] = m["windowed"] * n["layers"] // m["layers"]
    n["dense"] = min(n["dense"], n["layers"])
    n["used"] = min(n["used"], n["experts"])
    n["kv_heads"] = min(n["kv_heads"], n["heads"])
    return complete(n)


# --8<-- [start:attention]
def attention(m: Model) -> int:
    """Weights of the matrices of attention in one layer."""
    d, wide = m["width"], m["heads"] * m["head_width"]
    if m["kind"] == "retnet":
        return int(2 * d * d + 3 * d * m["value_width"])
    if m["latent"]:
        q, c, r = m["query_latent"], m["latent"], m["rotated"]
        queries = d * q + q * (wide + m["heads"] * r)
        return int(queries + d * (c + r) + c * 2 * wide + wide * d)
    return int(2 * d * wide + 2 * d * m["kv_heads"] * m["head_width"])


# --8<-- [end:attention]


# --8<-- [start:feed]
def feed(m: Model, inner: int) -> int:
    """Weights of the matrices of one feed-forward network."""
    return int((3 if m["gated"] else 2) * m["width"] * inner)


# --8<-- [end:feed]


def rest(m: Model) -> int:
    """Norms and biases of all layers, and the last norm."""
    d, layers = m["width"], m["layers"]
    each = 2 * d if m["norm"] == "layer" else d
    inside = m["query_latent"] + m["latent"] + (2 * m["head_width"] if m["head_norms"] else 0)
    biases = 0
    if m["bias"] in ("qkv", "all"):
        biases += (m["heads"] + 2 * m["kv_heads"]) * m["head_width"] * layers
    if m["bias"] == "all":
        biases += d * layers
        hidden = 2 if m["gated"] else 1
        biases += m["dense"] * (hidden * m["inner"] + d)
        one = hidden * m["expert_inner"] + d
        biases += (layers - m["dense"]) * ((m["experts"] + m["shared"]) * one + m["experts"])
    return int(layers * (2 * each + inside) + each + biases)


# --8<-- [start:parameters]
def parameters(m: Model) -> dict[str, int]:
    """Parameters by part, all, those used for a token (active), and those that multiply it."""
    d, sparse = m["width"], m["layers"] - m["dense"]
    expert = feed(m, m["expert_inner"])
    always = m["dense"] * feed(m, m["inner"]) + sparse * m["shared"] * expert
    parts = {
        "input": (m["vocabulary"] + m["positions"]) * d,
        "attention": m["layers"] * attention(m),
        "feed": always + sparse * m["experts"] * expert,
        "extra": sparse * m["experts"] * d,  # the router
        "head": 0 if m["tied"] else m["vocabulary"] * d,
        "rest": rest(m),
    }
    total = sum(parts.values())
    idle = sparse * (m["experts"] - m["used"]) * expert
    used = parts["attention"] + parts["feed"] - idle + parts["extra"]
    counts = {"total": total, "active": total - idle, "multiplied": used + m["vocabulary"] * d}
    return parts | counts


# --8<-- [end:parameters]


# --8<-- [start:forward]
def forward(m: Model, tokens: int, before: int = 0) -> float:
    """Operations for some tokens after others that are cached; all scores are counted."""
    return float(tokens * (2.0 * parameters(m)["multiplied"] + mixing(m, tokens + before)))


def mixing(m: Model, keys: int) -> float:
    """Operations of one token's scores and weighted sums over some keys, all layers."""
    if m["kind"] == "retnet":
        return float(4.0 * m["layers"] * m["width"] * m["value_width"] / m["heads"])
    near = min(keys, m["reach"]) if m["reach"] else keys
    seen = m["windowed"] * near + (m["layers"] - m["windowed"]) * keys
    return float(2.0 * m["heads"] * (2 * m["head_width"] + m["rotated"]) * seen)


# --8<-- [end:forward]


# --8<-- [start:training]
def training(m: Model, tokens: float, length: int) -> float:
    """Operations of training on some tokens in texts of a length: forward once, backward twice that."""
    return float(3.0 * forward(m, length) * tokens / length)


def hours(operations: float, peak: float, mfu: float) -> float:
    """Hours of one processor with a peak of operations a second, of which a share is used (MFU)."""
    return float(operations / (peak * mfu * 3600))


def utilisation(operations: float, peak: float, spent: float) -> float:
    """The share of the peak that some hours amount to."""
    return float(operations / (peak * spent * 3600))


# --8<-- [end:training]


# --8<-- [start:memory]
def weights(n: float, bits: float, group: int = 0) -> float:
    """Bytes of n parameters; each group of so many shares a scale of 16 bits."""
    return float(n * (bits + (16 / group if group else 0)) / 8)


def cache(m: Model, tokens: int, size: float = 2) -> float:
    """Bytes that one text keeps while it is written, at some bytes a number."""
    if m["kind"] == "retnet":
        return float(m["layers"] * m["width"] * m["value_width"] / m["heads"] * size)
    each = m["latent"] + m["rotated"] if m["latent"] else 2 * m["kv_heads"] * m["head_width"]
    near = min(tokens, m["reach"]) if m["reach"] else tokens
    return float(each * (m["windowed"] * near + (m["layers"] - m["windowed"]) * tokens) * size)


# --8<-- [end:memory]


# --8<-- [start:states]
def states(n: float, precision: str) -> float:
    """Bytes of weights, gradients and what Adam keeps."""
    return float(n * sum(BYTES[precision]))


def activations(m: Model, batch: int, length: int, kept: str) -> float:
    """Bytes of activations of a batch of texts in 16 bits: kept are all, selected ones, or inputs."""
    d, a = m["width"], m["heads"]
    each = {"all": 34 * d + 5 * a * length, "selected": 34 * d, "inputs": 2 * d}[kept]
    return float(m["layers"] * length * batch * each)


# --8<-- [end:states]


def reading(m: Model, batch: int) -> float:
    """Parameters that a step reads, if each text chooses its experts at random."""
    p = parameters(m)
    table = 0 if m["tied"] else p["input"]
    idle = 0.0
    if m["experts"]:
        routed = (m["layers"] - m["dense"]) * m["experts"] * feed(m, m["expert_inner"])
        idle = routed * (1 - m["used"] / m["experts"]) ** batch
    return float(p["total"] - table - idle)


# --8<-- [start:serve]
def step(m: Model, gpu: Model, gpus: int, held: float, batch: int, context: int) -> float:
    """Least seconds for one more token of each text of a batch: all must be read, and all computed.

    A GPU has a peak (operations a second) and a bandwidth (bytes a second); a parameter is held in so many bytes.
    """
    read = reading(m, batch) * held + batch * cache(m, context)
    work = batch * forward(m, 1, context)
    return float(max(read / (gpus * gpu["bandwidth"]), work / (gpus * gpu["peak"])))


# --8<-- [end:serve]


def price(seconds: float, gpus: int, batch: int, hourly: float) -> float:
    """Price of a million tokens, if a step for a batch takes some seconds on so many GPUs."""
    return float(hourly * gpus / 3600 * seconds / batch * 1e6)


# --8<-- [start:example]
EXAMPLE = complete(
    Model(
        layers=2, width=4, heads=2, kv_heads=1, inner=8, gated=True, vocabulary=10, name="example"
    )
)
# --8<-- [end:example]


def main() -> None:
    """Each model against what was published."""
    for m in models().values():
        total = parameters(m)["total"]
        off = total / m["published"] - 1
        print(f"{m['name']:16} {total:>15,} published {m['published']:>15,} {off:+.1%}")


if __name__ == "__main__":
    main()
