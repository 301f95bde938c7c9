"""Compiled all-pass chains: both kernels run the recurrence of `cascade` in skewed time.

For section m at time k, with pole l and s = sqrt(1 - |l|^2):

    x[m, k]    = l x[m, k-1] + s v[m, k]
    v[m+1, k]  = s x[m, k-1] - conj(l) v[m, k]

Lane m of a block of WIDTH sections works at time k = t - m: the lanes of one step t do not wait
for each other, so they vectorise, and what travels down the chain moves on by one lane a step.
A block is one flat array with a row per quantity: its constant offsets and the constant length
of the loop over lanes are what lets the compiler see that lanes are independent.
"""

import numpy as np

from hippo_theory._jit import njit

WIDTH = 32
XR, XI, LR, LI, S = 0 * WIDTH, 1 * WIDTH, 2 * WIDTH, 3 * WIDTH, 4 * WIDTH
VR, VI, YR, YI = 5 * WIDTH, 6 * WIDTH, 7 * WIDTH, 8 * WIDTH  # they travel: v, carried sum
NEXT = 4 * WIDTH  # from a travelling quantity to its value behind the section
CR, CI, HR, HI = 13 * WIDTH, 14 * WIDTH, 15 * WIDTH, 16 * WIDTH
SIZE = 17 * WIDTH
SMALLEST_NORMAL = 2.0**-1022  # below it arithmetic is slow and has no digits: set to zero


@njit(cache=True, inline="always")
def _section(z, m, tiny):
    """Lane m: the new state replaces the old one, the new v is written behind the section."""
    xr, xi, lr, li, s = z[XR + m], z[XI + m], z[LR + m], z[LI + m], z[S + m]
    vr, vi = z[VR + m], z[VI + m]
    nr = lr * xr - li * xi + s * vr
    ni = lr * xi + li * xr + s * vi
    wr = s * xr - (lr * vr + li * vi)
    wi = s * xi - (lr * vi - li * vr)
    z[XR + m] = nr if abs(nr) > tiny else 0.0
    z[XI + m] = ni if abs(ni) > tiny else 0.0
    z[VR + NEXT + m] = wr if abs(wr) > tiny else 0.0
    z[VI + NEXT + m] = wi if abs(wi) > tiny else 0.0


@njit(cache=True, inline="always")
def _section_and_readout(z, m, tiny):
    """Lane m as in `_section`; the carried sum gains c x[m, k] + h v[m, k]."""
    _section(z, m, tiny)
    xr, xi, vr, vi = z[XR + m], z[XI + m], z[VR + m], z[VI + m]
    cr, ci, hr, hi = z[CR + m], z[CI + m], z[HR + m], z[HI + m]
    z[YR + NEXT + m] = z[YR + m] + (cr * xr - ci * xi) + (hr * vr - hi * vi)
    z[YI + NEXT + m] = z[YI + m] + (cr * xi + ci * xr) + (hr * vi + hi * vr)


@njit(cache=True, inline="always")
def _load(z, poles, s, start, width):
    z[:] = 0.0
    for m in range(width):
        z[LR + m], z[LI + m] = poles[start + m].real, poles[start + m].imag
        z[S + m] = s[start + m]


@njit(cache=True, inline="always")
def _pass_on(z):
    """What is behind lane m comes before lane m + 1, for the four travelling rows at once."""
    for i in range(4 * WIDTH - 1):
        z[VR + 1 + i] = z[VR + NEXT + i]


@njit(cache=True)
def energy(poles, s, v, e):
    """Add sum_m |x[m, k]|^2 to e[k], from rest; v (K, 2) becomes what leaves the chain."""
    K, z = e.size, np.empty(SIZE)
    tiny = np.sqrt(SMALLEST_NORMAL)  # the square of a smaller state is no normal number
    for start in range(0, poles.size, WIDTH):
        width = min(WIDTH, poles.size - start)
        _load(z, poles, s, start, width)
        for t in range(K + width - 1):
            if t < K:
                z[VR], z[VI], z[YR] = v[t, 0], v[t, 1], e[t]
            for m in range(WIDTH):
                _section(z, m, tiny)
                z[YR + NEXT + m] = z[YR + m] + (z[XR + m] ** 2 + z[XI + m] ** 2)
            k, last = t - width + 1, NEXT + width - 1
            if k >= 0:
                v[k, 0], v[k, 1], e[k] = z[VR + last], z[VI + last], z[YR + last]
            _pass_on(z)


@njit(cache=True)
def run(poles, s, c, h, x, v, y, states):
    """Add sum_m c_m x[m, k] + h_m v[m, k] to y (K, 2); x (N,) becomes the final state and v (K, 2)
    what leaves the chain; states is (K, N), or (0, 0) where they are not wanted.
    """
    K, z = v.shape[0], np.empty(SIZE)
    tiny = SMALLEST_NORMAL
    for start in range(0, poles.size, WIDTH):
        width = min(WIDTH, poles.size - start)
        _load(z, poles, s, start, width)
        for m in range(width):
            z[XR + m], z[XI + m] = x[start + m].real, x[start + m].imag
            z[CR + m], z[CI + m] = c[start + m].real, c[start + m].imag
            z[HR + m], z[HI + m] = h[start + m].real, h[start + m].imag
        for t in range(K + width - 1):
            first, stop = max(0, t - K + 1), min(width, t + 1)
            if t < K:
                z[VR], z[VI], z[YR], z[YI] = v[t, 0], v[t, 1], y[t, 0], y[t, 1]
            if stop - first == width:
                for m in range(WIDTH):
                    _section_and_readout(z, m, tiny)
            else:  # lanes that have not begun keep their initial state, those done their last
                for m in range(first, stop):
                    _section_and_readout(z, m, tiny)
            if states.size:
                for m in range(first, stop):
                    states[t - m, start + m] = complex(z[XR + m], z[XI + m])
            k, last = t - width + 1, NEXT + width - 1
            if k >= 0:
                v[k, 0], v[k, 1] = z[VR + last], z[VI + last]
                y[k, 0], y[k, 1] = z[YR + last], z[YI + last]
            _pass_on(z)
        for m in range(width):
            x[start + m] = complex(z[XR + m], z[XI + m])
