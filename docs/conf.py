"""The site: pages of docs/, API from docstrings, studies from their own lines and figures.

The pages are plain Markdown that also reads well unbuilt. What only the site can have is put in
by `source-read`: links in theory.md, and in place of the comments ``<!-- api: module -->`` and
``<!-- studies -->`` what they name.
"""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

from hippo_theory import __version__
from hippo_theory._table import Table

ROOT = Path(__file__).resolve().parents[1]

project, author, release = "hippo_theory", "the hippo_theory developers", __version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinxcontrib.bibtex",
]
bibtex_bibfiles = ["references.bib"]
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_typehints = "none"
default_role = "py:obj"
smartquotes = False
html_theme = "pydata_sphinx_theme"
html_title = "hippo_theory"
html_sidebars = {"**": []}  # one level of pages: all stand in the header
html_theme_options = {"header_links_before_dropdown": 8}
html_show_sourcelink = False

NUMBER = r"\((\d+)\.(\d+)\)"
KEY = r"\[([a-z]+\d{4}[a-z0-9]*)\]"


def theory(text):
    """Anchors at equations, and links: numbers to equations, names to the API, keys to sources."""
    pieces = re.split(r"(```math\n.*?\n```|\$[^$]+\$)", text, flags=re.DOTALL)
    pieces[1::2] = map(_formula, pieces[1::2])
    pieces[::2] = map(_links, pieces[::2])
    return "".join(pieces)


def _formula(formula):
    number = re.fullmatch(rf"```math\n(.*) \\qquad {NUMBER}\n```", formula, re.DOTALL)
    if number is None:
        return formula
    body, room, index = number.groups()
    tagged = f"{body} \\tag{{{room}.{index}}}"  # written out in theory.md, as GitHub garbles tags
    return f"(eq-{room}-{index})=\n\\begin{{equation*}}\n{tagged}\n\\end{{equation*}}"


def _links(text):
    text = re.sub(NUMBER, r"[(\1.\2)](#eq-\1-\2)", text)
    text = re.sub(KEY, r"{cite}`\1`", text)
    named = re.compile(r'`((\w+\.[\w.]+)(?:\["\w+"\])?)`')
    return re.sub(
        r"(?m)^Code: .*$",
        lambda line: named.sub(r"{py:obj}`\1 <hippo_theory.\2>`", line[0]),
        text,
    )


def api(module_name, names):
    """Names of a module, or all public ones: summary, tables as they print, docstrings."""
    module = import_module(module_name)
    public = {name: getattr(module, name) for name in names.split() or _public(module)}
    tables = {name: value for name, value in public.items() if isinstance(value, Table)}
    documented = [name for name, value in public.items() if callable(value)]
    lines = ["```{eval-rst}", f".. currentmodule:: {module_name}", "", ".. autosummary::"]
    lines += ["   :nosignatures:", ""] + [f"   {name}" for name in documented] + [""]
    for name, table in tables.items():
        lines += [f".. py:data:: {name}", "", "   .. code-block:: text", ""]
        lines += ["      " + row for row in repr(table).splitlines()] + [""]
    for name in documented:
        kind, members = (
            ("class", ["   :members:"]) if inspect.isclass(public[name]) else ("function", [])
        )
        lines += [f".. auto{kind}:: {name}", *members, ""]
    return "\n".join([*lines, "```"])


def _public(module):
    """`__all__`, or the functions and classes that the module itself defines."""
    own = (
        name for name, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__
    )
    names = getattr(module, "__all__", None) or [name for name in own if name[0] != "_"]
    return sorted(names, key=str.lower)


def studies():
    """Each study's claim as a heading, the rest of its docstring, its figure and its table."""
    sections = []
    for path in sorted((ROOT / "studies").glob("[a-z]*.py")):
        claim, _, rest = ast.get_docstring(ast.parse(path.read_text())).partition("\n")
        figure, table = (f"../figures/{path.stem}.{kind}" for kind in ("png", "csv"))
        signs = r"[\\*_|<>\[\]$^~]"
        sections += [f"## {path.stem}", f"**{_escaped(claim, signs)}**"]
        sections += [_escaped(rest.strip(), signs)]
        if (ROOT / "docs" / figure).exists():
            sections += [f"![{path.stem}]({figure})", f"{{download}}`{path.stem}.csv <{table}>`"]
    return "\n\n".join(sections)


def _escaped(text, signs):
    """The text with a backslash before signs that are no markup, but for what is in backticks."""
    pieces = re.split(r"(`+[^`]+`+)", text)
    pieces[::2] = [re.sub(f"({signs})", r"\\\1", piece) for piece in pieces[::2]]
    return "".join(pieces)


def read_source(app, docname, source):
    """Fill in what only the site can have."""
    if docname == "theory":
        source[0] = theory(source[0])
    source[0] = re.sub(r"<!-- api: (\S+)(.*) -->", lambda match: api(*match.groups()), source[0])
    source[0] = re.sub(r"<!-- studies -->", lambda match: studies(), source[0])


def read_docstring(app, what, name, obj, options, lines):
    """Mathematics in ASCII is no markup; equations and sources that are cited become links."""
    section, blocks = "", []
    for block in "\n".join(lines).split("\n\n"):
        header = re.match(r"(\w[\w ]*)\n---", block)
        section = header[1] if header else section
        is_formula = block.startswith("    ") and section in ("", "Notes")
        blocks.append("::\n\n" + block if is_formula else _markup(block))
    lines[:] = "\n\n".join(blocks).split("\n")


def _markup(block):
    if re.search(r"(?m)^\s*>>>|^\s*\.\. |::$", block):
        return block
    block = re.sub(
        rf"docs/theory\.md((?:[\s,-]|and|to|{NUMBER})*)",
        lambda cited: re.sub(NUMBER, r":ref:`(\1.\2) <eq-\1-\2>`", cited[0]),
        _escaped(block, r"[*|\\]|_(?!\w)"),
    )
    return re.sub(KEY, r":cite:`\1`", block.replace("docs/theory.md", ":doc:`theory`"))


def setup(app):
    """Connect the two readers; docstrings before numpydoc reads them."""
    app.connect("source-read", read_source)
    app.connect("autodoc-process-docstring", read_docstring, priority=100)
