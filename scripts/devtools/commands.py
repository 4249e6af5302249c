"""The verbs of `python3 scripts/dev.py`."""

import argparse
import errno
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from scripts.devtools import building, environment, mutex, passing, say
from scripts.devtools.environment import Environment
from scripts.devtools.processes import quietly, run, variables
from scripts.devtools.say import Stop

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "python3 scripts/dev.py"
LINES = 60  # of a checker are shown
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".cache")


def serve(arguments: list[str]) -> int:
    """read and edit the site: a saved page shows at once"""
    parser = options("serve", serve)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at (%(default)s)")
    parser.add_argument(
        "--name", action="append", default=[], help="a further host name to answer to"
    )
    wanted = parser.parse_args(arguments)
    free(wanted.host, wanted.port)
    env = environment.ensure(ROOT)
    host, port = str(wanted.host), str(wanted.port)
    if (ROOT / "scripts" / "serve.py").is_file():
        names = [f"--name={name}" for name in wanted.name]
        names += [f"--parent={os.getpid()}"]
        return run(env, "scripts.serve", "--host", host, "--port", port, *names)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    say.line(f"The site will be at http://{place}/ (Ctrl-C ends it).")
    return run(env, "mkdocs", "serve", "--dev-addr", place)


def build(arguments: list[str]) -> int:
    """make the site as static files in site/"""
    parser = options("build", build)
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="folder to write (site)")
    parser.add_argument("--verbose", action="store_true", help="show all that the builder says")
    wanted = parser.parse_args(arguments)
    out = wanted.out.absolute()
    env = environment.ensure(ROOT)
    started = time.monotonic()
    building.build(out, python=str(env.python), verbose=wanted.verbose, variables=variables(env))
    pages = sum(1 for _ in out.rglob("index.html"))
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
    seconds = time.monotonic() - started
    say.line(f"Built {pages} addresses, {size:.1f} MB, into {out} in {seconds:.1f} s.")
    return 0


def check(arguments: list[str]) -> int:
    """say what is wrong with the pages (--build: and the site): file, line, why, how to mend it"""
    arguments = passing.from_here(arguments, passing.CHECK, ROOT, Path.cwd())
    env = environment.ensure(ROOT)
    if "--build" not in arguments:
        return run(env, "scripts.checker", *arguments, apart=True)
    site = ROOT / "site"
    rest = [argument for argument in arguments if argument != "--build"]
    code = 0
    try:  # what the builder says goes beside the report, which may be read by a program
        building.build(site, python=str(env.python), echo=False, variables=variables(env))
        rest += ["--site", str(site)]
    except Stop as problem:
        say.error(str(problem))
        code = problem.code
    return max(code, run(env, "scripts.checker", *rest, apart=True))


def test(arguments: list[str]) -> int:
    """run all tests; arguments go to pytest"""
    arguments = passing.from_here(arguments, passing.TEST, ROOT, Path.cwd())
    env = environment.ensure(ROOT, test=True)
    steps = {
        "ruff check": ["ruff", "check", "--output-format", "concise"],
        "ruff format": ["ruff", "format", "--check", "--output-format", "concise"],
        "mypy": ["mypy", "--no-error-summary"],
    }
    summary = []
    failed = False
    for name, command in steps.items():
        with say.step(name):
            started = time.monotonic()
            done = quietly(env, *command)
        seconds = time.monotonic() - started
        if done.returncode:
            failed = True
            lines = done.stdout.rstrip().splitlines()
            say.line("\n".join(lines[-LINES:]))
            if len(lines) > LINES:
                say.line(f"… and {len(lines) - LINES} lines before these.")
        summary.append(f"{name}: {'FAILED' if done.returncode else 'passed'} ({seconds:.1f} s)")
    os.environ["DEV_TEST_SUMMARY"] = "\n".join(summary)
    code = run(env, "pytest", *(arguments or spread()))
    return code or int(failed)


def spread() -> list[str]:
    """How pytest shares the work when all tests run.

    One process more than there are cores: tests in a browser wait for its frames half of the time.
    """
    return ["-n", str(min(5, (os.cpu_count() or 1) + 1)), "--dist", "worksteal"]


def lock(arguments: list[str]) -> int:
    """write the lock files anew from pyproject.toml"""
    from scripts.devtools import lockfile

    parser = options("lock", lock)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    return lockfile.lock(ROOT, parser.parse_args(arguments).upgrade)


def new(arguments: list[str]) -> int:
    """make an empty page with its companions: new KIND FOLDER/NAME"""
    return run(environment.ensure(ROOT), "scripts.new", *arguments)


def move(arguments: list[str]) -> int:
    """rename a page with all that belongs to it: move FOLDER/NAME FOLDER/NAME"""
    return run(environment.ensure(ROOT, test=True), "scripts.move", *arguments)


def make(arguments: list[str]) -> int:
    """make anew what a machine makes and what is out of date: make [NAME …]"""
    return run(environment.ensure(ROOT, test=True), "scripts.make", *arguments)


def equations(arguments: list[str]) -> int:
    """how each displayed equation is held by tests; --lock ID writes what is printed now"""
    return run(environment.ensure(ROOT, test=True), "scripts.printed", *arguments)


def links(arguments: list[str]) -> int:
    """ask for every address outside that the pages name"""
    arguments = passing.from_here(arguments, passing.LINKS, ROOT, Path.cwd())
    return run(environment.ensure(ROOT), "scripts.outside.links", *arguments)


