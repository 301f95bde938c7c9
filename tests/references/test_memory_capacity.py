"""The memory curve against its definition v^* Gamma^{-1} v in 3000-bit ball arithmetic."""

import flint
import numpy as np
import pytest

from hippo_theory import memory

N = 32


def spectra():
    rng = np.random.default_rng(0)
    ring = lambda low, high: (  # noqa: E731
        np.sqrt(rng.uniform(low**2, high**2, N)) * np.exp(2j * np.pi * rng.random(N))
    )
    n = np.arange(N)
    return {
        "cycle": 0.99 * np.exp(2j * np.pi * n / N),
        "LRU [.9, .99]": ring(0.9, 0.99),
        "LRU [0, .999]": ring(0, 0.999),
        "disk": ring(0, 0.9),
        "S4D-Lin": np.exp(0.05 * (-0.5 + 1j * np.pi * n)),
        "real uniform": rng.uniform(0, 0.999, N),
        "S4D-Real": np.exp(-0.01 * (n + 1)),
        "RG-LRU": rng.uniform(0.9, 0.999, N),
    }


def exact_capacity(poles, lags):
    """MC by the normal equations of the definition, right to far more digits than a float."""
    N = len(poles)
    z = [flint.acb(float(p.real), float(p.imag)) for p in np.asarray(poles, complex)]
    gram = flint.acb_mat(N, N, [1 / (1 - a * b.conjugate()) for a in z for b in z])
    V = flint.acb_mat(N, len(lags), [a ** int(k) for a in z for k in lags])
    solution = gram.solve(V)
    columns = range(len(lags))
    return [sum(V[i, k].conjugate() * solution[i, k] for i in range(N)).real for k in columns]


@pytest.fixture
def precision():
    flint.ctx.prec = 3000
    yield
    flint.ctx.prec = 53


@pytest.mark.parametrize("name", spectra())
def test_capacity_is_within_1e_13_of_the_definition(name, precision):
    poles = spectra()[name]
    lags = np.r_[0:8, 15, 31:34, 63:66, 100, 199]
    expected = exact_capacity(poles, lags)
    curve = memory.capacity(poles, 200)[lags]
    errors = [abs(flint.arb(float(c)) / e - 1) for c, e in zip(curve, expected, strict=True)]
    assert max(float(e.mid()) for e in errors) < 1e-13
    by_fft = memory.capacity(poles, 200, method="fft")[lags]
    assert max(abs(float(e.mid()) - b) for b, e in zip(by_fft, expected, strict=True)) < 1e-14


@pytest.mark.parametrize("name", ["disk", "LRU [.9, .99]", "S4D-Real"])
def test_capacity_keeps_its_digits_where_it_is_1e_minus_100(name, precision):
    poles = spectra()[name]
    K = int(np.ceil(-60 * np.log(10) / np.log(np.abs(poles).max()))) + 1000
    curve = memory.capacity(poles, K)
    lag = int(np.argmax(curve < 1e-100))
    assert lag > 0
    expected = exact_capacity(poles, [lag])[0]
    # the poles themselves are rounded: lag 2 |l|^2 lag-fold amplified eps is not an error here,
    # since both sides read the same floats
    assert abs(float((flint.arb(float(curve[lag])) / expected - 1).mid())) < 1e-13


def test_a_dense_system_is_its_spectrum(precision):
    import hippo_theory as ht

    W = np.random.default_rng(3).normal(size=(20, 20)) / np.sqrt(20) * 0.9
    W /= max(1.0, np.abs(np.linalg.eigvals(W)).max() / 0.95)
    v = np.random.default_rng(4).normal(size=20)
    system = ht.LTI(W, v, v, dt=1.0)
    A, b = flint.arb_mat(W.tolist()), flint.arb_mat([[x] for x in v])
    power, gram, column = A, b * b.transpose(), b
    for _ in range(14):  # doubling of the Stein sum
        gram = gram + power * gram * power.transpose()
        power = power * power
    expected = []
    for _ in range(40):
        expected.append(float((column.transpose() * gram.solve(column))[0, 0].mid()))
        column = A * column
    conditioning = np.linalg.cond(np.linalg.eig(W)[1])
    error = np.abs(memory.capacity(system, 40) - expected).max()
    assert error < 40 * 20 * np.finfo(float).eps * conditioning
