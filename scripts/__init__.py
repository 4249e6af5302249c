"""The site's scripts: run them through `python3 scripts/dev.py`, or as `python -m scripts.NAME` inside .venv."""
