"""Every law on every system of the zoo: one test."""

import pytest

from tests.laws import LAWS
from tests.red import RED
from tests.zoo import SYSTEMS


def item(law, row):
    why = RED.get((law.name, row.name))
    marks = [pytest.mark.xfail(reason=why, strict=True)] if why else []
    return pytest.param(law, row, marks=marks, id=f"{row}: {law}")


ITEMS = [item(law, row) for row in SYSTEMS for law in LAWS if law.judges(row)]


@pytest.mark.filterwarnings("ignore::scipy.signal.BadCoefficients")
@pytest.mark.parametrize("law, row", ITEMS)
def test_law(law, row):
    assert law.residual(row) <= law.tolerance


def test_red_names_laws_and_rows():
    known = {(law.name, row.name) for law in LAWS for row in law.rows}
    assert set(RED) <= known
