"""Scripts and styles: their types agree, they are formatted, and no function or module is too long."""

import json
import shutil
from pathlib import Path

import pytest

from scripts import new
from scripts.devtools import javascript
from tests.conftest import without

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
CONFIG = f"--config-path={HERE}"


@pytest.fixture(scope="module", autouse=True)
def tools() -> Path:
    """The tools, installed; without Node the tests are skipped, and fail under CI."""
    why = ""
    try:
        return javascript.tools()
    except javascript.NoTools as problem:
        why = str(problem)
    without(why)


def check(folder: Path) -> str:
    """What formatter and linter say of a folder; nothing if all is well."""
    code, said = javascript.run("biome", "check", CONFIG, "--max-diagnostics=50", folder)
    return said if code else ""


def types(folder: Path) -> str:
    """What the type checker says of a copy of docs/ or of a part of it."""
    project = folder / "tsconfig.json"
    extended = {"extends": str(HERE / "tsconfig.json"), "include": ["**/*.mjs"]}
    project.write_text(json.dumps(extended), encoding="utf-8")
    return javascript.run("tsc", "--project", project)[1]


def test_types_agree() -> None:
    code, said = javascript.run("tsc", "--project", HERE)
    assert (code, said) == (0, ""), said


def test_scripts_and_styles_are_formatted_and_without_faults() -> None:
    said = check(ROOT / "docs")
    mend = f"{Path('.venv/javascript/node_modules/.bin/biome')} check --write --config-path=tests/javascript docs"
    assert not said, f"{said}\nWhat a machine can mend is mended by: {mend}"


FAULTS = {
    "function.mjs": ("export function f() {\n" + "  g();\n" * 79 + "}\n", "PerFunction"),
    "module.mjs": ("f();\n" * 501, "LinesPerFile"),
    "loose.mjs": ("export const  a = 'b'\n", "format"),
    "swallowed.mjs": ("try {\n  f();\n} catch (error) {\n  error = 1;\n}\n", "noCatchAssign"),
    "loose.css": ("a { color: red; }\n", "format"),
    "wrong.css": ("a {\n  colr: red;\n}\n", "noUnknownProperty"),
}
WRONG_TYPES = {
    "property.mjs": ("export const f = (/** @type {number} */ a) => a.length;\n", "TS2339"),
    "untyped.mjs": ("export function f(a) {\n  return a;\n}\n", "TS7006"),
    "name.mjs": ('import { palete } from "./ui.mjs";\n\npalete();\n', "TS2724"),
    "unused.mjs": ("const a = 1;\n\nexport {};\n", "TS6133"),
}


def planted(faults: dict[str, tuple[str, str]], folder: Path) -> dict[str, str]:
    """Write faulty files. Returns what must be said of each."""
    for name, (text, _) in faults.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: told for name, (_, told) in faults.items()}


def test_faults_are_found(tmp_path: Path) -> None:
    wanted = planted(FAULTS, tmp_path)
    said = check(tmp_path).splitlines()
    for name, told in wanted.items():
        assert any(name in line and told in line for line in said), (name, told)


def test_wrong_types_are_found(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs" / "assets" / "demos" / "ui.mjs", tmp_path)
    wanted = planted(WRONG_TYPES, tmp_path)
    said = types(tmp_path).splitlines()
    for name, told in wanted.items():
        assert any(name in line and told in line for line in said), (name, told)
    assert len(said) == len(wanted), said


def test_a_new_demo_is_without_faults(tmp_path: Path) -> None:
    assets = ROOT / "docs" / "assets"
    shutil.copytree(assets / "demos", tmp_path / "assets" / "demos")
    shutil.copy(assets / "dom.mjs", tmp_path / "assets")
    demo = tmp_path / "models" / "flow"
    demo.mkdir(parents=True)
    (demo / "flow.mjs").write_text(new.SUMS % "Flow", encoding="utf-8")
    (demo / "demo.mjs").write_text(new.STAGE % ("flow", "flow"), encoding="utf-8")
    assert check(tmp_path / "models") == ""
    assert types(tmp_path) == ""


def test_the_tools_are_pinned_and_their_lock_file_names_no_place() -> None:
    package = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in package["devDependencies"].items():
        assert lock[f"node_modules/{name}"]["version"] == version
    for name, entry in lock.items():
        assert "resolved" not in entry, name
        assert "integrity" in entry or not name, name
