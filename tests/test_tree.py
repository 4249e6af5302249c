"""One stem: what belongs together has one name, and nothing stands alone."""

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TESTS = ROOT / "tests"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}


def files(pattern: str) -> list[Path]:
    """Files below docs/ outside the shared assets."""
    found = (path for path in DOCS.rglob(pattern) if "assets" not in path.parts)
    return sorted(path for path in found if "__pycache__" not in path.parts)


def stem(path: Path) -> str:
    """The page that a file belongs to: the name of its folder."""
    return path.parent.name


def test_path(path: Path) -> Path:
    """The test of a page's code."""
    folder = TESTS / path.parent.parent.relative_to(DOCS)
    return folder / f"test_{stem(path).replace('-', '_')}.py"


test_path.__test__ = False  # type: ignore[attr-defined]


def name(path: Path) -> str:
    """A path as it is shown."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", files("*.py"), ids=name)
def test_code_has_a_page_and_a_test(path: Path) -> None:
    assert path.parent.with_suffix(".md").exists(), "no page of this stem"
    assert test_path(path).exists(), f"no {name(test_path(path))}"


def imports(module: str, text: str) -> bool:
    """Whether a test imports a module, by a statement or by `import_module("…")`."""
    package, _, last = module.rpartition(".")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == package:
            if last in [alias.name for alias in node.names]:
                return True
        elif (isinstance(node, ast.ImportFrom) and node.module == module) or (
            isinstance(node, ast.Import) and module in [alias.name for alias in node.names]
        ):
            return True
        elif isinstance(node, ast.Call) and node.args:
            called, first = node.func, node.args[0]
            named = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if named == "import_module" and getattr(first, "value", None) == module:
                return True
    return False


@pytest.mark.parametrize("path", files("*.py"), ids=name)
def test_the_test_of_a_page_runs_its_code(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    test = test_path(path)  # or a part of it, such as test_rlhf_language.py
    tests = [test, *sorted(test.parent.glob(f"{test.stem}_*.py"))]
    assert any(imports(module, one.read_text(encoding="utf-8")) for one in tests), (
        f"{name(test)} does not import {module}"
    )


def test_an_import_is_found_however_it_is_written_and_a_word_is_none() -> None:
    module = "docs.models.gan.practice"
    assert imports(module, "from docs.models.gan import gan, practice")
    assert imports(module, "from docs.models.gan.practice import fit")
    assert imports(module, "def f():\n    import docs.models.gan.practice as p")
    assert imports(module, 'p = import_module("docs.models.gan.practice")')
    assert not imports(module, "from docs.models.gan import gan  # practice")
    assert not imports(module, "from docs.models.vae import practice")
    assert not imports(module, 'p = "docs.models.gan.practice"')


def misplaced(path: Path, page: str) -> str:
    """What is wrong with the name of a code file and with how its page shows it."""
    own = stem(path).replace("-", "_")
    if path.stem == own:
        return ""
    part = test_path(path).with_name(f"test_{own}_{path.stem}.py")
    if path.stem != "practice" and not part.is_file():
        return f"name it {own}.py, or practice.py for the lines of a library, or write {name(part)}"
    uri = path.relative_to(DOCS).as_posix()
    if not re.search(rf'(?m)^\s*--8<-- "{re.escape(uri)}', page):
        return f"the page shows no excerpt of {uri}"
    return ""


@pytest.mark.parametrize("path", files("*.py"), ids=name)
def test_code_has_the_name_of_its_page_or_is_practice_that_the_page_shows(path: Path) -> None:
    assert misplaced(path, TEXTS[path.parent.with_suffix(".md")]) == ""


def test_a_third_file_and_practice_that_is_not_shown_are_found() -> None:
    folder = DOCS / "models" / "gan"
    assert misplaced(folder / "more.py", "")
    assert misplaced(folder / "practice.py", "")
    assert misplaced(folder / "practice.py", '--8<-- "models/gan/practice.py:fit"\n') == ""
    part = DOCS / "training" / "rlhf" / "language.py"  # with a test of its own
    assert misplaced(part, "")
    assert misplaced(part, '--8<-- "training/rlhf/language.py:judge"\n') == ""


LOCKED = {
    re.sub(r"[-_.]+", "-", found).lower()
    for found in re.findall(
        r"(?m)^([\w.-]+)==", (ROOT / "requirements-test.txt").read_text(encoding="utf-8")
    )
} | {"torch"}  # locked apart, in pyproject.toml


def foreign(path: str, text: str) -> Iterator[str]:
    """What a code file may not import: more than torch, NumPy and the standard library.

    `practice.py`, or in a folder with a hyphen `NAME_practice.py`, shows a library, and may import any that the
    locks install.
    """
    for node in ast.walk(ast.parse(text)):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or "" if not node.level else "."]
        for module in modules:
            top = module.partition(".")[0]
            if top in sys.stdlib_module_names or top in {"torch", "numpy"}:
                continue
            given = metadata.packages_distributions().get(top, [])
            known = {re.sub(r"[-_.]+", "-", package).lower() for package in given}
            if not (path.endswith(("/practice.py", "_practice.py")) and known & LOCKED):
                yield module


@pytest.mark.parametrize("path", files("*.py"), ids=name)
def test_code_imports_torch_and_practice_what_the_locks_install(path: Path) -> None:
    assert list(foreign(name(path), path.read_text(encoding="utf-8"))) == []


def test_a_library_is_for_practice_and_one_that_is_not_locked_for_nobody() -> None:
    text = "import math\nimport torch.nn\nfrom sklearn.cluster import KMeans\n"
    assert list(foreign("docs/models/gan/gan.py", text)) == ["sklearn.cluster"]
    assert list(foreign("docs/models/gan/practice.py", text)) == []
    assert list(foreign("docs/architectures/state-space/scipy_practice.py", text)) == []
    other = "import diffusers\nfrom . import gan\n"
    assert list(foreign("docs/models/gan/practice.py", other)) == ["diffusers", "."]


FENCE = re.compile(
    r"(?ms)^[ \t]*(?P<ticks>`{3,}|~{3,})(?P<info>[^\n]*)\n(?P<code>.*?)^[ \t]*(?P=ticks)[ \t]*$"
)


def uncompiled(text: str) -> list[str]:
    """The fences of a page that say that they were compiled, and cannot be; one inside another is none."""
    wrong = []
    for found in FENCE.finditer(text):
        try:
            if "compiled, not run here" in found["info"]:
                ast.parse(textwrap.dedent(found["code"]))
        except SyntaxError as error:
            wrong.append(f"{found['info']}: {error.msg}")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_code_that_is_not_run_compiles(page: Path) -> None:
    assert uncompiled(TEXTS[page]) == []


def test_code_that_does_not_compile_is_found() -> None:
    fence = '    ```python title="a 1.0 · compiled, not run here"\n    f(1{}\n    ```\n'
    assert uncompiled("1. So:\n\n" + fence.format(")")) == []
    assert len(uncompiled("1. So:\n\n" + fence.format(""))) == 1
    assert uncompiled(f"````markdown\n{fence.format('')}````\n") == []


@pytest.mark.parametrize("path", files("demo.mjs"), ids=name)
def test_a_demo_has_a_page_that_shows_it_sums_with_values_that_they_must_give_and_a_test(
    path: Path,
) -> None:
    page = path.parent.with_suffix(".md")
    assert f"]({stem(path)}/demo.mjs){{ .demo still={stem(path)}/" in TEXTS[page]
    assert (path.parent / f"{stem(path)}.mjs").exists()
    folder = TESTS / path.parent.parent.relative_to(DOCS)
    assert (folder / f"{stem(path)}.golden.json").exists()
    assert (folder / f"test_{stem(path).replace('-', '_')}_demo.py").exists()


@pytest.mark.parametrize("path", files("*.mjs"), ids=name)
def test_a_module_belongs_to_a_demo(path: Path) -> None:
    assert (path.parent / "demo.mjs").exists()
    if path.stem == stem(path):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(document|window|mount)\b", text), "sums know nothing of the page"


@pytest.mark.parametrize("path", files("*.svg"), ids=name)
def test_a_figure_is_shown_by_its_page_and_has_a_recipe(path: Path) -> None:
    page = path.parent.with_suffix(".md")
    path = path.with_name(path.name.replace(".narrow.svg", ".svg"))  # the same, for a phone
    assert path.exists(), "no wide drawing"
    assert f"]({stem(path)}/{path.name})" in TEXTS[page], f"{name(page)} does not show it"
    wanted = f'"{path.relative_to(DOCS).with_suffix("").as_posix()}"'
    recipes = (ROOT / "scripts" / "figures").glob("*.py")
    assert any(wanted in recipe.read_text(encoding="utf-8") for recipe in recipes), (
        f"no recipe in scripts/figures/ names {wanted}"
    )


@pytest.mark.parametrize("path", files("*.csv"), ids=name)
def test_numbers_have_their_picture_or_are_read_by_a_test_of_their_page(path: Path) -> None:
    if not path.with_suffix(".svg").exists():
        tests = (ROOT / "tests" / path.parents[1].name).glob(
            f"test_{stem(path).replace('-', '_')}*.py"
        )
        read = re.compile(rf'"{re.escape(path.stem)}(?:\.csv)?"')
        assert any(read.search(test.read_text(encoding="utf-8")) for test in tests)


@pytest.mark.parametrize("path", files("*.py"), ids=name)
def test_a_reference_implementation_is_short_and_imports_nothing_of_ours(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    assert not re.search(r"^\s*(from|import) (docs|scripts|tests)\b", text, re.M)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_has_a_name_that_an_address_can_keep(page: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", page.stem)
    assert page.parent == DOCS or len(page.relative_to(DOCS).parts) == 2
