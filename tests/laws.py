"""What must hold of every system: each law compares doors with numbers from outside the package.

A law is `Law(name, doors, residual, tolerance, needs, without)`. The residual is a float that is
zero for an exact answer, judged on every row of `zoo.py` that has all tags in `needs` and none in
`without`. Where a law says that a door may refuse, `refusable(...)` counts a sentence as right.

    python -m tests.laws [WORD ...]

prints what breaks a law whose name, or a row whose name, holds one of the words; a leading `=` asks
for the whole name. Red lines that hold again are printed too.
"""

import sys
import warnings

from tests import laws_hankel, laws_lti, laws_memory, laws_values
from tests.measure import Law
from tests.zoo import SYSTEMS

LAWS: tuple[Law, ...] = (
    *laws_lti.LAWS,
    *laws_hankel.LAWS,
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


def main(words):
    from tests.red import RED

    warnings.simplefilter("error")
    for row in SYSTEMS:
        for law in LAWS:
            if not law.judges(row) or (
                words and not wanted(words, law.name) and not wanted(words, row.name)
            ):
                continue
            why, red = outcome(law, row), RED.get((law.name, row.name))
            if bool(why) != bool(red):
                print(f"{law} | {row} | {why or 'holds again, delete its red line'}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
