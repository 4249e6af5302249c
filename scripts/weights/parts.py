"""Long work in parts: each part is written as it ends, so that work broken off loses no part and goes on."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kept:
    """A function of a job, whose result is read from a file if the same code has written it before.

    A process of a pool can be given it. Results must be such that JSON gives them back as they were.

    Args:
        folder: where the files are, one a job.
        code: a digest of the code that `run` depends on; a file with another one is not read.
        run: what is done for a job.
    """

    folder: Path
    code: str
    run: Callable[[tuple[str, str]], Any]

    def __call__(self, job: tuple[str, str]) -> tuple[Any, float]:
        """What `run` gives for a job, and the seconds that it took when it ran."""
        path = self.folder / f"{'-'.join(job)}.json"
        if path.is_file():
            part = json.loads(path.read_text(encoding="utf-8"))
            if part["code"] == self.code:
                return part["found"], part["seconds"]
        start = time.monotonic()
        found = self.run(job)
        seconds = time.monotonic() - start
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = path.with_suffix(".new")  # a file that is broken off in the middle is never read
        part = {"code": self.code, "seconds": seconds, "found": found}
        whole.write_text(json.dumps(part), encoding="utf-8", newline="\n")
        whole.replace(path)
        return found, seconds
