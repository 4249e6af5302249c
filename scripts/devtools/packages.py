"""Install packages with whatever pip there is, and say in a line why it could not."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.devtools.say import Stop

# What a person's own settings of pip may not change here; where it finds packages they may.
NEVER = {
    "PIP_CONSTRAINT",
    "PIP_DRY_RUN",
    "PIP_NO_BINARY",
    "PIP_PREFIX",
    "PIP_PYTHON",
    "PIP_REQUIREMENT",
    "PIP_ROOT",
    "PIP_TARGET",
}
SETTINGS = {
    "PIP_USER": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_RETRIES": "2",
}


class Pip:
    """Some pip that can install into the environment.

    The running Python's own, told to install elsewhere; else the one that `ensurepip` unpacks; else one
    on the path.
    """

    def __init__(self, root: Path, python: Path, variables: dict[str, str]) -> None:
        self.root = root
        self.python = python
        kept = {name: value for name, value in variables.items() if name not in NEVER}
        self.variables = {**kept, **SETTINGS}
        self.command = self.find()

    def find(self) -> list[str]:
        """The command with which pip installs into the environment."""
        there = ["--python", str(self.python)]
        if has_pip():
            return [sys.executable, "-m", "pip", *there]
        own = [str(self.python), "-m"]
        if self.run([*own, "ensurepip", "--upgrade"]).returncode == 0:
            return [*own, "pip"]
        for name in ("pip3", "pip"):
            path = shutil.which(name)
            if path and self.run([path, *there, "--version"]).returncode == 0:
                return [path, *there]
        raise Stop(
            f"{sys.executable} has no pip: install it (on Debian and Ubuntu: apt install python3-pip; "
            f"elsewhere: {Path(sys.executable).name} -m ensurepip), then run this again."
        )

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pip."""
        return self.run([*self.command, *arguments])

    def lock(self, path: Path, tell: Callable[[int], None]) -> None:
        """Install what a lock file names, telling how many packages are collected.

        Raises:
            Stop: if that cannot be; the message says why.
        """
        arguments = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"]
        arguments += ["-r", str(path)]
        done = self.run([*self.command, "install", *arguments], tell)
        if done.returncode:
            raise explain(done.stdout)

    def run(
        self, command: list[str], tell: Callable[[int], None] = lambda _: None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command without a word, but keep what it says."""
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        said = []
        count = 0
        try:
            assert process.stdout is not None
            for text in process.stdout:
                said.append(text)
                if text.startswith("Collecting "):
                    count += 1
                    tell(count)
            return subprocess.CompletedProcess(command, process.wait(), "".join(said))
        except BaseException:
            process.terminate()
            process.wait()
            raise


def has_pip() -> bool:
    """Whether the running Python has a pip that knows `--python` (22.3 and later)."""
    from importlib import metadata

    try:
        major, minor = metadata.version("pip").split(".")[:2]
        return (int(major), int(minor)) >= (22, 3)
    except (metadata.PackageNotFoundError, ValueError):
        return False


# What different versions of pip and systems say of one fault.
TRUST = re.compile(
    r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSLCertVerificationError"
    r"|certificate is not (?:trusted|valid)|self[- ]signed certificate"
)
REFUSED = re.compile(
    r"HTTP error (40[137]|429|5\d\d)|\b(40[137]|429|5\d\d) (?:Client |Server )?Error"
    r"|too many (5\d\d) error responses"
)
NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|ConnectionReset"
    r"|[Nn]ame resolution|Name or service not known|Network is unreachable|Connection refused"
    r"|getaddrinfo failed|nodename nor servname|RemoteDisconnected"
)


def explain(said: str) -> Stop:
    """Why pip failed, in a line, from what it said, and what to do."""
    again = "then run this again."
    if "No space left on device" in said or "Errno 28" in said:
        return Stop(f"The disk is full: make room, {again}")
    if "DO NOT MATCH THE HASHES" in said:
        names = re.search(r"^\s+(\S+)==\S+ from", said, re.M)
        what = names[1] if names else "A package"
        return Stop(f"{what} is not the file that was locked (its hash differs): {again}")
    if TRUST.search(said):
        return Stop(
            "pip does not trust the certificate of its package index: "
            f"set PIP_CERT to the certificates of your network, {again}"
        )
    tls = re.search(r"SSLError\(.*?\[SSL: (\w+)\]|\b(SSL\w*Error)\b", said)
    if tls:
        reason = (tls[1] or tls[2]).replace("_", " ").lower()
        return Stop(
            f"pip has no secure connection to its package index ({reason}): mend it, {again}"
        )
    if "is not a trusted or secure host" in said:
        return Stop(
            "pip does not trust its package index, which has no https: give it an address that has "
            f"(PIP_INDEX_URL), or name its host in PIP_TRUSTED_HOST, {again}"
        )
    refused = REFUSED.search(said)
    if refused:
        code = next(filter(None, refused.groups()))
        return Stop(f"The package index of pip refuses to answer (HTTP {code}): mend that, {again}")
    if NETWORK.search(said):
        return Stop(f"No network: pip could not reach its package index. Connect, {again}")
    missing = re.search(r"No matching distribution found for (\S+)", said)
    if missing:
        version = platform.python_version()
        return Stop(f"pip finds no {missing[1]} for Python {version} on {platform.machine()}.")
    denied = re.search(r"(Permission denied|Read-only file system): (.+)", said)
    if denied:
        return Stop(f"{denied[2].strip()} cannot be written ({denied[1]}).")
    last = [text.rstrip() for text in said.splitlines() if text.strip()][-8:]
    return Stop(
        "\n".join([*last, "pip could not install what is locked; its last lines are above."])
    )
