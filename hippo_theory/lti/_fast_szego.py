"""The compiled elimination of a weighted pole Gram matrix b_i conj(b_j) / w_ij, see `szego`."""

import math

import numpy as np

from hippo_theory._jit import njit


@njit(cache=True)
def eliminate(b, exponent, w, apart, pivoted, tolerance, order, B, E):
    """Eliminate pole after pole: b_i becomes b_i (l_i - l_p) / w_ip. Returns the rank r.

    b 2^exponent are the generators, w_ij and l_i - l_j the pairs of poles; order (N,) receives the
    pivots, B and E (N, N) in column k the generators before pivot k, zero for poles eliminated
    before. -1 - i is returned where pole i equals the last pivot.
    """
    N = b.size
    alive, levels = np.ones(N, np.bool_), np.empty(N)
    first = 0.0
    for k in range(N):
        p = -1
        for i in range(N):
            if alive[i]:
                if not pivoted:
                    p = i
                    break
                levels[i] = 2 * (math.log2(abs(b[i])) + exponent[i]) - math.log2(w[i, i].real)
                if p < 0 or levels[i] > levels[p]:
                    p = i
        if pivoted and k == 0:
            first = levels[p]
        if pivoted and tolerance > 0 and levels[p] - first < math.log2(tolerance):
            return k
        order[k] = p
        for i in range(N):
            if alive[i]:
                B[i, k], E[i, k] = b[i], exponent[i]
        alive[p] = False
        for i in range(N):
            if alive[i]:
                factor = apart[i, p] / w[i, p]
                if factor == 0:
                    order[k] = p
                    return -1 - i
                x = b[i] * factor
                shift = math.frexp(max(abs(x.real), abs(x.imag)))[1]
                b[i] = complex(math.ldexp(x.real, -shift), math.ldexp(x.imag, -shift))
                exponent[i] += shift
    return N
