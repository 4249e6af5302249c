"""docs/models/gpt/weights.json: a small GPT, trained by the page's own code on the text of this site.

    python -m scripts.weights.gpt --collect   # take a fresh snapshot of the prose, then train
    python -m scripts.weights.gpt             # train on the committed snapshot: some minutes, one core

The snapshot is tests/models/gpt.corpus.txt: paragraphs with a blank line between them, one sentence a
line. Every tenth paragraph is held out. The weights are rounded to int8, and the metric is that of the
rounded weights: bits per character of the held-out text, beside the best byte n-gram's.
"""

import argparse
import hashlib
import math
import re
import time
from collections import Counter, defaultdict
from pathlib import Path

import torch
from torch import Tensor, nn

from docs.models.gpt import bpe, gpt
from scripts.weights import pack

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "models" / "gpt.corpus.txt"
WEIGHTS = ROOT / "docs" / "models" / "gpt" / "weights.json"
LIMIT = 200_000

SEED = 20261121
MERGES = 256
SHAPE = gpt.Config(vocabulary=256 + MERGES, context=64, layers=3, heads=4, width=64)
STEPS, BATCH, RATE, DECAY, DROPOUT = 4000, 16, 4e-3, 0.1, 0.3


def prose(markdown: str) -> list[str]:
    """The paragraphs of a page that are plain sentences: no code, mathematics, tables or headings."""
    text = re.sub(r"\A---\n.*?\n---\n", "", markdown, flags=re.S)
    text = re.sub(
        r"^( *)(```|~~~).*?^\1\2\s*$|\$\$.*?\$\$[^\n]*|<!--.*?-->", "", text, flags=re.S | re.M
    )
    text = re.sub(r"\[\^[^\]]*\]|\{[^}\n]*\}", "", text)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*|(?<!\w)\*|\*(?!\w)", "", text)
    paragraphs = []
    for block in re.split(r"\n\s*\n", text):
        lines = [re.sub(r"^\s*(?:[-+]|\d+\.|:)?\s+", "", " " + line) for line in block.split("\n")]
        good = [line for line in lines if re.fullmatch(r"[A-Z][^$`|<>\\{}#=_\[\]]{25,}[.?!]", line)]
        if good:
            paragraphs.append("\n".join(good))
    return paragraphs


def collect() -> str:
    """The prose of all pages in the order of their paths, thinned evenly if it is too long."""
    seen: dict[str, None] = {}
    for page in sorted((ROOT / "docs").rglob("*.md")):
        seen |= dict.fromkeys(prose(page.read_text(encoding="utf-8")))
    paragraphs = list(seen)
    size = sum(len(paragraph.encode()) + 2 for paragraph in paragraphs)
    keep = min(1.0, LIMIT / size)
    thinned = [p for i, p in enumerate(paragraphs) if int((i + 1) * keep) > int(i * keep)]
    return "\n\n".join(thinned) + "\n"


def split(text: str) -> tuple[str, str]:
    """Training text, and every tenth paragraph as held-out text."""
    paragraphs = text.strip().split("\n\n")
    held = paragraphs[5::10]
    kept = [p for i, p in enumerate(paragraphs) if i % 10 != 5]
    return "\n\n".join(kept) + "\n", "\n\n".join(held) + "\n"


def ngram_bits(train: bytes, test: bytes, order: int) -> list[float]:
    """Bits that byte n-grams, n = 1 … order, need for a text, smoothed as in witten1991zero."""
    return [sum(costs) for costs in ngram_costs(train, test, order)]


def ngram_costs(train: bytes, test: bytes, order: int) -> list[list[float]]:
    """The same for each byte of the text."""
    counts: list[defaultdict[bytes, Counter[int]]] = [defaultdict(Counter) for _ in range(order)]
    for n, table in enumerate(counts):
        for i in range(n, len(train)):
            table[train[i - n : i]][train[i]] += 1
    totals = [{c: (sum(f.values()), len(f)) for c, f in table.items()} for table in counts]
    bits: list[list[float]] = [[] for _ in range(order)]
    for i, byte in enumerate(test):
        p = 1 / 256
        for n in range(order):
            before = test[i - n : i]
            if n <= i and before in totals[n]:  # else nothing longer was seen either: p stays
                total, kinds = totals[n][before]
                p = (counts[n][before][byte] + kinds * p) / (total + kinds)
            bits[n].append(-math.log2(p))
    return bits


@torch.no_grad()
def model_bits(model: gpt.GPT, tokens: list[int]) -> Tensor:
    """Bits for every token after the first, each with at least half a context before it: (len - 1,)."""
    half = model.config.context // 2
    bits = []
    for start in range(0, len(tokens) - 1, half):
        first = max(0, start - half)
        window = torch.tensor([tokens[first : start + half + 1]])
        log_p = model(window[:, :-1])[0].log_softmax(-1)
        bits.append(-log_p.gather(-1, window[:, 1:, None])[0, start - first :, 0] / math.log(2))
    return torch.cat(bits)


