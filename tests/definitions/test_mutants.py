"""Every mutant can be planted, and its tests exist."""

import shlex

from tests import mutants


def test_every_mutant_can_be_planted_and_its_tests_exist():
    for mutant in mutants.mutants():
        assert mutant.planted(mutants.ROOT)
        for selection in mutant.tests:
            assert (mutants.ROOT / shlex.split(selection)[0]).exists(), (mutant.name, selection)


def test_names_of_mutants_differ():
    names = [mutant.name for mutant in mutants.mutants()]
    assert len(set(names)) == len(names)
