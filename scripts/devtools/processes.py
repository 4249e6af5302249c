"""Run programs in the environment, and end them with the command that started them."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

from scripts.devtools.environment import Environment
from scripts.devtools.say import Stop


def run(env: Environment, module: str, *arguments: str, apart: bool = False) -> int:
    """Run a module in the environment, in the repository; Ctrl-C ends it first.

    `apart` keeps Ctrl-C from it: several processes would each show where they were. It is ended without
    a word then, with all that it has started.
    """
    command = [str(env.python), "-m", module, *arguments]
    options: dict[str, Any] = {}
    if apart and sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    elif apart:
        options = {"process_group": 0}
    if apart:
        options["stdin"] = subprocess.DEVNULL  # a group in the background may not read
    process = subprocess.Popen(command, cwd=env.root, env=variables(env), **options)
    try:
        code = process.wait()
    except BaseException as reason:
        if apart:
            end_all(process)
        else:
            if isinstance(reason, Stop):
                process.terminate()
            end(process)
        raise
    if code == -signal.SIGINT:
        raise KeyboardInterrupt
    return code if code >= 0 else 128 - code


def end(process: subprocess.Popen[bytes]) -> None:
    """Let a program end that the same Ctrl-C has reached; insist if it does not."""
    steps = [lambda: None, lambda: process.send_signal(signal.SIGINT), process.terminate]
    for step in steps if os.name != "nt" else steps[::2]:
        try:
            step()
            process.wait(2)
            return
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            continue
    process.kill()
    process.wait()


def end_all(process: subprocess.Popen[bytes]) -> None:
    """End a program that runs apart, with its processes."""
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def quietly(env: Environment, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module and keep what it says."""
    return subprocess.run(
        [str(env.python), "-m", module, *arguments],
        cwd=env.root,
        env=variables(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def variables(env: Environment) -> dict[str, str]:
    """The environment variables of what runs: no notice of the theme's maker, and bytecode in `.venv`.

    There it is in nobody's way, so that a container which forbids it elsewhere need not compile torch,
    matplotlib and the rest in every process: that would take longer than many a test.
    """
    kept = {k: v for k, v in env.variables().items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "NO_MKDOCS_2_WARNING": "1", "PYTHONPYCACHEPREFIX": str(env.bytecode)}
