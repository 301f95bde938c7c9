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
    """The rank of the Hankel matrix of C A^k B, k < 2 n: the least number of states.

    Poles that are given by their logarithms count as equal where these are. O(n^3) integers.
    """
    full = expand(one_channel(system))
    if isinstance(full, DiagonalLTI) and full.log_poles is not None:
        B, C, _ = channels(full)
        A = np.diag(full.log_poles)  # which poles are equal is all that counts
    else:
        A, B, C, _ = matrices(full)
    n = len(A)
    if not n:
        return 0
    A, B, C = (_residues(M) for M in (A, B, C))
    blocks = []
    for _ in range(2 * n - 1):
        blocks.append(C @ B % PRIME)
        B = A @ B % PRIME
    return _rank(np.block([[blocks[i + j] for j in range(n)] for i in range(n)]).tolist())


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


def _rank(rows) -> int:
    """By elimination modulo p."""
    rank = 0
    for column in range(len(rows[0])):
        pivot = next((k for k in range(rank, len(rows)) if rows[k][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        inverse = pow(rows[rank][column], -1, PRIME)
        lead = [x * inverse % PRIME for x in rows[rank]]
        for k in range(rank + 1, len(rows)):
            factor = rows[k][column]
            if factor:
                rows[k] = [(a - factor * b) % PRIME for a, b in zip(rows[k], lead, strict=True)]
        rank += 1
    return rank
