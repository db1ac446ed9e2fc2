"""The page that says which test proves which fault is true."""

import ast
import re
from pathlib import Path

from backend.config import ROOT

PAGE = Path(ROOT, "docs", "faults.md")
NUMBERS = [*range(1, 24), 27, 28]
ROW = re.compile(r"^\| (\d+) \|(.+)\|(.+)\|(.+)\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
SLOW = re.compile(r"⏱ `(tests/[\w/]+\.py)::(\w+)`")


def test_every_fault_has_a_row_that_says_what_holds_and_what_proves_it() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert [int(number) for number, *_ in rows] == NUMBERS
    for number, wrong, holds, tests in rows:
        assert len(wrong.strip()) > 10, number
        assert len(holds.strip()) > 10, number
        assert TEST.search(tests), number


def test_every_test_named_there_exists_and_asserts_something() -> None:
    named = TEST.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > len(NUMBERS)
    for path, name in named:
        tree = ast.parse(Path(ROOT, path).read_text(encoding="utf-8"))
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        found = [n for n in tree.body if isinstance(n, functions) and n.name == name]
        assert len(found) == 1, f"{path}::{name}"
        # A test may leave the looking to a function beside it.
        local = {n.name: n for n in tree.body if isinstance(n, functions)}
        called = [
            local[c.func.id]
            for c in ast.walk(found[0])
            if isinstance(c, ast.Call) and isinstance(c.func, ast.Name) and c.func.id in local
        ]
        checks = [
            n
            for each in (found[0], *called)
            for n in ast.walk(each)
            if isinstance(n, ast.Assert) or (isinstance(n, ast.Attribute) and n.attr == "raises")
        ]
        assert checks, f"{path}::{name}"


def test_what_takes_its_time_is_marked_so() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for path, name in set(TEST.findall(page)):
        source = Path(ROOT, path).read_text(encoding="utf-8")
        before = source.partition(f"def {name}(")[0].rpartition("\n\n\n")[2]
        slow = "\npytestmark = pytest.mark.faults" in source or (
            "@pytest.mark.faults" in before.partition("\nasync def")[0]
        )
        assert slow == ((path, name) in SLOW.findall(page)), f"{path}::{name}"
