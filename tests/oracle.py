"""What is exactly true of a system, at 600 bits in balls, from its data and nothing else.

No function of the package is called. The matrices of a value are floats, so they are known
exactly; everything here is computed from them with python-flint's ball arithmetic, whose radii
are checked before a number is handed on.
"""

from functools import cached_property

import flint
import numpy as np

BITS = 600
MORE_BITS = 3000  # where powers grow before they decay
HUGE = 60  # states from which on eigenvalues at 600 bits take seconds
ENOUGH = 80  # bits of the largest entry that a number has when it leaves
NOTHING = 450  # a ball of radius 2^-450 is a number: zeros are known no better
DOUBLINGS = 90  # of the sums of powers, so that spectral radii up to 1 - 2^-70 converge


class UnknownError(ArithmeticError):
    """The quantity does not exist for this system or 600 bits do not settle it."""


def matrix(values) -> flint.acb_mat:
    values = np.asarray(values)
    wide = values.astype(complex if values.dtype.kind == "c" else float)
    rows = [[flint.acb(float(x.real), float(x.imag)) for x in row] for row in wide]
    return flint.acb_mat(*values.shape) if 0 in values.shape else flint.acb_mat(rows)


def identity(n) -> flint.acb_mat:
    return matrix(np.eye(n))


def adjoint(X) -> flint.acb_mat:
    return X.conjugate().transpose()


def floats(X) -> np.ndarray:
    """The nearest floats to the balls of a matrix, once they are narrow enough."""
    if X.entries() and not narrow(X):
        raise UnknownError("the balls are too wide")
    values = [complex(float(x.real.mid()), float(x.imag.mid())) for x in X.entries()]
    return np.array(values, complex).reshape(X.nrows(), X.ncols())


def narrow(X) -> bool:
    entries = X.entries()
    size = max(abs(x).abs_upper() for x in entries)
    allowed = max(size * flint.arb(2) ** -ENOUGH, flint.arb(2) ** -NOTHING)
    return all(x.rad() <= allowed for x in entries)


def small(X, bits) -> bool:
    return all(abs(x) < flint.arb(2) ** -bits for x in X.entries())


