"""A verifiable reward and a majority vote in standard Python: for a trainer, and for the answers of a server."""

import re
from collections import Counter

NUMBER = re.compile(r"\\boxed\{\s*(-?\d+(?:\.\d+)?)\s*\}")


# --8<-- [start:lines]
def final(text: str) -> str | None:
    """The last number in a box, or nothing. Source: definition."""
    found = NUMBER.findall(text)
    return found[-1] if found else None


def right(completions: list[str], answer: list[str], **_: object) -> list[float]:
    """Reward 1 where the boxed number equals the known answer, else 0. Source: lambert2024tulu."""
    pairs = [(final(text), known) for text, known in zip(completions, answer, strict=True)]
    return [float(made is not None and float(made) == float(known)) for made, known in pairs]


def most_frequent(completions: list[str]) -> str | None:
    """The boxed number that most of the answers give. Source: wang2023self."""
    votes = Counter(made for text in completions if (made := final(text)) is not None)
    return votes.most_common(1)[0][0] if votes else None
    # --8<-- [end:lines]


def main() -> None:
    """Three answers to the question of the page."""
    texts = [r"6, 4, 5, so \boxed{5}", r"6, 4, 5: \boxed{5}", r"6, 11, 5 \boxed{33}"]
    print(right(texts, ["5"] * 3), most_frequent(texts))


if __name__ == "__main__":
    main()
