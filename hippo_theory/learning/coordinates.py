"""The flow of many poles in coordinates that keep its invariants or see all of it.

For real weights the logarithms of p_j = b_j + c_j and q_j = b_j - c_j move by +- the same z_j,

    w_j = exp(log p_j(0)^2 / 4 + 2 z_j) - exp(log q_j(0)^2 / 4 - 2 z_j),  z' = s - M w(z),

so lambda_j = b_j^2 - c_j^2 = p_j q_j cannot drift. In y = Lambda^(-1/2) V^T z, M = V Lambda V^T,
this is the gradient flow of a convex function: two solutions never move apart. Complex weights are
moved as they are.
"""

import numpy as np

_EPS = np.finfo(float).eps
_ASLEEP, _AWAKE = -100.0, -70.0  # logarithms of weights that no sum of doubles sees


class Mirror:
    """Real weights: z = z_0 + V x, along the directions in which M can be told from zero.

    A balanced gain that decays is left out of V when it has no weight left, and its z_j is a
    coordinate of its own, which grows like the time: in a sum with others it would cost their
    digits. It comes back before it counts.
    """

    def __init__(self, stats, b0, c0):
        self.stats = stats
        with np.errstate(divide="ignore"):  # p = 0 stays zero: its logarithm is -inf
            self.up, self.down = 2 * np.log(abs(b0 + c0) / 2), 2 * np.log(abs(b0 - c0) / 2)
        self.frozen = ~(np.isfinite(self.up) & np.isfinite(self.down))
        self.z = np.zeros(stats.s.size)
        self.asleep = self.frozen & (self._height(self.z) < _ASLEEP)
        self.start = self._turn()

    def _turn(self):
        """Choose V for the gains that are awake, and count x from here."""
        awake, N = np.flatnonzero(~self.asleep), self.z.size
        values, vectors = np.linalg.eigh(self.stats.M[np.ix_(awake, awake)])
        kept = values > 4 * _EPS * values.max(initial=0.0)  # the rest is the rounding of M
        V, rank = vectors[:, kept], int(kept.sum())
        alone = np.flatnonzero(self.asleep)
        self.V = np.zeros((N, rank + alone.size))
        self.V[awake, :rank] = V
        self.V[alone, rank + np.arange(alone.size)] = 1.0
        self.MV = np.zeros((rank + alone.size, N))  # V^T M for the gains that are awake
        self.MV[:rank, awake] = values[kept, None] * V.T
        self.MV[rank:, awake] = self.stats.M[np.ix_(alone, awake)]
        self.force = self.V.T @ self.stats.s
        return np.zeros(self.force.size)

    def _height(self, z):
        """Logarithm of the weight that a gain has left."""
        return np.maximum(self.up + 2 * z, self.down - 2 * z)

    def _parts(self, z):
        return np.exp(self.up + 2 * z), np.exp(self.down - 2 * z)

    def state(self, x):
        """Return z at the rows of x."""
        return self.z + x @ self.V.T

    def slope(self, x):
        """V^T (s - M w); not a number where a gain that sleeps would wake."""
        z = self.state(x)
        up, down = self._parts(z)
        slope = self.force - (up - down) @ self.MV.T
        if self.asleep.any():
            slope[(self._height(z)[..., self.asleep] > _AWAKE + 5).any(-1)] = np.nan
        return slope

    def jacobian(self, x):
        """-V^T M diag(dw/dz) V."""
        up, down = self._parts(self.state(x))
        return -2 * (self.MV * (up + down)) @ self.V

    def settle(self, x):
        """Let gains fall asleep or wake; return the coordinates to go on from, None as they are."""
        if not self.frozen.any():
            return None
        z = self.state(x)
        height = self._height(z)
        asleep = self.frozen & (height < np.where(self.asleep, _AWAKE, _ASLEEP))
        if (asleep == self.asleep).all():
            return None
        self.z, self.asleep = z, asleep
        return self._turn()

    def shown(self, x):
        """Z, whose error is half the relative one of the weights' products, from where x is 0."""
        return x @ self.V.T

    def tolerance(self, x, rtol):
        """Of z, a logarithm, and at least its rounding."""
        return rtol + 8 * _EPS * abs(self.state(x))

    def reach(self, x):
        """Three, but for gains that sleep: nothing depends on their z."""
        return np.where(self.asleep, np.inf, 3.0)

    def gains(self, z):
        """W at the rows of z, and how far the invariants have drifted: they cannot."""
        up, down = self._parts(z)
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

    def tolerance(self, x, rtol):
        """Relative to the weights of every pole: small ones grow by their own rate."""
        return rtol / 3 * self.reach(x) + 8 * _EPS * abs(x)

    def reach(self, x):
        """Three times the weights of every pole."""
        norms = np.linalg.norm(x.reshape(4, self.N), axis=0)
        return 3 * np.tile(np.maximum(norms, np.finfo(float).tiny), 4)

    def state(self, x):
        """Return x itself."""
        return x

    def settle(self, x):
        """Keep the coordinates."""

    def gains(self, x):
        """W at the rows of x, and the largest relative drift of |b_j|^2 - |c_j|^2."""
        b, c = self._weights(x)
        invariant = abs(b) ** 2 - abs(c) ** 2
        size = max((abs(b) ** 2 + abs(c) ** 2).max(), np.finfo(float).tiny)
        return b * c, float(abs(invariant - invariant[0]).max() / size)
