"""Examples of docstrings run as they stand, pasted into an empty session."""

import doctest

import pytest

from hippo_theory import learning, memory

DOORS = [getattr(room, name) for room in (learning, memory) for name in room.__all__]
EXAMPLES = [
    example
    for door in DOORS
    if callable(door)
    for example in doctest.DocTestFinder(recurse=False).find(door, globs={})
    if example.examples
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_pastes(example):
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    output = []
    runner.run(example, out=output.append)
    assert not output, "".join(output)
