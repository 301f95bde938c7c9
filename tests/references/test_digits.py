"""Arithmetic of 32 digits against mpmath."""

import operator

import mpmath
import numpy as np
import pytest

from hippo_theory import digits as dd

EPS = 2.0**-104


def numbers(seed, *shape):
    rng = np.random.default_rng(seed)
    draw = lambda: rng.normal(size=(*shape, 2)) @ [1, 1j]  # noqa: E731
    sizes = 10.0 ** rng.uniform(-20, 20, shape)
    return dd.exact(sizes * draw()) + sizes * draw() * 2.0**-54


def exact(x):
    pairs = zip(np.atleast_1d(x.high).ravel(), np.atleast_1d(x.low).ravel(), strict=True)
    return [mpmath.mpmathify(complex(a)) + mpmath.mpmathify(complex(b)) for a, b in pairs]


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(60):
        yield


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, operator.truediv])
def test_operations_are_right_to_32_digits(operation):
    x, y = numbers(0, 200), numbers(1, 200)
    for a, b, c in zip(exact(x), exact(y), exact(operation(x, y)), strict=True):
        size = abs(a) + abs(b) if operation in (operator.add, operator.sub) else abs(c)
        assert abs(c - operation(a, b)) <= 16 * EPS * size


def test_roots_exponentials_and_logarithms():
    x = numbers(2, 100)
    for a, root in zip(exact(x), exact(dd.sqrt(x)), strict=True):
        assert abs(root - mpmath.sqrt(a)) <= 16 * EPS * abs(root)
    z = np.random.default_rng(3).normal(size=(20, 2)) @ [1, 1j]
    for a, power in zip(z, exact(dd.exp(z)), strict=True):
        assert abs(power - mpmath.exp(complex(a))) <= EPS * abs(power)
    near = dd.exact([1.0]) - np.array([2.0**-70])
    np.testing.assert_allclose(dd.log(near), [-(2.0**-70)], rtol=1e-15)


def test_sums_products_and_solutions_of_matrices():
    M, x = numbers(4, 6, 6), numbers(5, 6)
    A, b = np.array(exact(M)).reshape(6, 6), np.array(exact(x))
    for product, rows in ((M @ x, A @ b), (x @ M, b @ A), ((M @ M)[0], (A @ A)[0])):
        sizes = np.abs(A).max() * max(np.abs(b).max(), np.abs(A).max())
        assert all(
            abs(p - q) <= 64 * EPS * sizes for p, q in zip(exact(product), rows, strict=True)
        )
    solved = dd.solve(M, M @ x)
    worst = max(abs(p - q) for p, q in zip(exact(solved), b, strict=True))
    assert worst <= 1e-26 * max(abs(b))
