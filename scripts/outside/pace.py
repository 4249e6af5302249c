"""How fast each host is asked: one pause a host, longer once it has said that it is too short."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

SLOWEST = 10.0  # the pause grows to this and no further


class Later(Exception):
    """A host asks for a wait that is longer than we have."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


@dataclass
class Host:
    """When a host may be asked again, how long the pause is, and how often in a row it said 429."""

    pause: float
    free: float = 0.0
    refusals: int = 0


class Pace:
    """Keeps the pauses of all hosts; shared by all who ask.

    Args:
        pause: seconds between two requests to a host at first.
        backoff: the least seconds to wait after a refusal; doubled for each further one in a row.
        patience: the longest wait in seconds.
    """

    def __init__(
        self,
        pause: float,
        backoff: float,
        patience: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pause, self.backoff, self.patience = pause, backoff, patience
        self.sleep, self.clock = sleep, clock
        self.hosts: dict[str, Host] = {}
        self.lock = threading.Lock()

    def wait(self, name: str) -> None:
        """Wait until a host may be asked. Raises Later if that is too long."""
        with self.lock:
            host = self.hosts.setdefault(name, Host(self.pause))
            now = self.clock()
            seconds = max(host.free - now, 0.0)
            if host.refusals and seconds > self.patience:
                raise Later(seconds)
            host.free = now + seconds + host.pause
        if seconds > 0:
            self.sleep(seconds)

    def left(self, name: str) -> float:
        """The seconds until a host may be asked again."""
        with self.lock:
            return max(self.hosts[name].free - self.clock(), 0.0) if name in self.hosts else 0.0

    def refused(self, name: str, asked: float | None) -> None:
        """A host has answered that it is asked too fast, and perhaps how many seconds to wait."""
        with self.lock:
            host = self.hosts.setdefault(name, Host(self.pause))
            seconds = max(asked or 0.0, self.backoff * 2.0 ** float(host.refusals))
            host.refusals += 1
            host.pause = min(max(2 * host.pause, self.backoff), max(SLOWEST, host.pause))
            host.free = max(host.free, self.clock() + seconds)

    def answered(self, name: str) -> None:
        """A host has answered."""
        with self.lock:
            self.hosts.setdefault(name, Host(self.pause)).refusals = 0
