"""Text from a stream of tokens, as a program shows it that writes while the model writes."""

import codecs
from collections.abc import Iterable, Iterator


# --8<-- [start:stream]
def stream(tokens: Iterable[int], table: list[bytes]) -> Iterator[str]:
    """Show each token as soon as its bytes make whole characters; `table` says what a token stands for."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for token in tokens:
        yield decoder.decode(table[token])
    yield decoder.decode(b"", final=True)
    # --8<-- [end:stream]
