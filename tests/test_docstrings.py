"""The docstring of every function with tensors states shapes, errors and source.

A function's tensors are those of its signature. The docstring names the shape of each argument behind
its name, `x, y (N, D)` or `x: (N, D)`, and the shape of what is returned, which may also stand in the
comment behind `return`. `()` is a single number.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
FILES = sorted(path for path in DOCS.rglob("*.py") if "__pycache__" not in path.parts)
KEYS = set(
    re.findall(
        r"^@\w+\{([^,\s]+),", (DOCS / "references/bibliography.bib").read_text("utf-8"), re.M
    )
)
ARRAYS = {"Tensor", "ndarray", "NDArray"}
SIZE = r"(?:\.\.\.|…|[\w·]+(?: ?[-+*/] ?[\w·]+)*)"
SHAPE = rf"\((?:|\.\.\.|…|{SIZE},|{SIZE}(?:, {SIZE})+)\)"

# Calls of something that raises, with arguments for which it cannot.
SAFE = {
    ("reinforcement", "learn"): "the logits are made with the shape of the rewards",
    ("gpt", "by_hand"): "the shape of the example is one that holds",
    ("refining", "Diffusion.sample"): "it has a path of its own, which does not raise",
}


@dataclass
class Found:
    """A function, or a class with its fields and its constructor."""

    module: str
    name: str
    doc: str
    line: int
    tensors: list[str] = field(default_factory=list)  # names of arguments
    names: list[str] = field(default_factory=list)  # of all arguments
    returned: int = 0  # tensors
    comments: str = ""  # behind `return`
    raises: bool = False
    owner: str = ""  # the docstring of a method's class, which may say what its methods raise

    def says_what_it_raises(self) -> bool:
        """Whether it, or its class, names an error."""
        return "Raises" in self.doc + self.owner


def words(node: ast.AST | None) -> list[str]:
    """The names in an annotation."""
    found = [] if node is None else list(ast.walk(node))
    return [n.id for n in found if isinstance(n, ast.Name)] + [
        n.attr for n in found if isinstance(n, ast.Attribute)
    ]


def raising(node: ast.AST) -> bool:
    """Whether a statement in it raises."""
    return any(isinstance(n, ast.Raise) for n in ast.walk(node))


def called(node: ast.AST) -> set[str]:
    """The names of the functions, methods of its own object and classes that it calls."""
    calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
    plain = {f.id for f in calls if isinstance(f, ast.Name)}
    own = {
        f.attr
        for f in calls
        if isinstance(f, ast.Attribute)
        and isinstance(f.value, ast.Name)
        and f.value.id in {"self", "model"}
    }
    return plain | own


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef, ast.ClassDef | None]]:
    """The functions and methods of a module, those with an underscore included."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node, None
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    name = node.name if inner.name == "__init__" else f"{node.name}.{inner.name}"
                    yield name, inner, node


def look(path: Path) -> list[Found]:
    """Every public function, method and class with fields or a constructor."""
    text = path.read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.split("\n")
    wrongs = {
        name.split(".")[-1] for name, node, _ in functions(tree) if raising(node)
    }  # these raise themselves
    found = []
    for name, node, owner in functions(tree):
        if any(part.startswith("_") for part in name.split(".")) or name == "main":
            continue
        documented = owner if owner is not None and name == owner.name else node
        arguments = [a for a in [*node.args.args, *node.args.kwonlyargs] if a.arg != "self"]
        returns = [n for n in ast.walk(node) if isinstance(n, ast.Return)]
        found.append(
            Found(
                path.stem,
                name,
                " ".join((ast.get_docstring(documented) or "").split()),
                node.lineno,
                [a.arg for a in arguments if ARRAYS & set(words(a.annotation))],
                [a.arg for a in arguments],
                sum(word in ARRAYS for word in words(node.returns)),
                " ".join(
                    lines[n.end_lineno - 1].partition("#")[2] for n in returns if n.end_lineno
                ),
                raising(node) or bool((called(node) - {name}) & wrongs),
                (ast.get_docstring(owner) or "") if owner is not None else "",
            )
        )
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            fields = [f for f in node.body if isinstance(f, ast.AnnAssign)]
            own = [f.target.id for f in fields if isinstance(f.target, ast.Name)]
            with_tensors = [n for n, f in zip(own, fields, strict=True) if ARRAYS & set(words(f))]
            doc = " ".join((ast.get_docstring(node) or "").split())
            found.append(Found(path.stem, node.name, doc, node.lineno, with_tensors, own))
        if isinstance(node, ast.Assign) and ARRAYS & set(words(node.value)):
            target = node.targets[0]
            if isinstance(target, ast.Name) and not isinstance(node.value, ast.Call):
                comment = lines[(node.end_lineno or 1) - 1].partition("#")[2]
                found.append(Found(path.stem, target.id, comment, node.lineno, [], [], 1, comment))
    return found


