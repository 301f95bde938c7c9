"""What must hold of every system: each law compares doors with numbers from outside the package.

A law is `Law(name, doors, residual, tolerance, needs, without)`. The residual is a float that is
zero for an exact answer, judged on every row of `zoo.py` that has all tags in `needs` and none in
`without`. Where a law says that a door may refuse, `refusable(...)` counts a sentence as right.

    python -m tests.laws [WORD ...]

prints what breaks a law whose name, or a row whose name, holds one of the words; a leading `=` asks
for the whole name. Red lines that hold again are printed too. With `--red` the lines of `red.py`
for the laws and rows that were asked are written anew.
"""

import sys
import warnings

from tests import (
    laws_hankel,
    laws_invariance,
    laws_lti,
    laws_memory,
    laws_reduction,
    laws_values,
    red,
)
from tests.measure import Law
from tests.red import RED
from tests.zoo import SYSTEMS

LAWS: tuple[Law, ...] = (
    *laws_lti.LAWS,
    *laws_hankel.LAWS,
    *laws_reduction.LAWS,
    *laws_invariance.LAWS,
    *laws_memory.LAWS,
    *laws_values.LAWS,
)


def outcome(law, row) -> str:
    """Empty where the law holds, else what happened."""
    try:
        residual = law.residual(row)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "" if residual <= law.tolerance else f"is off by {residual:.0e}"


def wanted(words, name) -> bool:
    return any(name == w[1:] if w.startswith("=") else w in name for w in words)


def judged(row, words) -> list[tuple[str, str, str]]:
    """(law, row, outcome) of the laws of a row."""
    warnings.simplefilter("error")
    asked = [law for law in LAWS if law.judges(row)]
    asked = [
        law for law in asked if not words or wanted(words, law.name) or wanted(words, row.name)
    ]
    return [(law.name, row.name, outcome(law, row)) for law in asked]


def main(words):
    words, write = [w for w in words if w != "--red"], "--red" in words
    found = [x for row in SYSTEMS for x in judged(row, words)]
    for law, row, why in found:
        if bool(why) != ((law, row) in RED):
            print(f"{law} | {row} | {why or 'holds again, delete its red line'}", flush=True)
    if write:
        asked = {(law, row) for law, row, _ in found}
        kept = [(law, row, why) for (law, row), why in RED.items() if (law, row) not in asked]
        red.write(kept + [x for x in found if x[2]])


if __name__ == "__main__":
    main(sys.argv[1:])
