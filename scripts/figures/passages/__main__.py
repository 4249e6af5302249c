"""Take a new snapshot: `python3 -m scripts.figures.passages`, then `dev.py make retrieval`."""

from scripts.figures import passages

if __name__ == "__main__":
    passages.KEPT.write_text(passages.snapshot(), encoding="utf-8", newline="\n")
