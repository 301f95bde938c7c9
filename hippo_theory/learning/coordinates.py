"""The flow of many poles in coordinates that keep its invariants or see all of it.

For real weights the logarithms of p_j = b_j + c_j and q_j = b_j - c_j move by +- the same z_j,

    w_j = exp(log p_j(0)^2 / 4 + 2 z_j) - exp(log q_j(0)^2 / 4 - 2 z_j),  z' = s - M w(z),

so lambda_j = b_j^2 - c_j^2 = p_j q_j cannot drift. In y = Lambda^(-1/2) V^T z, M = V Lambda V^T,
this is the gradient flow of a convex function: two solutions never move apart. Complex weights are
moved as they are.
"""

import numpy as np

_EPS = np.finfo(float).eps


class Mirror:
    """Real weights: x = V^T z, along the directions in which M can be told from zero."""

    def __init__(self, stats, b0, c0):
        with np.errstate(divide="ignore"):  # p = 0 stays zero: its logarithm is -inf
            self.up, self.down = 2 * np.log(abs(b0 + c0) / 2), 2 * np.log(abs(b0 - c0) / 2)
        values, vectors = np.linalg.eigh(stats.M)
        kept = values > 4 * _EPS * values[-1]  # the rest is the rounding of M
        self.V = vectors[:, kept]
        self.MV = values[kept, None] * self.V.T  # V^T M
        self.force = self.V.T @ stats.s
        self.start = np.zeros(self.force.size)

    def _parts(self, x):
        z = 2 * (x @ self.V.T)
        return np.exp(self.up + z), np.exp(self.down - z)

    def slope(self, x):
        """V^T (s - M w)."""
        up, down = self._parts(x)
        return self.force - (up - down) @ self.MV.T

    def jacobian(self, x):
        """-V^T M diag(dw/dz) V."""
        up, down = self._parts(x)
        return -2 * (self.MV * (up + down)) @ self.V

    def shown(self, x):
        """Z: its error is half the relative one of the weights' products."""
        return x @ self.V.T

    def size(self, x):
        """One: z is a logarithm."""
        return 1.0

    def gains(self, x):
        """W at the rows of x, and how far the invariants have drifted: they cannot."""
        up, down = self._parts(x)
        return up - down, 0.0


class Factors:
    """Complex weights: x = (Re b, Re c, Im b, Im c)."""

    def __init__(self, stats, b0, c0):
        self.stats, self.N = stats, stats.s.size
        start = np.concatenate([b0, c0]).astype(complex)
        self.start = np.concatenate([np.real(start), np.imag(start)])

    def _weights(self, x):
        z = x[..., : 2 * self.N] + 1j * x[..., 2 * self.N :]
        return z[..., : self.N], z[..., self.N :]

    def slope(self, x):
        """Conj(c) e and conj(b) e, e = s - M w."""
        b, c = self._weights(x)
        e = self.stats.s - (b * c) @ self.stats.M.T
        z = np.concatenate([c.conj() * e, b.conj() * e], axis=-1)
        return np.concatenate([np.real(z), np.imag(z)], axis=-1)

    def jacobian(self, x):
        """Of the map d -> A d + B conj(d) on real and imaginary parts."""
        b, c = self._weights(x)
        other = np.concatenate([c, b])
        A = -other.conj()[:, None] * np.tile(self.stats.M, (2, 2)) * other
        B = np.kron([[0, 1], [1, 0]], np.diag(self.stats.s - self.stats.M @ (b * c)))
        return np.block([[(A + B).real, (B - A).imag], [(A + B).imag, (A - B).real]])

    def shown(self, x):
        """Weights."""
        return x

    def size(self, x):
        """Norm of the weights of every pole: small ones grow by their own relative rate."""
        norms = np.linalg.norm(x.reshape(4, self.N), axis=0)
        return np.tile(np.maximum(norms, np.finfo(float).tiny), 4)

    def gains(self, x):
        """W at the rows of x, and the largest relative drift of |b_j|^2 - |c_j|^2."""
        b, c = self._weights(x)
        invariant = abs(b) ** 2 - abs(c) ** 2
        size = max((abs(b) ** 2 + abs(c) ** 2).max(), np.finfo(float).tiny)
        return b * c, float(abs(invariant - invariant[0]).max() / size)
