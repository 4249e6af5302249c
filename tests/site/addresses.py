"""Every address that the site has published: `python3 scripts/dev.py addresses` adds the new ones.

An address in addresses.txt is kept for ever. Who moves or removes a page leaves a redirect in mkdocs.yml.
"""

import re
import sys
import tempfile
from pathlib import Path

from scripts.devtools import building, say

LIST = Path(__file__).with_name("addresses.txt")
HEAD = """\
# Every address that the site has published, below its own. None may vanish: a page that moves leaves a
# redirect in mkdocs.yml. `python3 scripts/dev.py addresses` adds new ones.
"""


def answered(site: Path) -> set[str]:
    """The addresses of the pages and redirects of a built site.

    `page.html` may be a file or a folder with an index: a host answers both.
    """
    files = {p.relative_to(site).as_posix() for p in site.rglob("*.html") if p.is_file()}
    found = {re.sub(r"(^|/)index\.html$", r"\1", path) for path in files - {"404.html"}}
    return {re.sub(r"\.html/$", ".html", address) for address in found}


def known() -> set[str]:
    """The addresses in the list; the entrance is written as a slash."""
    lines = LIST.read_text(encoding="utf-8").splitlines() if LIST.is_file() else []
    return {line.removeprefix("/") for line in lines if line and not line.startswith("#")}


def write(addresses: set[str]) -> None:
    """Write the list."""
    lines = [address or "/" for address in sorted(addresses)]
    LIST.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def main() -> int:
    """Build the site and add what is new; 1 if an address has vanished."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            building.build(Path(folder) / "site", echo=False, strict=False)
        except say.Stop as problem:
            say.error(str(problem))
            return problem.code
        now = answered(Path(folder) / "site")
    new, lost = sorted(now - known()), sorted(known() - now)
    for address in new:
        say.line(f"new: {address or '/'}")
    for address in lost:
        say.error(f"{address} has vanished: add a redirect to mkdocs.yml.")
    write(known() | now)
    say.line(f"{len(new)} new, {len(known())} in all.")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
