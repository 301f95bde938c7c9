"""Names, claims and rooms of the studies, read from their sources without importing them."""

import ast
from pathlib import Path

import studies

ROOMS = {
    "legs": ("legs_", "diagonal_legs"),
    "lti": ("lti_", "s4_", "discretization_"),
    "hankel": ("hankel_", "hope_"),
    "learning": ("learning_",),
    "memory": ("memory_", "universality"),
    "varying": ("selective_", "varying_"),
}
OTHERS = "the whole"


def claim(name: str) -> str:
    """Return the first line of a study's docstring."""
    source = Path(studies.__path__[0], f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def room(name: str) -> str:
    """Return the room of the package that a study is about, by the study's name."""
    found = [room for room, starts in ROOMS.items() if name.startswith(starts)]
    return found[0] if found else OTHERS


def lines() -> list[str]:
    """Each study's name and claim, a line a study, under its room."""
    names = studies.names()
    width = max(map(len, names))
    groups = {name: [n for n in names if room(n) == name] for name in (*ROOMS, OTHERS)}
    told = []
    for title, group in groups.items():
        told += [f"# {title}"] * bool(group)
        told += [f"{name:{width}}  {claim(name)}" for name in group]
    return told
