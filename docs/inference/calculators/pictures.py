"""What diffusion models of pictures cost: a diffusion Transformer (DiT) and the U-Net of DDPM.

A model is an entry of models.toml. One operation is a multiplication or an addition.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

Model = dict[str, Any]

DATA = Path(__file__).with_name("models.toml")
WAVES = 256  # numbers that tell the time step


# --8<-- [start:dit]
def dit(m: Model) -> dict[str, int]:
    """Parameters of a DiT by part, without its fixed table of positions."""
    d, layers, patch = m["width"], m["layers"], m["patch"] ** 2 * m["channels"]
    biases = layers * (11 * d + m["inner"]) + 5 * d + 2 * patch
    parts = {
        "input": patch * d + (WAVES + d) * d + (m["classes"] + 1) * d,
        "attention": layers * 4 * d * d,
        "feed": layers * 2 * d * m["inner"],
        "extra": (6 * layers + 2) * d * d,  # scales, shifts and gates of each layer
        "head": 2 * patch * d,
        "rest": biases,
    }
    return parts | {"total": sum(parts.values())}


# --8<-- [end:dit]


def picture(m: Model, tokens: int) -> float:
    """Operations for one picture of so many tokens; time and class are computed once for all."""
    p, d = dit(m), m["width"]
    patch = m["patch"] ** 2 * m["channels"] * d
    each = patch + p["attention"] + p["feed"] + p["head"]
    once = (WAVES + d) * d + p["extra"]
    return float(2.0 * (each * tokens + once) + 4.0 * m["layers"] * d * tokens * tokens)


def block(a: int, b: int, time: int) -> int:
    """A residual block from a to b channels: two norms, two convolutions, the time, and a way past."""
    past = 0 if a == b else a * b + b
    return 2 * a + 9 * a * b + b + (time + 1) * b + 2 * b + 9 * b * b + b + past


def look(c: int) -> int:
    """Attention over the places of a picture with c channels."""
    return 2 * c + 4 * (c * c + c)


def unet(m: Model) -> int:
    """Parameters of the U-Net of DDPM: residual blocks at each size, attention at some."""
    base, time = m["width"], 4 * m["width"]
    sizes = [base * factor for factor in m["multipliers"]]
    last = len(sizes) - 1
    total = base * time + time + time * time + time + 9 * m["channels"] * base + base
    # --8<-- [start:unet]
    kept, now = [base], base
    for level, wide in enumerate(sizes):  # down: what is kept comes back on the way up
        for _ in range(m["blocks"]):
            total += block(now, wide, time) + (look(wide) if level in m["attended"] else 0)
            now = wide
            kept.append(now)
        if level < last:
            total += 9 * now * now + now
            kept.append(now)
    total += 2 * block(now, now, time) + look(now)
    # --8<-- [end:unet]
    for level in range(last, -1, -1):
        wide = sizes[level]
        for _ in range(m["blocks"] + 1):
            total += block(now + kept.pop(), wide, time)
            total += look(wide) if level in m["attended"] else 0
            now = wide
        total += 9 * now * now + now if level else 0
    return int(total + 2 * now + 9 * now * m["channels"] + m["channels"])


def main() -> None:
    """Each model against what was published."""
    for m in tomllib.loads(DATA.read_text(encoding="utf-8"))["model"]:
        if m.get("kind") in ("dit", "unet"):
            total = unet(m) if m["kind"] == "unet" else dit(m)["total"]
            print(f"{m['name']:16} {total:>15,} published {m['published']:>15,}")


if __name__ == "__main__":
    main()