def addresses(arguments: list[str]) -> int:
    """add the addresses of new pages to the list of those that must never vanish"""
    options("addresses", addresses).parse_args(arguments)
    return run(environment.ensure(ROOT), "tests.site.addresses")


def clean(arguments: list[str]) -> int:
    """remove .venv, site/ and all caches"""
    options("clean", clean).parse_args(arguments)
    found = [ROOT / name for name in (".venv", *CACHES)]
    found += [*ROOT.glob(".venv.*.old"), *ROOT.glob(".site.*")]
    if (ROOT / "site").is_dir() and building.is_site(ROOT / "site"):
        found.append(ROOT / "site")
    for folder in ("docs", "scripts", "tests", "overrides"):
        found += (ROOT / folder).rglob("__pycache__")
    gone = []
    with mutex.locked(ROOT):
        for path in found:
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                continue
            gone.append(path.relative_to(ROOT).as_posix())
    caches = sum(name.endswith("__pycache__") for name in gone)
    told = [name for name in gone if not name.endswith("__pycache__")]
    told += [f"{caches} folders of bytecode"] if caches else []
    say.line(f"Removed {', '.join(told)}." if told else "There was nothing to remove.")
    return 0


VERBS: dict[str, Callable[[list[str]], int]] = {
    "serve": serve,
    "build": build,
    "check": check,
    "test": test,
    "new": new,
    "move": move,
    "make": make,
    "equations": equations,
    "addresses": addresses,
    "links": links,
    "lock": lock,
    "clean": clean,
}


# Verbs with a parser of their own; how the others are used, and the program that gets what they are given.
PARSED = {"serve", "build", "addresses", "lock", "clean"}
PASSED: dict[str, tuple[str, str]] = {
    "check": ("[--build] [OPTION …] [PAGE …]", "scripts.checker"),
    "test": ("[TEST …] [OPTION OF PYTEST …]", ""),
    "new": ("KIND FOLDER/NAME [OPTION …]", "scripts.new"),
    "move": ("FOLDER/NAME FOLDER/NAME", "scripts.move"),
    "make": ("[NAME …]", "scripts.make"),
    "links": ("[OPTION …]", "scripts.outside.links"),
    "equations": ("[OPTION …]", "scripts.printed"),
}


def main(arguments: list[str]) -> int:
    """Run a verb. Returns the exit code: 0, 1 for findings, 2 if it could not run, 130 for Ctrl-C."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        say.line(usage())
        return 0 if arguments else say.COULD_NOT_RUN
    verb = VERBS.get(arguments[0])
    if verb is None:
        say.error(f"There is no command {arguments[0]!r}: use one of {', '.join(VERBS)}.")
        return say.COULD_NOT_RUN
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, terminated)
    try:
        if passing.wants_help(arguments):
            if arguments[0] in PARSED:
                return verb(arguments[1:])
            return explain(arguments[0], *PASSED.get(arguments[0], ("[ARGUMENT …]", "")))
        building.restore(ROOT / "site")
        return verb(arguments[1:])
    except Stop as problem:
        say.error(str(problem))
        return problem.code
    except KeyboardInterrupt:
        say.error("Stopped.")
        return say.INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (the interpreter flushes it at its end)
        return say.FINDINGS
    except OSError as problem:
        say.error(why(problem))
        return say.COULD_NOT_RUN


def usage() -> str:
    """What can be run."""
    verbs = [f"  {name:<9} {verb.__doc__}" for name, verb in VERBS.items()]
    return "\n".join([f"{PROGRAM} COMMAND [--help]", "", *verbs])


def options(name: str, verb: Callable[[list[str]], int]) -> argparse.ArgumentParser:
    """A parser for the options of a verb."""
    return argparse.ArgumentParser(prog=f"{PROGRAM} {name}", description=verb.__doc__)


def explain(name: str, usage: str, module: str = "") -> int:
    """Tell what a verb does, and the options of the program that it runs if that is installed already."""
    say.line(f"usage: {PROGRAM} {name} {usage}\n\n{VERBS[name].__doc__}")
    if name == "test":
        say.line("\nFor instance: test tests/models/test_vae.py, test -k word, test -x --tb short")
    try:
        ready = module and environment.fault(Environment(ROOT), test=False) is None
    except Stop:
        ready = False
    if ready:
        say.line("")
        return run(Environment(ROOT), module, "--help")
    return 0


def why(problem: OSError) -> str:
    """One line for what the system refused."""
    what = problem.filename or ROOT
    if problem.errno == errno.ENOSPC:
        return "The disk is full: make room, then run this again."
    if problem.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return f"{what} cannot be written: {problem.strerror}."
    return f"{what}: {problem.strerror or problem}."


def terminated(number: int, frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, but with the exit code of the signal."""
    raise Stop("Ended from outside.", 128 + number)


def free(host: str, port: int) -> None:
    """Make sure that nobody listens at an address.

    Raises:
        Stop: if it cannot be used; the message names another.
    """
    if not 0 < port < 65536:
        raise Stop(f"There is no port {port}: choose one between 1024 and 65535 with --port.")
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if os.name != "nt":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except socket.gaierror:
        raise Stop(f"There is no address {host!r}: leave --host away, or give one.") from None
    except PermissionError:
        raise Stop(
            f"Port {port} is not yours to use: choose one from 1024 on with --port."
        ) from None
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            text = f"Port {port} is in use: choose another, for instance --port {port + 1}."
        else:
            text = f"Cannot listen at {host}, port {port}: {problem.strerror}."
        raise Stop(text) from None