ALL = {path: look(path) for path in FILES}
WITH_TENSORS = [
    (path, one) for path, found in ALL.items() for one in found if one.tensors or one.returned
]


def show(path: Path, one: Found) -> str:
    """A function as it is named in a message."""
    return f"{path.relative_to(ROOT).as_posix()}:{one.line}: {one.name}"


def stated(one: Found, name: str) -> re.Match[str] | None:
    """Where the docstring gives the shape of an argument."""
    others = "|".join(map(re.escape, one.names)) or "-"
    return re.search(rf"\b{re.escape(name)}(?:(?:,| and) (?:{others}))*:? {SHAPE}", one.doc)


def unstated(one: Found) -> list[str]:
    """The tensors of a signature whose shape the docstring leaves out."""
    missing = [name for name in one.tensors if not stated(one, name)]
    if not one.returned:
        return missing
    rest = one.doc
    for name in one.tensors:
        if there := stated(one, name):
            rest = rest.replace(there.group(), "")
    shapes = len(re.findall(SHAPE, rest)) + len(re.findall(SHAPE, one.comments))
    each = re.search(r"\beach\b", rest)
    if shapes < (1 if each else one.returned):
        missing.append("what is returned")
    return missing


def test_a_shape_is_stated_behind_the_name_and_for_what_is_returned() -> None:
    def of(doc: str, comment: str = "", returned: int = 1) -> list[str]:
        return unstated(Found("m", "f", doc, 1, ["x", "y"], ["x", "y", "d"], returned, comment))

    assert of("A sum: x, y (N, D) -> (N,).") == []
    assert of("A sum.", returned=0) == ["x", "y"]
    assert of("A sum: x, y (N, D).") == ["what is returned"]
    assert of("A sum: x (N, D) -> ().") == ["y"]
    assert of("x: (N, D). y: (...).", " (B, 3E), (N/2,)", 2) == []
    assert of("x and y (N, D) to both, (N, H·D) each.", returned=2) == []
    assert of("x (data), y (see below) -> (only one thing)") == ["x", "y", "what is returned"]


def test_every_function_with_tensors_states_their_shapes() -> None:
    bad = [f"{show(*each)}: {', '.join(unstated(each[1]))}" for each in WITH_TENSORS]
    bad = [row for row in bad if not row.endswith(": ")]
    assert not bad, f"{len(bad)} of {len(WITH_TENSORS)} leave out a shape:\n" + "\n".join(bad)
    assert len(WITH_TENSORS) > 80


def test_every_public_function_that_raises_says_so() -> None:
    raising_ones = [(path, one) for path, found in ALL.items() for one in found if one.raises]
    bad = [
        show(path, one)
        for path, one in raising_ones
        if not one.says_what_it_raises() and (one.module, one.name) not in SAFE
    ]
    assert not bad, "the docstring names no error:\n" + "\n".join(bad)
    needed = {(one.module, one.name) for _, one in raising_ones if not one.says_what_it_raises()}
    assert needed == set(SAFE), "an exception that is not needed"


def sources(path: Path, one: Found) -> list[str]:
    """What is wrong with the source that a docstring gives."""
    there = re.search(r"Source: (.+)$", one.doc)
    if not there:
        return ["no source"]
    said = re.split(r"\. (?=[A-Z])", there[1])[0]
    page = path.parent.with_suffix(".md").read_text(encoding="utf-8")
    wrong = [
        f"the page has no {name}"
        for name in re.findall(r"\beq-[a-z0-9-]+", said)
        if f"{{#{name}" not in page
    ]
    for part in said.split("; "):
        first = re.split(r"[ ,.]", part)[0]
        if first not in KEYS | {"definition"} and not part.startswith("this page, eq-"):
            wrong.append(f"no key of the bibliography, 'this page, eq-…' or 'definition': {part}")
    return wrong


def test_every_function_with_tensors_gives_its_source() -> None:
    bad = [
        f"{show(path, one)}: {', '.join(sources(path, one))}"
        for path, one in WITH_TENSORS
        if not one.name[0].isupper() or "." in one.name
        if sources(path, one)
    ]
    assert not bad, f"{len(bad)} of {len(WITH_TENSORS)}:\n" + "\n".join(bad)


def test_a_source_is_a_key_an_equation_of_the_page_or_the_definition() -> None:
    path = DOCS / "models/vae/vae.py"

    def of(doc: str) -> list[str]:
        return sources(path, Found("vae", "f", doc, 1))

    assert of("A sum. Source: kingma2014auto, eq. 10.") == []
    assert of("A sum. Source: definition. Raises ValueError if not.") == []
    assert of("A sum. Source: this page, eq-vae-kl; kingma2014auto.") == []
    assert of("A sum.") == ["no source"]
    assert of("A sum. Source: nobody2024nothing.")
    assert of("A sum. Source: this page, eq-vae-nothing.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_public_function_has_a_docstring(path: Path) -> None:
    assert not [show(path, one) for one in ALL[path] if not one.doc]
