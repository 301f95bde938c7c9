"""docs/theory.md and the package agree: numbers, names of functions, keys of references."""

import re
from importlib import import_module
from inspect import isfunction, ismodule
from itertools import pairwise
from pathlib import Path

import pytest

import hippo_theory
from hippo_theory._table import Table

ROOT = Path(__file__).resolve().parents[2]
THEORY = (ROOT / "docs" / "theory.md").read_text()
BIB = (ROOT / "docs" / "references.bib").read_text()
SOURCES = sorted(ROOT.glob("hippo_theory/**/*.py")) + sorted(ROOT.glob("studies/*.py"))
TAG = r"\\qquad \((\d+\.\d+)\)\n```"  # how a displayed formula ends
TAGS = re.findall(TAG, THEORY)
NUMBER = r"\((\d+)\.(\d+)\)"
CITATION = rf"theory\.md((?:[\s,-]|and|to|{NUMBER})*)"
ROOMS = ("legs", "lti", "hankel", "memory", "learning")
PLUMBING = {"lti.from_scipy", "lti.matrices", "lti.to_scipy"}  # exchange and access: no formula
KEY = r"\[([a-z]+\d{4}[a-z0-9]*)\]"


def cited_numbers(text):
    """Every (x.y) that stands after theory.md, with ranges (x.y)-(x.z) filled in."""
    for citation in re.finditer(CITATION, text):
        for match in re.finditer(rf"{NUMBER}(?:-{NUMBER})?", citation[1]):
            room, first, _, last = match.groups()
            yield from (f"{room}.{i}" for i in range(int(first), int(last or first) + 1))


def equations():
    """(number, what stands between it and the next displayed formula) for each equation."""
    places = [match.end() for match in re.finditer(TAG, THEORY)]
    ends = [THEORY.find("```math", place) for place in places]
    return [
        (tag, THEORY[place : None if end < 0 else end])
        for tag, place, end in zip(TAGS, places, ends, strict=True)
    ]


def lookup(name):
    """The object that a dotted name with optional rows of tables, x.y["z"], stands for."""
    value = hippo_theory
    for attribute, row in re.findall(r'(\w+)(?:\["(\w+)"\])?', name):
        if ismodule(value) and not hasattr(value, attribute):
            value = import_module(f"{value.__name__}.{attribute}")
        else:
            value = getattr(value, attribute)
        if row:
            assert isinstance(value, Table)
            value = value[row]
    return value


def test_a_citation_of_several_numbers_is_read_in_full():
    text = "docs/theory.md (1.1)-(1.3),\n    (2.10). And (9.9) is not; see theory.md (4.2)."
    assert list(cited_numbers(text)) == ["1.1", "1.2", "1.3", "2.10", "4.2"]


def test_equations_are_numbered_in_order_without_gaps():
    numbers = [tuple(map(int, tag.split("."))) for tag in TAGS]
    assert numbers[0][1] == 1
    for (room, index), later in pairwise(numbers):
        assert later == (room, index + 1) or (later[0] > room and later[1] == 1)


def test_every_displayed_formula_is_numbered():
    assert THEORY.count("```math\n") == len(TAGS)
    assert THEORY.count("```") == 2 * len(TAGS)


def test_formulas_in_lines_hold_nothing_that_markdown_reads_as_its_own():
    """Escapes, emphasis and macros that GitHub changes or refuses before it renders."""
    lines = re.sub(r"```math\n.*?```", "", THEORY, flags=re.DOTALL)
    for formula in re.findall(r"\$([^$]+)\$", lines):
        assert not re.search(r"\\[^a-zA-Z]|[*\n]|[})\]|']_", formula), formula
    assert not re.search(r"\\(operatorname|mbox|tag)\b", THEORY)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_cited_equation_is_in_the_document(source):
    text = source.read_text()
    assert set(cited_numbers(text)) <= set(TAGS)
    assert len(re.findall(r"theory\.md", text)) == len(re.findall(rf"theory\.md\s+{NUMBER}", text))


@pytest.mark.parametrize("number, following", equations(), ids=TAGS)
def test_every_equation_is_followed_by_what_computes_it(number, following):
    lines = [line for line in following.splitlines() if line.startswith("Code: ")]
    assert len(lines) == 1
    names = re.findall(r"`(.+?)`", lines[0])
    assert names
    for name in names:
        assert lookup(name) is not None


def test_every_public_function_has_its_equation():
    public = {
        f"{room}.{name}"
        for room in ROOMS
        for name in lookup(room).__all__
        if isfunction(getattr(lookup(room), name))
    }
    code = "".join(line for line in THEORY.splitlines() if line.startswith("Code: "))
    assert public - set(re.findall(r"`([\w.]+)", code)) == PLUMBING


def test_cross_references_inside_the_document_exist():
    cited = {f"{room}.{index}" for room, index in re.findall(NUMBER, THEORY)}
    assert cited <= set(TAGS)


def test_cited_keys_are_those_of_the_bibliography():
    keys = re.findall(r"@\w+\{(\w+),", BIB)
    assert len(set(keys)) == len(keys)
    cited = {key for path in SOURCES for key in re.findall(KEY, path.read_text())}
    assert cited | set(re.findall(KEY, THEORY)) == set(keys)


@pytest.mark.parametrize("entry", re.split(r"\n(?=@)", BIB.strip()), ids=lambda e: e.split(",")[0])
def test_bibliography_entries_are_complete_and_carry_their_year(entry):
    fields = dict(re.findall(r"^\s+(\w+)\s*=\s*\{(.+)\},$", entry, re.MULTILINE))
    assert {"author", "title", "year"} <= set(fields)
    assert "eprint" in fields or "publisher" in fields
    assert entry.count("{") == entry.count("}")
    assert fields["year"] in entry.split(",")[0]
