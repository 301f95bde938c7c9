"""The McMillan degree of a system as its numbers stand, exactly.

Floats are fractions with powers of two below, and so are numbers modulo a prime p in which -1 has
a root: there ranks are counted without rounding. A rank can only be too small, with a chance of
some n / p, 1e-18.
"""

import math

import numpy as np

from hippo_theory.lti.forms import channels, expand, matrices, one_channel
from hippo_theory.lti.values import DiagonalLTI

PRIME = 2**64 - 2**32 + 1
ROOT = 2**48  # its square is -1
HALF = pow(2, -1, PRIME)


def mcmillan_degree(system) -> int:
    """The least number of states of a system with the same input-output map.

    Poles that are given by their logarithms count as equal where these are. O(n^3) integers.
    """
    full = expand(one_channel(system))
    if isinstance(full, DiagonalLTI) and full.log_poles is not None:
        B, C, _ = channels(full)
        A = np.diag(full.log_poles)  # which poles are equal is all that counts
    else:
        A, B, C, _ = matrices(full)
    return sum(profiles(A, B, C)[1])


def profiles(A, B, C) -> tuple[list[int], list[int]]:
    """How many states every power of A adds to those that B reaches, and that C sees of these."""
    A, B, C = (_residues(M) for M in (A, B, C))
    reached, R, pivots = _span(A, B)
    seen, _, _ = _span((A @ R % PRIME)[pivots].T, (C @ R % PRIME).T)
    return reached, seen


def _span(A, B):
    """What B, A B, A^2 B, ... add; a basis of their span, and rows in which it is the identity."""
    basis, pivots, added, block = B.T[:0], [], [], list(B.T)
    while block:
        new = []
        for vector in block:
            rest = (vector - vector[pivots] @ basis) % PRIME if pivots else vector
            pivot = next((k for k in range(len(rest)) if rest[k]), None)
            if pivot is None:
                continue
            rest = rest * pow(int(rest[pivot]), -1, PRIME) % PRIME
            basis = np.vstack([(basis - np.outer(basis[:, pivot], rest)) % PRIME, rest[None]])
            pivots.append(pivot)
            new.append(rest)
        added.append(len(new))
        block = [A @ vector % PRIME for vector in new]
    return added, basis.T, pivots


def _residues(M):
    """Entries modulo p, as objects."""
    return np.array([[_residue(x) for x in row] for row in M], object).reshape(np.shape(M))


def _residue(x) -> int:
    parts = []
    for part in (float(np.real(x)), float(np.imag(x))):
        mantissa, exponent = math.frexp(part)
        power = pow(2 if exponent >= 53 else HALF, abs(exponent - 53), PRIME)
        parts.append(int(mantissa * 2**53) * power)
    return (parts[0] + ROOT * parts[1]) % PRIME
