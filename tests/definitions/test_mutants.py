"""Every mutant can be planted, and its tests exist."""

import shlex

import pytest

from tests import mutants


@pytest.mark.parametrize("mutant", mutants.mutants(), ids=lambda m: m.name)
def test_a_mutant_can_be_planted(mutant):
    assert mutant.planted(mutants.ROOT)
    for selection in mutant.tests:
        assert (mutants.ROOT / shlex.split(selection)[0]).exists(), selection


def test_names_of_mutants_differ():
    names = [mutant.name for mutant in mutants.mutants()]
    assert len(set(names)) == len(names)
