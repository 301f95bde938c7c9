"""Real generator factors of real systems: half the order of the complex embedding.

A pole and its conjugate are eliminated one after the other. Their 2 x 2 block [[d, d conj(x)],
[d x, d]] becomes real in the coordinates ((z1 + z2), -i (z1 - z2)) / sqrt(2), and so does
everything below it; the larger of d (1 + Re x) and d (1 - Re x) is then the first real pivot.
The order is no longer that of complete pivoting, so that K may be worse conditioned.
"""

import numpy as np

from hippo_theory.lti import szego


def from_real_poles(poles, residues, **options):
    """Real K = X^T J X and D^2, descending, of real poles and residues, J the residues' signs."""
    factors = szego.generator_cholesky(poles, np.sqrt(np.abs(residues)), **options)
    X, J = np.real(factors.factor), np.sign(np.real(residues))
    return X.T @ (J[:, None] * X), factors.mantissas, factors.exponents


def from_pairs(poles, residues, listed, pivots, *, discrete, log_poles):
    """Real K = X^T J X and D^2, descending, of poles with the conjugates of pairs behind them.

    J = +1, -1 for the two coordinates of a pair, the sign of its residue for a real pole;
    `pivots` is the order of complete pivoting.
    """
    single = poles.imag == 0
    index = np.concatenate([np.arange(listed), np.flatnonzero(~single[:listed])])
    order = _pairwise(pivots, index)
    b = np.where(single, np.sqrt(np.abs(residues)), np.sqrt(residues))
    factors = szego.generator_cholesky(
        poles[order],
        b[order],
        discrete=discrete,
        log_poles=None if log_poles is None else log_poles[order],
        pivoted=False,
    )
    alone = single[order]
    first = np.flatnonzero(~alone)[::2]
    X, mantissas = _realify(factors.factor, factors.mantissas, first)
    J = np.where(alone & (residues.real[order] < 0), -1.0, 1.0)
    J[first + 1] = -1.0
    K, exponents = X.T @ (J[:, None] * X), factors.exponents
    descending = np.argsort(-(np.log2(mantissas) + exponents), kind="stable")
    return K[np.ix_(descending, descending)], mantissas[descending], exponents[descending]


def _pairwise(pivots, index):
    """The order of elimination with every conjugate moved behind its partner."""
    members = {}
    for position, name in enumerate(index):
        members.setdefault(int(name), []).append(position)
    first_seen = dict.fromkeys(int(index[p]) for p in pivots)
    return np.array([p for name in first_seen for p in members[name]])


def _realify(X, mantissas, first):
    """Real X and pivots from the complex ones; `first` holds the first index of every pair.

    Of two rows that end as conjugates of one another, one is enough.
    """
    real, mantissas, second = np.empty(X.shape), mantissas.copy(), first + 1
    x, rows = X[second, first], np.delete(np.arange(len(X)), second)
    X = X[rows]
    one, two = X[:, first] - x * X[:, second], X[:, second]
    plus, minus = (one + two) / np.sqrt(2), 1j * (one - two) / np.sqrt(2)
    swap = x.real < 0
    lead, other = np.where(swap, minus, plus), np.where(swap, plus, minus)
    growth = 1 + np.abs(x.real)
    X[:, first], X[:, second] = lead - (x.imag / growth) * other, other
    mantissas[first], mantissas[second] = mantissas[first] * growth, mantissas[second] / growth
    pairs = X[np.searchsorted(rows, first)]
    real[rows] = X.real
    real[first], real[second] = np.sqrt(2) * pairs.real, np.sqrt(2) * pairs.imag
    return real, mantissas
