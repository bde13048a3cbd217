"""The few hard rules of the layout that no linter knows. CONTRIBUTING.md says why each exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "isthmus"
MODULES = sorted(SOURCE.rglob("*.py"))
BANNED_NAMES = {"utils", "helpers", "common", "base", "core", "misc", "manager", "data", "info", "handle", "process"}
LINE_LIMIT = 400
DEPTH_LIMIT = 2


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_modules_are_short_enough_to_be_read_at_once() -> None:
    assert not [name_of(module) for module in MODULES if len(module.read_text().splitlines()) > LINE_LIMIT]


def test_modules_say_what_they_own() -> None:
    docstrings = {name_of(module): ast.get_docstring(ast.parse(module.read_text())) for module in MODULES}
    assert not [name for name, docstring in docstrings.items() if docstring is None or len(docstring) < len("Does.")]


def test_names_say_what_the_thing_is() -> None:
    words = {
        name_of(module): {
            word for part in module.relative_to(SOURCE).with_suffix("").parts for word in part.strip("_").split("_")
        }
        for module in MODULES
    }
    assert not {name: found & BANNED_NAMES for name, found in words.items() if found & BANNED_NAMES}


def test_folders_are_at_most_two_deep() -> None:
    assert not [name_of(path) for path in MODULES if len(path.relative_to(SOURCE).parts) > DEPTH_LIMIT + 1]


def test_a_folder_with_one_module_is_a_module() -> None:
    packages = {path.parent for path in MODULES if path.name == "__init__.py"} - {SOURCE}
    assert not [name_of(package) for package in sorted(packages) if _modules_in(package) < 2]


def _modules_in(package: Path) -> int:
    return sum(1 for module in MODULES if package in module.parents and module.name != "__init__.py")


def test_requirements_are_hashed_and_name_no_index() -> None:
    files = sorted((ROOT / "requirements").glob("*.txt"))
    assert files
    for requirements in files:
        text = requirements.read_text()
        assert not re.search(r"https?://|--index-url|--extra-index|--find-links|file://", text), name_of(requirements)
        pinned = re.findall(r"^[A-Za-z0-9][\w.-]*(?:\[[\w,-]+\])?==", text, re.MULTILINE)
        assert pinned, name_of(requirements)
        assert len(re.findall(r"^    --hash=sha256:", text, re.MULTILINE)) >= len(pinned), name_of(requirements)


def test_nothing_is_left_to_be_done_later() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert not [name_of(module) for module in MODULES if unfinished.search(module.read_text())]
