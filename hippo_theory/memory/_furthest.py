"""N poles with as much memory at one lag as a local search finds, from an exact gradient.

On the circle B = e^{i psi}, so beta are Fourier coefficients and 1 - MC(k) = sum_{j <= k}
|beta_j|^2 =: G has dG = sum_t w_t dpsi_t with w = (2 / M) Re(i conj(b) B), b the signal of
beta_0 .. beta_k alone. With q = l z / (1 - l z) of a pole r e^{i alpha}, dpsi/dalpha = 2 Re q and
dpsi/dr = 2 Im q / r.
"""

from typing import Any

import numpy as np
from scipy import optimize

POINTS = 16  # of the circle for each lag: r^(2 M) < e^-(32 LEAST)
LEAST, MOST = 0.4, 30.0  # of -log(r) (k + 1)
ITERATIONS = 500


def furthest(N, lag) -> np.ndarray:
    """Poles in conjugate pairs, and a real one if N is odd, from a comb of S4D-Lin's."""
    loss = _Loss(N, lag)
    n = np.arange(1, N // 2 + 1) - (0.0 if N % 2 else 0.5)
    start = np.concatenate([np.full(n.size + N % 2, 1.76), 1.76 * n])
    bounds = [(LEAST, MOST)] * (n.size + N % 2) + [(None, None)] * n.size
    found: Any = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS, "ftol": 1e-10, "maxcor": 30},
    )  # fmt: skip
    upper = loss.poles(found.x)
    pairs = upper[N % 2 :]
    return np.concatenate([upper, pairs.conj()])


class _Loss:
    """G and its gradient in x = -log(r) (k + 1) of every pole, y = alpha (k + 1) / pi of pairs."""

    def __init__(self, N, lag):
        self.odd, self.scale, self.lag = N % 2, lag + 1.0, lag
        M = 2 ** int(np.ceil(np.log2(POINTS * (lag + 1))))
        self.z = np.exp(2j * np.pi * np.arange(M // 2 + 1) / M)

    def poles(self, x):
        """The real one, if there is one, and the upper ones of the pairs."""
        count = (x.size + self.odd) // 2
        angles = np.r_[np.zeros(self.odd), x[count:] * np.pi / self.scale]
        return np.exp(-x[:count] / self.scale + 1j * angles)

    def __call__(self, x):
        z, l = self.z, self.poles(x)  # noqa: E741
        M, k = 2 * (z.size - 1), self.lag
        B = np.ones(z.size, complex)
        real, imag = np.zeros((2, l.size, z.size))
        for m, pole in enumerate(l):
            for p, sign in ((pole, 1.0), (pole.conjugate(), -1.0))[: 1 if m < self.odd else 2]:
                w = 1 - p * z
                B *= z * w.conj() / w
                q = p * z / w
                real[m] += sign * q.real
                imag[m] += q.imag
        beta = np.fft.irfft(B.conj(), M)
        beta[k + 1 :] = 0
        weights = (2j / M * np.fft.rfft(beta) * B).real  # rfft(beta) = conj(b)
        weights[1:-1] *= 2  # the lower half of the circle
        slope_angle = 2 * real @ weights * np.pi / self.scale
        slope_rate = 2 * imag @ weights * (-1 / self.scale)  # dr / r = -dx / scale
        return float(beta @ beta), np.r_[slope_rate, slope_angle[self.odd :]]
