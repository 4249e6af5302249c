"""Find the browser that the tests drive: the system's Chromium, Chrome or Edge."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

HOW = (
    "No Chromium or Chrome was found: install one (for instance `apt install chromium`), set CHROMIUM "
    "to its path, or run `.venv/bin/python -m playwright install chromium`."
)
DRIVER = (
    "Playwright, which drives the browser, does not start: on a bare Debian or Ubuntu it needs "
    "`apt install libatomic1`."
)
# First the one without windows: it needs half the time of the others.
NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
WINDOWS = (
    r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)


def candidates() -> Iterator[str]:
    """Every browser at hand, the wanted one first; CHROMIUM, if set, is the only one."""
    wanted = os.environ.get("CHROMIUM")
    if wanted:
        yield wanted
        return
    for name in NAMES:
        path = shutil.which(name)
        if path:
            yield path
    places = []
    if sys.platform == "darwin":
        folders = [Path("/Applications"), Path.home() / "Applications"]
        places = [folder / name for folder in folders for name in MAC]
    elif os.name == "nt":
        roots = [os.environ.get(n) for n in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")]
        places = [Path(root) / name for root in roots if root for name in WINDOWS]
    for place in places:
        if place.is_file():
            yield str(place)


# A window with a head prepares a page for each list of its address bar, which takes longer than a page of
# ours. The others are those of Playwright's own list that matter here: of two lists the last one counts.
WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
)


def arguments() -> list[str]:
    """Root, and a container as CI uses it, cannot have Chromium's sandbox."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    without = f"--disable-features={','.join(WITHOUT)}"
    return ["--disable-gpu", without, *(["--no-sandbox"] if root or os.environ.get("CI") else [])]
