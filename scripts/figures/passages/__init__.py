"""A snapshot of this site's text, on which the page about retrieval measures: plain sentences, page by page."""

import re

from scripts.figures import style

PAGES = (
    "attention convolution embeddings encoder-decoder feed-forward graphs mixture-of-experts normalisation"
    " positions recurrence retention state-space tokens vision-transformer audio autoregressive clip diffusion"
    " energy-based flow-matching flow gan gpt latent-diffusion score-sde vae vq-vae rlhf"
)
HEADINGS = ("In short", "Idea")
KEPT = style.DOCS / "inference" / "retrieval" / "passages.txt"
APART = re.compile(r"[|!#\[]|Table:|--8<--| |\*\*[^*]+\.\*\*")
"""Beginnings of lines that are no sentence of the running text: tables, pictures, captions, boxes."""


def plain(line: str) -> str:
    """A line without citations, links, commands of TeX and signs of Markdown."""
    line = re.sub(r"\[\^[^\]]+\]", "", line)
    line = re.sub(r"\[([^\]]*)\]\([^)]*\)(\{[^}]*\})?", r"\1", line)
    commands = (
        r"\\(?:mathbf|mathcal|text|operatorname|mathbb|tfrac|frac|hat|tilde|bar)\b|\\,|\\;|\\"
    )
    return re.sub(r"[`*_${}^]", "", re.sub(commands, "", line)).removeprefix("- ").strip()


def sentences(text: str) -> list[str]:
    """The sentences of a page's first two sections, a line each."""
    found = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        if heading in HEADINGS:
            body = re.sub(r"^\$\$.*?^\$\$.*?$", "", body, flags=re.MULTILINE | re.DOTALL)
            found += [plain(line) for line in body.splitlines() if line and not APART.match(line)]
    return found


def snapshot() -> str:
    """The text of the snapshot as the pages are now."""
    lines = []
    for name in PAGES.split():
        page = next(style.DOCS.glob(f"*/{name}.md"))
        lines.append(f"# {page.relative_to(style.DOCS).with_suffix('').as_posix()}")
        lines += sentences(page.read_text(encoding="utf-8"))
    return "\n".join(lines) + "\n"