class Exact:
    """Exact matrices of one system, as balls, and what follows from them."""

    def __init__(self, system):
        with flint.ctx.workprec(BITS):
            self.A, self.B, self.C = parts(system)
            D = np.asarray(system.D)
            self.D = matrix(D.reshape((1, 1) if D.ndim == 0 else D.shape))
        self.n, (self.p, self.m) = self.A.nrows(), (self.D.nrows(), self.D.ncols())
        self.dt = None if system.dt is None else float(system.dt)
        self.is_siso = np.ndim(system.D) == 0
        self.is_real = all(
            x.imag == 0 for X in (self.A, self.B, self.C, self.D) for x in X.entries()
        )

    @cached_property
    def poles(self) -> np.ndarray:
        """Eigenvalues, (n,), in no order; those of LAPACK where there are many."""
        if self.n > HUGE:
            return np.linalg.eigvals(floats(self.A))
        with flint.ctx.workprec(BITS):
            values = self.A.eig(algorithm="approx") if self.n else []
            return np.array([complex(x) for x in values], complex)

    @cached_property
    def margin(self) -> float:
        """Distance of the nearest pole to the boundary of stability; negative where unstable."""
        if self.n > HUGE:
            return float((-self.poles.real if self.dt is None else 1 - abs(self.poles)).min())
        with flint.ctx.workprec(BITS):
            values = self.A.eig(algorithm="approx") if self.n else []
            gaps = [-x.real if self.dt is None else 1 - abs(x) for x in values]
            return min((float(x.mid()) for x in gaps), default=np.inf)

    @property
    def is_stable(self) -> bool:
        return self.margin > 1e-60

    def transfer_function(self, points) -> np.ndarray:
        """G at points, (len(points), p, m)."""
        with flint.ctx.workprec(BITS):
            return np.array([floats(self._at(flint.acb(complex(z)))) for z in points])

    def _at(self, z):
        return self.D + self.C * (z * identity(self.n) - self.A).solve(self.B) if self.n else self.D

    def sensitivity(self, points) -> np.ndarray:
        """sum over entries of |entry| |dG/d entry| at points, (len(points), p, m)."""
        A, B, C, D = (np.abs(floats(X)) for X in (self.A, self.B, self.C, self.D))
        if not self.n:
            return np.array([D for _ in points])
        with flint.ctx.workprec(BITS):
            inverses = [(flint.acb(complex(z)) * identity(self.n) - self.A).inv() for z in points]
            sizes = [np.abs(floats(X)) for X in inverses]
        shifted = [np.abs(z) * np.eye(self.n) + A for z in points]
        return np.array(
            [D + C @ X @ (S @ X @ B + 2 * B) for X, S in zip(sizes, shifted, strict=True)]
        )

    def response(self, angles) -> np.ndarray:
        """G on the boundary of stability, at i w or at e^{i w} in discrete time, (len(w), p, m)."""
        with flint.ctx.workprec(BITS):
            w = [flint.arb(float(a)) for a in angles]
            points = [
                flint.acb(0, x) if self.dt is None else flint.acb(x.cos(), x.sin()) for x in w
            ]
            return np.array([floats(self._at(z)) for z in points])

    def markov_parameters(self, L) -> np.ndarray:
        """D, C B, C A B, ..., (L, p, m), by the recurrence on midpoints, since radii would grow.

        Powers of a filter's companion form grow by less than 2^60, so 500 bits stay right.
        """
        with flint.ctx.workprec(BITS):
            terms, X = [self.D], self.B
            for _ in range(L - 1):
                terms.append((self.C * X).mid() if self.n else self.D * 0)
                X = (self.A * X).mid() if self.n else X
            return np.array([floats(T) for T in terms])

    @cached_property
    def controllability(self) -> flint.acb_mat:
        """P of A P + P A^* + B B^* = 0, or of P = A P A^* + B B^*."""
        return self._gramian(self.A, self.B)

    @cached_property
    def observability(self) -> flint.acb_mat:
        """Q of A^* Q + Q A + C^* C = 0, or of Q = A^* Q A + C^* C."""
        return self._gramian(adjoint(self.A), adjoint(self.C))

    def _gramian(self, A, B):
        if not self.is_stable:
            raise UnknownError("unstable")
        for bits in (BITS, MORE_BITS):
            with flint.ctx.workprec(bits):
                X = self._sum(A, B)
                if not X.nrows() or narrow(X):
                    return X
        raise UnknownError(f"the balls are too wide at {MORE_BITS} bits")

    def _sum(self, A, B):
        if self.dt is None and self.n:  # the Cayley transform has the same Gramians
            shift = self._shift()
            inverse = (shift * identity(self.n) - A).inv()
            A, B = (shift * identity(self.n) + A) * inverse, (2 * shift).sqrt() * (inverse * B)
        return self.sum_of_powers(A, B * adjoint(B))

    def _shift(self):
        sizes = np.abs(self.poles)
        middle = np.sqrt(sizes.min()) * np.sqrt(sizes.max())
        return flint.acb(2) ** round(float(np.log2(middle)))

    @staticmethod
    def sum_of_powers(A, X):
        """sum_k A^k X (A^k)^*, by doubling."""
        for _ in range(DOUBLINGS):
            if not A.nrows() or small(A, BITS):
                return X
            X = X + A * X * adjoint(A)
            A = A * A
        raise UnknownError("the sum of powers does not converge")

    @cached_property
    def gramians(self) -> tuple[np.ndarray, np.ndarray]:
        return floats(self.controllability), floats(self.observability)

    @cached_property
    def singular_values(self) -> np.ndarray:
        """Hankel singular values, (n,), descending: roots of the eigenvalues of P Q."""
        if not self.n:
            return np.zeros(0)
        with flint.ctx.workprec(BITS):
            values = (self.controllability * self.observability).eig(algorithm="approx")
            roots = [abs(x).sqrt() for x in values]
            return np.sort([float(x.mid()) for x in roots])[::-1]

    @cached_property
    def h2_norm(self) -> float:
        if self.dt is None and any(x != 0 for x in self.D.entries()):
            return np.inf
        with flint.ctx.workprec(BITS):
            energy = (self.D * adjoint(self.D)).trace()
            if self.n:
                energy = energy + (self.C * self.controllability * adjoint(self.C)).trace()
            return float(energy.real.sqrt().mid())

    @cached_property
    def hinf(self) -> tuple[float, float]:
        """The largest |G| that is found on the boundary, and where: never above the supremum.

        Every pole gets frequencies that are dense near it, and the best of them are refined.
        """
        if not self.n:
            return float(np.linalg.norm(floats(self.D), 2)), 0.0
        w = np.unique(np.concatenate([self._frequencies(pole) for pole in self.poles]))
        sizes = self._sizes(w)
        around = np.concatenate([[-np.inf], sizes, [-np.inf]])
        tops = np.flatnonzero((sizes >= around[:-2]) & (sizes >= around[2:]))
        best = tops[np.argsort(sizes[tops])[-8:]]
        found = [self._refined(w[max(k - 1, 0)], w[min(k + 1, w.size - 1)]) for k in best]
        D = np.linalg.norm(floats(self.D), 2) if self.dt is None else 0.0
        return max([*found, (D, np.inf)])

    def _sizes(self, w):
        return np.linalg.norm(self.response(w), 2, axis=(1, 2))

    def _frequencies(self, pole):
        steps = np.sinh(np.linspace(-12, 12, 61))
        if self.dt is None:
            width = max(abs(pole.real), 1e-300)
            return np.concatenate([pole.imag + width * steps, [0.0]])
        width = max(1 - abs(pole), 1e-17)
        angles = np.angle(pole) + width * steps[np.abs(width * steps) < np.pi]
        wide = np.linspace(-np.pi, np.pi, 41)
        return np.concatenate([(angles + np.pi) % (2 * np.pi) - np.pi, wide])

    def _refined(self, low, high, rounds=26):
        """The maximum between two frequencies by trisection."""
        for _ in range(rounds):
            w = np.linspace(low, high, 5)
            k = int(np.argmax(self._sizes(w)))
            low, high = w[max(k - 1, 0)], w[min(k + 1, 4)]
        w = np.linspace(low, high, 5)
        sizes = self._sizes(w)
        return float(sizes.max()), float(w[int(np.argmax(sizes))])

    def capacity(self, K) -> np.ndarray:
        """MC(k) = b^* (A^k)^* P^{-1} A^k b, k < K, of the states that the input reaches."""
        with flint.ctx.workprec(BITS):
            X, curve = self.B, []
            for _ in range(K):
                curve.append((adjoint(X) * self.controllability.solve(X))[0, 0].real)
                X = self.A * X
            return np.array([float(x.mid()) for x in curve])

    def fisher_memory(self, K) -> np.ndarray:
        """J(k) = b^* (A^k)^* C^{-1} A^k b with C = sum_j A^j (A^j)^*, k < K."""
        with flint.ctx.workprec(BITS):
            noise, X, curve = self.sum_of_powers(self.A, identity(self.n)), self.B, []
            for _ in range(K):
                curve.append((adjoint(X) * noise.solve(X))[0, 0].real)
                X = self.A * X
            return np.array([float(x.mid()) for x in curve])


