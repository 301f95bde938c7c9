"""Every law on every system of the zoo: one test."""

import numpy as np
import pytest

from tests.laws import LAWS
from tests.laws_hankel import errors
from tests.measure import EPS
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


def test_stated_errors_of_singular_values_are_near_the_true_ones():
    """The median of stated over true error, of all values of all small systems, kind by kind."""
    ratios = {"dense": [], "diagonal": [], "dplr": []}
    for row in SYSTEMS:
        if {"stable", "few", "states"} <= row.tags and not row.tags & {"zero", "units", "single"}:
            error, stated, truth = errors(row)
            seen = truth > 1e-60 * truth[0]
            ratio = stated[seen] / np.maximum(error[seen], EPS * truth[seen] / 4)
            ratios[next(iter(row.tags & ratios.keys()))].extend(ratio)
    for kind, values in ratios.items():
        assert np.median(values) < 1e3, kind
