"""What the libraries do around a tool, with the standard library: a schema from a function, requests as in MCP."""

import inspect
import json
from collections.abc import Callable
from typing import Any

KINDS = {int: "integer", float: "number", str: "string", bool: "boolean"}


def price(item: str) -> int:
    """Price of one item."""
    return {"pen": 3, "pad": 5}[item]


# --8<-- [start:schema]
def schema(tool: Callable[..., Any]) -> dict[str, Any]:
    """The JSON Schema of a function's arguments, from its signature; its docstring is what the model reads."""
    takes = inspect.signature(tool).parameters
    fields = {name: {"type": KINDS[p.annotation]} for name, p in takes.items()}
    given = [name for name, p in takes.items() if p.default is p.empty]
    form = {"type": "object", "properties": fields, "required": given}
    return {"name": tool.__name__, "description": inspect.getdoc(tool), "inputSchema": form}
    # --8<-- [end:schema]


# --8<-- [start:serve]
def serve(line: str, tools: list[Callable[..., Any]]) -> str:
    """One answer to tools/list or tools/call: what a tool raises is a text for the model, an unknown tool is not."""
    asked = json.loads(line)
    answer: dict[str, Any] = {"resultType": "complete"}
    named = {tool.__name__: tool for tool in tools}
    if asked["method"] == "tools/list":
        answer |= {"tools": [schema(tool) for tool in tools], "ttlMs": 0, "cacheScope": "public"}
    elif (name := asked["params"]["name"]) not in named:
        error = {"code": -32602, "message": f"Unknown tool: {name}"}
        return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error})
    else:
        try:
            text, wrong = str(named[name](**asked["params"]["arguments"])), False
        except (KeyError, TypeError, ValueError) as error:
            text, wrong = f"{type(error).__name__}: {error}", True
        answer |= {"content": [{"type": "text", "text": text}], "isError": wrong}
    return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answer})
    # --8<-- [end:serve]


def main() -> None:
    """What a client asks first, and one call."""
    for method, params in (
        ("tools/list", {}),
        ("tools/call", {"name": "price", "arguments": {"item": "pen"}}),
    ):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        print(serve(line, [price]))


if __name__ == "__main__":
    main()
