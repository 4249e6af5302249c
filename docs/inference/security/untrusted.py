"""What a model writes is input for the next program: SQL, HTML, links and files, each read wrongly and rightly.

Run as a program it prints both readings of each.
"""

import html
import json
import pickle
import re
import sqlite3
import struct
from array import array
from urllib.parse import urlsplit

NAME = "x' OR '1'='1"  # what the model has taken from a text, in place of a name
RAN: list[str] = []


# --8<-- [start:sql]
def orders(name: str, parameters: bool) -> list[str]:
    """Orders of one customer: the name pasted into the command, or handed over beside it. Source: definition."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE orders (customer TEXT, item TEXT)")
    base.executemany("INSERT INTO orders VALUES (?, ?)", [("Ann", "pen"), ("Bob", "pad")])
    if parameters:
        rows = base.execute("SELECT item FROM orders WHERE customer = ?", (name,))
    else:
        rows = base.execute(f"SELECT item FROM orders WHERE customer = '{name}'")
    found = [item for (item,) in rows]
    base.close()
    return found
    # --8<-- [end:sql]


# --8<-- [start:html]
def page(reply: str, escaped: bool) -> str:
    """A reply as part of a web page. Source: definition."""
    return f"<p>{html.escape(reply) if escaped else reply}</p>"
    # --8<-- [end:html]


# --8<-- [start:links]
def shown(reply: str, hosts: set[str]) -> str:
    """A reply without addresses on hosts that are not on the list, in each form the tests name. Source: definition."""

    def kept(found: re.Match[str]) -> str:
        try:
            parts = urlsplit(found[0].replace("\\", "/"))  # as browsers read it
        except ValueError:
            return "[removed]"
        return found[0] if parts.scheme == "https" and parts.hostname in hosts else "[removed]"

    while (plain := html.unescape(reply)) != reply:  # &#47; is a slash for the renderer
        reply = plain
    start = r"(\b[wW]{3}\.|[a-zA-Z][\w+.-]*\\*:|[/\\][\t\r\n]*[/\\])"  # browsers drop tabs
    return re.sub(start + r"[^\s<>()\[\]\"']+", kept, reply)
    # --8<-- [end:links]


def leaked(reply: str, canary: str) -> bool:
    """Whether a reply holds the canary, letters and digits alone compared, without case."""
    plain = re.sub(r"[\W_]", "", reply).casefold()
    return re.sub(r"[\W_]", "", canary).casefold() in plain


# --8<-- [start:pickle]
def note(text: str) -> None:
    """Stands for any function: it only writes down that it ran. Source: definition."""
    RAN.append(text)


class Weights:
    """An object whose pickle names a function to call when the file is read. Source: definition."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return note, ("code ran",)
        # --8<-- [end:pickle]


# --8<-- [start:plain]
def save(numbers: dict[str, list[float]]) -> bytes:
    """Length of a header, the header as JSON with the number of values of each name, the values. Source: definition."""
    header = json.dumps({name: len(row) for name, row in numbers.items()}).encode()
    body = b"".join(array("d", row).tobytes() for row in numbers.values())
    return struct.pack("<Q", len(header)) + header + body


def load(data: bytes) -> dict[str, list[float]]:
    """The numbers again; nothing in the file can name a function. Source: definition.

    Raises:
        ValueError: the file is longer or shorter than its header says.
    """
    (length,) = struct.unpack("<Q", data[:8])
    sizes = json.loads(data[8 : 8 + length])
    values = array("d", data[8 + length :])
    if sum(sizes.values()) != len(values) or min(sizes.values(), default=0) < 0:
        raise ValueError("the header does not fit the values")
    rows = iter(values)
    return {name: [next(rows) for _ in range(size)] for name, size in sizes.items()}
    # --8<-- [end:plain]


def main() -> None:
    """Both readings of each."""
    print("pasted:", orders(NAME, parameters=False), "handed over:", orders(NAME, parameters=True))
    print(page("<b onclick='x()'>hi</b>", escaped=False))
    print(page("<b onclick='x()'>hi</b>", escaped=True))
    print(
        shown(
            "![chart](https://out.example/p?d=secret) of https://shop.example/a", {"shop.example"}
        )
    )
    pickle.loads(pickle.dumps(Weights()))
    print("pickle read:", RAN, "plain file read:", load(save({"w": [0.5, -1.0]})))


if __name__ == "__main__":
    main()
