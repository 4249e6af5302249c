"""Drives Firefox and WebKitGTK, each by the protocol that it understands without a further program.

Firefox has Marionette built in: JSON with its length in front, over a socket. WebKitGTK has a driver of
its own that answers WebDriver over HTTP. The commands and their answers are the same.
"""

import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar

HOW = {
    "firefox": "No Firefox was found: `apt install firefox-esr` brings it.",
    "webkit": "No WebKitGTK was found: `apt install webkit2gtk-driver xvfb` brings it.",
}
PATIENCE = 30.0  # seconds for anything
# No first-run pages, no calls home, and a console that keeps what pages say.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "marionette.port": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "data:,",
}

# The selection begins inside the first displayed formula of a page and ends in the text that follows it.
SELECT = """
const equation = document.querySelector(".equation");
const range = document.createRange();
range.setStart(equation.querySelector("mi, mo").firstChild, 0);
range.setEndAfter(equation.nextElementSibling);
getSelection().removeAllRanges();
getSelection().addRange(range);
"""
# An event that no user has caused carries no clipboard in some engines: a sheet stands for it.
COPY = """
const event = new Event("copy", {bubbles: true, cancelable: true});
const sheet = {};
Object.defineProperty(event, "clipboardData", {value: {setData: (type, text) => { sheet[type] = text; }}});
document.body.dispatchEvent(event);
return [event.defaultPrevented, sheet["text/plain"]];
"""


class Fault(Exception):
    """The engine did not do what it was told."""


class Absent(Exception):
    """An engine is not at hand; the message says how to get it."""


class Engine:
    """One window of a browser."""

    name: str

    def ask(self, command: str, **parameters: Any) -> Any:
        """Send a command of WebDriver by its name in Marionette, and return its value."""
        raise NotImplementedError

    def goto(self, url: str) -> None:
        """Open an address, and wait until all of it is there."""
        self.ask("Navigate", url=url)

    def run(self, script: str, *arguments: object) -> Any:
        """Run the body of an asynchronous function in the page."""
        body = (
            "const done = arguments[arguments.length - 1];"
            f"(async (...given) => {{ {script} }})(...arguments)"
            ".then(value => done({value}), error => done({error: `${error}\\n${error.stack}`}));"
        )
        found = self.ask("ExecuteAsyncScript", script=body, args=list(arguments))
        if "error" in found:
            raise Fault(f"{self.name}: {found['error']}")
        return found.get("value")

    def resize(self, width: int, height: int) -> None:
        """Give the page a size in CSS pixels; a window may refuse to be narrower than 450."""
        for _ in range(2):
            inner = self.run("return [innerWidth, innerHeight];")
            outer = self.ask("GetWindowRect")
            self.ask(
                "SetWindowRect",
                width=outer["width"] + width - inner[0],
                height=outer["height"] + height - inner[1],
            )
            self.run(
                "const end = performance.now() + 1500;"
                "while (innerWidth !== given[0] && performance.now() < end)"
                "  await new Promise(done => setTimeout(done, 20));",
                width,
            )

    def screenshot(self, path: Path) -> None:
        """What the window shows, as PNG."""
        path.write_bytes(base64.b64decode(self.ask("TakeScreenshot", full=False)))


class Firefox(Engine):
    """Firefox, by Marionette."""

    name = "firefox"

    def __init__(self, binary: str, stack: ExitStack) -> None:
        profile = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firefox")))
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines), encoding="ascii")
        command = [binary, "--marionette", "--headless", "--no-remote", "--profile", str(profile)]
        stack.enter_context(running(command, {**os.environ, "HOME": str(profile)}))
        place = profile / "MarionetteActivePort"
        port = wait(lambda: place.is_file() and place.read_text("ascii").strip())
        self.socket = wait(lambda: socket.create_connection(("127.0.0.1", int(port)), PATIENCE))
        self.file = stack.enter_context(self.socket.makefile("rb"))
        stack.callback(self.socket.close)
        self.count = 0
        self.read()
        self.ask("NewSession")

    def read(self) -> Any:
        """One message."""
        length = b""
        while (sign := self.file.read(1)) != b":":
            if not sign:
                raise Fault("firefox has closed the connection")
            length += sign
        return json.loads(self.file.read(int(length)))

    def ask(self, command: str, **parameters: Any) -> Any:
        self.count += 1
        message = json.dumps([0, self.count, f"WebDriver:{command}", parameters]).encode()
        self.socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, found = self.read()
        if error:
            raise Fault(f"firefox: {command}: {error['message']}")
        return found["value"] if isinstance(found, dict) and set(found) == {"value"} else found


