"""Tables of named rows: unknown names, and what they print."""

import pytest

import hippo_theory as ht

TABLES = {
    "scheme": ht.lti.SCHEMES,
    "family": ht.lti.FAMILIES,
    "method": ht.lti.METHODS,
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_name_in_the_wrong_case_is_refused_with_the_right_one(kind):
    table = TABLES[kind]
    for name in table:
        with pytest.raises(KeyError) as error:
            table[name.upper()]
        sentence = error.value.args[0]
        assert sentence.startswith(f"unknown {kind} {name.upper()!r}, expected one of ")
        assert sentence.endswith(f"; did you mean {name!r}?")


def test_doors_name_the_nearest_row_of_either_case():
    for call, name in [
        (lambda: ht.lti.family("LegS", 3), "legs"),
        (lambda: ht.lti.discretize(ht.LTI([[-1.0]], [1.0], [1.0]), 1.0, "ZOH"), "zoh"),
        (lambda: ht.lti.discretize(ht.LTI([[-1.0]], [1.0], [1.0]), 1.0, "Bilinaer"), "bilinear"),
    ]:
        with pytest.raises(ValueError, match=f"did you mean '{name}'"):
            call()


def test_names_rows_and_items_print_what_they_hold():
    table = ht.lti.SCHEMES
    assert repr(table.keys()) == f"dict_keys({list(table)})"
    assert list(table.items()) == [(name, table[name]) for name in table]
    assert [row.name for row in table.values()] == list(table)
    assert "zoh" in table
    assert "ZOH" not in table
    assert table.get("ZOH") is None