def parts(system):
    """A, B (n, m), C (p, n) of any value of the package, conjugates listed, logarithms read."""
    B, C = np.asarray(system.B), np.asarray(system.C)
    columns = 0 if np.ndim(system.D) == 0 else 1
    B, C = matrix(B if columns else B[:, None]), matrix(C if columns else C[None, :])
    if hasattr(system, "A"):
        return matrix(system.A), B, C
    logarithms = getattr(system, "log_poles", None)
    diagonal = [flint.acb(complex(x)) for x in (system.poles if logarithms is None else logarithms)]
    diagonal = diagonal if logarithms is None else [x.exp() for x in diagonal]
    if getattr(system, "conjugate", False):
        diagonal, B, C = with_conjugates(diagonal, B.tolist(), C.transpose().tolist())
    n = len(diagonal)
    A = flint.acb_mat([[diagonal[i] if i == j else 0 for j in range(n)] for i in range(n)])
    if hasattr(system, "P"):
        A = A - matrix(system.P) * adjoint(matrix(system.Q))
    return A, B, C


def with_conjugates(poles, B, C):
    """Every pole and its conjugate; one real state where pole and B are real."""
    listed = list(zip(poles, B, C, strict=True))
    is_real = [pole.imag == 0 and all(x.imag == 0 for x in b) for pole, b, _ in listed]
    states = [
        (pole, b, [x + x.conjugate() for x in c] if real else c)
        for (pole, b, c), real in zip(listed, is_real, strict=True)
    ]
    states += [
        (pole.conjugate(), [x.conjugate() for x in b], [x.conjugate() for x in c])
        for (pole, b, c), real in zip(listed, is_real, strict=True)
        if not real
    ]
    poles, B, C = (list(column) for column in zip(*states, strict=True))
    return poles, flint.acb_mat(B), flint.acb_mat(C).transpose()