class WebKit(Engine):
    """WebKitGTK's small browser, by its driver."""

    name = "webkit"
    WAYS: ClassVar = {
        "Navigate": ("POST", "/url"),
        "ExecuteAsyncScript": ("POST", "/execute/async"),
        "GetWindowRect": ("GET", "/window/rect"),
        "SetWindowRect": ("POST", "/window/rect"),
        "TakeScreenshot": ("GET", "/screenshot"),
        "DeleteSession": ("DELETE", ""),
    }

    def __init__(self, binary: str, stack: ExitStack) -> None:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="webkit"))
        given = {**os.environ, "HOME": home, "XDG_RUNTIME_DIR": home, "GDK_BACKEND": "x11"}
        given |= {"LIBGL_ALWAYS_SOFTWARE": "1", "WEBKIT_DISABLE_COMPOSITING_MODE": "1"}
        given["DISPLAY"] = stack.enter_context(display(Path(home)))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        stack.enter_context(running([binary, f"--port={port}"], given))
        wait(lambda: socket.create_connection(("127.0.0.1", port), 1)).close()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        stack.callback(self.connection.close)
        wanted = {"webkitgtk:browserOptions": {"args": ["--automation"]}}
        self.session = ""
        made = self.send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{made['sessionId']}"
        stack.callback(self.ask, "DeleteSession")

    def send(self, method: str, path: str, parameters: dict[str, Any]) -> Any:
        """One request."""
        body = json.dumps(parameters) if method == "POST" else None
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        found = json.loads(self.connection.getresponse().read())["value"]
        if isinstance(found, dict) and "error" in found and "message" in found:
            raise Fault(f"webkit: {path}: {found['error']}: {found['message']}")
        return found

    def ask(self, command: str, **parameters: Any) -> Any:
        method, path = self.WAYS[command]
        return self.send(method, self.session + path, parameters)


def wait(ask: Any) -> Any:
    """What `ask` gives as soon as it gives something."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if found := ask():
                return found
        except OSError:
            if time.monotonic() > end:
                raise
        if time.monotonic() > end:
            raise Fault("a browser does not start")
        time.sleep(0.02)


@contextmanager
def running(command: list[str], given: dict[str, str]) -> Iterator[None]:
    """A program that says nothing and ends with us."""
    null = subprocess.DEVNULL
    with subprocess.Popen(command, env=given, stdin=null, stdout=null, stderr=null) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def display(home: Path) -> Iterator[str]:
    """An X server without a screen; it chooses a free number and writes it to a pipe."""
    program = shutil.which("Xvfb")
    if not program:
        raise Absent(HOW["webkit"])
    reading, writing = os.pipe()
    command = [
        program,
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "1920x1400x24",
        "-nolisten",
        "tcp",
    ]
    null = subprocess.DEVNULL
    with subprocess.Popen(
        command, pass_fds=[writing], cwd=home, stdout=null, stderr=null
    ) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as answer:
                number = answer.readline().strip()
            if not number:
                raise Fault("Xvfb does not start")
            yield f":{number}"
        finally:
            server.terminate()


@contextmanager
def start(name: str) -> Iterator[Engine]:
    """An engine by its name.

    Raises:
        Absent: if it is not at hand.
        Fault: if it does not start.
    """
    programs = {
        "firefox": shutil.which("firefox-esr") or shutil.which("firefox"),
        "webkit": shutil.which("WebKitWebDriver") if shutil.which("Xvfb") else None,
    }
    binary = programs[name]
    if not binary:
        raise Absent(HOW[name])
    with ExitStack() as stack:
        yield Firefox(binary, stack) if name == "firefox" else WebKit(binary, stack)
