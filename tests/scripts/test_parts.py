"""Work in parts: what has ended is kept when the rest is broken off, and only for the same code."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.weights import comparison, parts


class Work:
    """Something that counts what it does, and fails at one job."""

    def __init__(self, broken: str) -> None:
        self.broken = broken
        self.did: list[str] = []

    def __call__(self, job: tuple[str, str]) -> dict[str, object]:
        self.did.append(job[-1])
        if job[-1] == self.broken:
            raise KeyboardInterrupt
        return {"name": job[-1], "third": 1 / 3, "none": math.nan, "rows": [[1, 2.5e-17]]}


def test_work_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    jobs = [("ring", name) for name in ("flow", "gan", "vae")]
    first = Work("gan")
    with pytest.raises(KeyboardInterrupt):
        list(map(parts.Kept(tmp_path / "new", "a", first), jobs))
    assert first.did == ["flow", "gan"]
    second = Work("")
    found = list(map(parts.Kept(tmp_path / "new", "a", second), jobs))
    assert second.did == ["gan", "vae"], "what had ended is not done again"
    assert repr([part for part, _ in found]) == repr([Work("")(job) for job in jobs])
    assert all(seconds >= 0 for _, seconds in found)
    third = Work("")
    list(map(parts.Kept(tmp_path / "new", "b", third), jobs))
    assert third.did == ["flow", "gan", "vae"], "the parts of other code are not read"


def test_a_part_that_is_half_written_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "ring-gan.new").write_text('{"code": "a", "fou', encoding="utf-8")
    work = Work("")
    parts.Kept(tmp_path, "a", work)(("ring", "gan"))
    assert work.did == ["gan"]
    assert not list(tmp_path.glob("*.new"))


def test_the_comparison_is_written_from_parts_without_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "RUNS", tmp_path / "comparison_runs.json")
    monkeypatch.setattr(comparison, "SAMPLES", tmp_path / "samples.mjs")
    folder = tmp_path / "comparison_parts"
    folder.mkdir()
    for name in comparison.SETS:
        for kind in comparison.CLASSES:
            found = {"points": [["0000"]] * 2, "rate": 0.001}
            part = {"code": comparison.code(), "seconds": 60.0, "found": found}
            (folder / f"{name}-{kind}.json").write_text(json.dumps(part), encoding="utf-8")
    monkeypatch.setattr(comparison, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(comparison, "edges", lambda name: {"data": name})
    comparison.main()
    written = json.loads((tmp_path / "comparison_runs.json").read_text(encoding="utf-8"))
    assert written["code"] == comparison.code()
    assert written["ring"]["gan"] == {"rate": 0.001}
    assert written["minutes"] == pytest.approx(7), "14 jobs of a minute, two at a time"
    assert '"0000"' in (tmp_path / "samples.mjs").read_text(encoding="utf-8")
    assert not folder.exists(), "the parts have done their service"
