"""Conditioning and effective dimension against ball arithmetic, far beyond 1e16."""

import itertools

import flint
import numpy as np
import pytest

from hippo_theory import memory

EPS = np.finfo(float).eps
N = 24


def nodes():
    rng = np.random.default_rng(1)
    n = np.arange(N)
    ring = lambda low, high: (  # noqa: E731
        np.sqrt(rng.uniform(low**2, high**2, N)) * np.exp(2j * np.pi * rng.random(N))
    )
    return {
        "roots of unity": np.exp(2j * np.pi * n / N),
        "cycle": 0.99 * np.exp(2j * np.pi * n / N),
        "random phases": np.exp(2j * np.pi * rng.random(N)),
        "ring": ring(0.9, 0.999),
        "disk": ring(0, 1),
        "chebyshev": np.cos((2 * n + 1) * np.pi / (2 * N)),
        "real": rng.random(N),
        "with zero": np.r_[0.0, rng.uniform(-0.9, 0.9, N - 1)],
        "S4D-Lin": np.exp(0.01 * (-0.5 + 1j * np.pi * n)),
        "near the circle": (1 - 10.0 ** -rng.uniform(2, 12, N)) * np.exp(2j * np.pi * n / N),
    }


@pytest.fixture(autouse=True)
def precision():
    flint.ctx.prec = 1200
    yield
    flint.ctx.prec = 53


def acb(values):
    return [flint.acb(float(p.real), float(p.imag)) for p in np.asarray(values, complex)]


def exact_log10_condition(values, L, normalized):
    rows = []
    for a in acb(values):
        row = [(1 - a * a.conjugate()).sqrt() if normalized else flint.acb(1)]
        for _ in range(L - 1):
            row.append(row[-1] * a)
        rows.append(row)
    V = flint.acb_mat(rows)
    adjoint = V.conjugate().transpose()
    gram = V * adjoint if len(rows) <= L else adjoint * V
    eigenvalues = [e.real.mid() for e in gram.eig(multiple=True, algorithm="approx")]
    return float((max(eigenvalues) / min(eigenvalues)).log() / (2 * flint.arb(10).log()))


@pytest.mark.parametrize("L", [12, N, 60])
@pytest.mark.parametrize("name", nodes())
def test_vandermonde_condition_numbers_keep_their_digits(name, L):
    values = nodes()[name]
    for normalized in (False, True) if np.abs(values).max() < 0.9999 else (False,):
        expected = exact_log10_condition(values, L, normalized)
        computed = memory.vandermonde_log10_condition(values, L, normalized=normalized)
        # the nodes' rounding against their distance to a Fourier point, >= pi / (N L)
        assert abs(computed - expected) < N * EPS * (N * L / np.pi + expected)


def test_condition_numbers_by_mpmath_agree():
    values = nodes()["real"][:10]
    for L, normalized in itertools.product((8, 14), (False, True)):
        computed = memory.vandermonde_log10_condition(values, L, normalized=normalized)
        by_digits = memory.vandermonde_log10_condition(values, L, normalized=normalized, digits=60)
        assert abs(computed - by_digits) < 1e-12
    needed = int(np.ceil(2 * memory.vandermonde_log10_condition(values, 10)))
    assert memory.vandermonde_log10_condition(values, 10, digits=needed + 9) > 0
    with pytest.raises(np.linalg.LinAlgError, match="digits must resolve"):
        memory.vandermonde_log10_condition(values, 10, digits=needed + 7)


@pytest.mark.parametrize("name, L, expected", [
    ("chebyshev", 64, 23.80), ("S4D-Lin dt=2/N", 64, 0.43), ("S4D-Lin dt=.01", 64, 44.6),
])  # fmt: skip
def test_condition_numbers_of_the_usual_nodes(name, L, expected):
    n = np.arange(64)
    values = {
        "chebyshev": np.cos((2 * n + 1) * np.pi / 128),
        "S4D-Lin dt=2/N": np.exp(2 / 64 * (-0.5 + 1j * np.pi * n)),
        "S4D-Lin dt=.01": np.exp(0.01 * (-0.5 + 1j * np.pi * n)),
    }[name]
    assert abs(memory.vandermonde_log10_condition(values, L) - expected) < 0.05


@pytest.mark.parametrize("name", ["ring", "disk", "real", "random phases", "roots of unity"])
def test_gautschi_bounds_hold(name):
    values = nodes()[name]
    V = flint.acb_mat([[a**k for k in range(N)] for a in acb(values)])
    inverse = V.inv()
    sums = [sum(abs(inverse[k, i]) for k in range(N)) for i in range(N)]
    exact = max(float(s.log() / flint.arb(10).log()) for s in sums)
    lower, upper = memory.gautschi_bounds(values)
    assert lower - N * EPS <= exact <= upper + N * EPS


@pytest.mark.parametrize("name", ["ring", "disk", "real"])
@pytest.mark.parametrize("bits", [8, 24, 53])
def test_effective_dimension_and_noisy_capacity_are_the_dense_formulas(name, bits):
    values = nodes()[name]
    z = acb(values)
    gap = [1 - a * a.conjugate() for a in z]
    D = [1 / (flint.arb(4) ** bits * 8 * flint.arb(2).log() * g) for g in gap]
    gram = flint.acb_mat(N, N, [
        (gap[i] * gap[j]).sqrt() / (1 - z[i] * z[j].conjugate()) for i in range(N) for j in range(N)
    ])  # fmt: skip
    total = gram + flint.acb_mat(N, N, [D[i] if i == j else 0 for i in range(N) for j in range(N)])
    X = total.solve(gram)
    expected = float(sum(X[i, i].real for i in range(N)).mid())
    precision = memory.Precision("test", bits)
    assert abs(memory.effective_dimension(values, precision) - expected) < 20 * N * EPS
    V = flint.acb_mat(N, 6, [gap[i].sqrt() * z[i] ** k for i in range(N) for k in range(6)])
    Y = total.solve(V)
    curve = [
        float(sum(V[i, k].conjugate() * Y[i, k] for i in range(N)).real.mid()) for k in range(6)
    ]
    assert np.abs(memory.noisy_capacity(values, 6, precision) - curve).max() < 20 * N * EPS
    bits_held = float((total.det() / np.prod(D)).real.log() / flint.arb(2).log())
    assert abs(memory.state_information(values, precision) / bits_held - 1) < 20 * N * EPS
