"""Every study runs with its quick parameters and leaves its four files."""

import time

import pytest

import studies
from studies import _study


@pytest.mark.parametrize("name", studies.names())
def test_a_quick_study_fills_its_table_and_draws_it(name, tmp_path):
    study = _study.load(name)
    began = time.perf_counter()
    try:
        table = _study.run(study, study.QUICK, out=tmp_path)
    except _study.NotHere as reason:
        pytest.skip(str(reason))
    print(f"{name} took {time.perf_counter() - began:.1f} s")
    assert len(table) > 0
    written = {path.name: path.stat().st_size for path in tmp_path.glob(f"{name}.*")}
    assert sorted(written) == [f"{name}.{kind}" for kind in ("csv", "json", "pdf", "png")]
    assert all(written.values())


@pytest.mark.parametrize("name", studies.names())
def test_a_study_states_its_claim_in_one_line(name):
    claim = _study.claim(_study.load(name))
    assert claim
    assert len(claim) <= 100