def load() -> tuple[gpt.GPT, list[bpe.Pair], dict[str, object]]:
    """The committed model in double precision, its merges, and what is known of it."""
    tensors, meta = pack.unpack(WEIGHTS)
    model = gpt.GPT(gpt.Config(**meta["config"])).double()
    model.load_state_dict(tensors)
    return model, merges_of(meta), meta


def merges_of(meta: dict[str, object]) -> list[bpe.Pair]:
    """The merges, which the file holds as "116,104 32,97 …"."""
    pairs = (pair.split(",") for pair in str(meta["merges"]).split())
    return [(int(a), int(b)) for a, b in pairs]


def optimiser(model: gpt.GPT) -> torch.optim.AdamW:
    """AdamW, whose decay pulls at matrices only."""
    groups = [
        [p for p in model.parameters() if (p.ndim == 2) is decayed] for decayed in (True, False)
    ]
    parameters = [
        {"params": group, "weight_decay": decay}
        for group, decay in zip(groups, (DECAY, 0.0), strict=True)
    ]
    return torch.optim.AdamW(parameters, RATE, betas=(0.9, 0.95))


def dropped(model: gpt.GPT, share: float, generator: torch.Generator) -> None:
    """Dropout, while a model trains, on what attention and the MLP add to the stream."""

    def drop(module: nn.Module, _: object, out: Tensor) -> Tensor:
        kept = torch.rand(out.shape, generator=generator) >= share
        return out * kept / (1 - share) if module.training else out

    for block in model.blocks:
        for name in ("proj", "down"):
            block.get_submodule(name).register_forward_hook(drop)


def train(tokens: Tensor, held: list[int], characters: int) -> gpt.GPT:
    """Train on windows that begin anywhere; dropout on what attention and network add."""
    generator = torch.Generator().manual_seed(SEED)
    model = gpt.GPT(SHAPE, generator)
    dropped(model, DROPOUT, generator)
    optimise = optimiser(model)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimise,
        lambda s: min(1.0, (s + 1) / 100) * (0.55 + 0.45 * math.cos(math.pi * s / STEPS)),
    )
    began = time.time()
    for step in range(1, STEPS + 1):
        begin = torch.randint(len(tokens) - SHAPE.context, (BATCH, 1), generator=generator)
        window = tokens[begin + torch.arange(SHAPE.context + 1)]
        logits = model(window[:, :-1])[0]
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimise.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimise.step()
        schedule.step()
        if step % 500 == 0:
            model.eval()
            bits = model_bits(model, held).sum().item() / characters
            model.train()
            print(f"{step} steps, {time.time() - began:.0f} s: {bits:.3f} bits per character")
    return model.eval()


def main() -> None:
    """Train, round, measure, write."""
    parser = argparse.ArgumentParser(description="Train the GPT of the demo.")
    parser.add_argument("--collect", action="store_true", help="take a fresh snapshot first")
    if parser.parse_args().collect:
        CORPUS.write_text(collect(), encoding="utf-8", newline="\n")
    torch.set_num_threads(1)
    text = CORPUS.read_text(encoding="utf-8")
    kept, held = split(text)
    grams = ngram_bits(kept.encode(), held.encode(), 8)
    baselines = {n: bits / len(held) for n, bits in enumerate(grams, 1)}
    best = min(baselines, key=lambda n: baselines[n])
    print("n-grams:", {n: round(bits, 3) for n, bits in baselines.items()})
    merges = bpe.train_bpe(kept, MERGES)
    tokens, held_tokens = bpe.encode(kept, merges), bpe.encode(held, merges)
    print(f"{len(kept)} characters, {len(tokens)} tokens; held out {len(held)}, {len(held_tokens)}")
    model = train(torch.tensor(tokens), held_tokens, len(held))
    meta: dict[str, object] = {
        "recipe": "scripts/weights/gpt.py",
        "seed": SEED,
        "data": "tests/models/gpt.corpus.txt",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "config": SHAPE._asdict(),
        "parameters": SHAPE.parameters(),
        "merges": " ".join(f"{a},{b}" for a, b in merges),
        "steps": STEPS,
        "tokens": len(tokens),
        "characters": len(kept),
        "held_out_characters": len(held),
        "baseline": {"order": best, "bits_per_character": round(baselines[best], 4)},
        "metric": {},
    }
    pack.pack(WEIGHTS, model.state_dict(), meta, "int8")
    rounded = model_bits(load()[0], held_tokens).sum().item() / len(held)
    meta["metric"] = {"name": "bits per character, held out", "value": round(rounded, 4)}
    pack.pack(WEIGHTS, model.state_dict(), meta, "int8")
    print(f"rounded to int8: {rounded:.4f}; best n-gram ({best}): {baselines[best]:.4f}")


if __name__ == "__main__":
    main()
