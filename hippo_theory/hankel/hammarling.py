"""The factor S of P = S S^*, computed without forming P, for a triangular A.

The equation is solved for the factor itself, column by column. With the last pole l of
T = [[T1, a], [0, l]], the row b of B beside it and s^2 = w(l, l),

    tau = |b| / s,   q = b / |b|,   S = [[S1, u], [0, tau]],

u solves a triangular system, and S1 belongs to (T1, B1 + y q): the same equation, one state less.
For diagonal T this is the elimination of `lti.szego.generator_cholesky`. After Hammarling.
"""

import numpy as np

from hippo_theory.lti._values import Array
from hippo_theory.lti.pairings import Pairings


def factor(T, B, pairs: Pairings, *, discrete: bool, diagonal: bool = False) -> Array:
    """Upper triangular S with P = S S^* for an upper triangular T with the given pairs of poles."""
    n = len(T)
    i = np.arange(n)
    S, B = np.zeros((n, n), complex), np.array(B, complex)
    w = np.asfortranarray(pairs.denominator(i[:, None], i), complex)
    apart = pairs.difference(i[:, None], i) if diagonal and discrete else w[:0]
    from hippo_theory.hankel import _fast

    _fast.hammarling(
        np.asfortranarray(T, complex), B, w, np.asfortranarray(apart, complex),
        np.sqrt(pairs.diagonal), discrete, diagonal, S,
    )  # fmt: skip
    return S


def flipped(pairs: Pairings) -> Pairings:
    """The pairs of the conjugate poles in reverse order, those of the adjoint system."""
    last = pairs.diagonal.size - 1
    return Pairings(
        lambda i, j: pairs.denominator(last - i, last - j).conj(),
        lambda i, j: pairs.difference(last - i, last - j).conj(),
        pairs.diagonal[::-1],
    )
