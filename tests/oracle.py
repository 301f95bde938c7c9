"""What is exactly true of a system, at 600 bits in balls, from its data and nothing else.

No function of the package is called. The matrices of a value are floats, so they are known
exactly; everything here is computed from them with python-flint's ball arithmetic, whose radii
are checked before a number is handed on.
"""

from functools import cached_property

import flint
import numpy as np
from scipy import linalg, optimize

BITS = 600
MORE_BITS = 3000  # where powers grow before they decay
HUGE = 60  # states from which on eigenvalues at 600 bits take seconds
ENOUGH = 80  # bits of the largest entry that a number has when it leaves
CHANGE = 200  # bits below 1 of a change whose effect is differentiated
NOTHING = 450  # a ball of radius 2^-450 is a number: zeros are known no better
DOUBLINGS = 90  # of the sums of powers, so that spectral radii up to 1 - 2^-70 converge


FEW = 12  # states of which a response takes a millisecond


class UnknownError(ArithmeticError):
    """The quantity does not exist for this system or 600 bits do not settle it."""


def matrix(values) -> flint.acb_mat:
    values = np.asarray(values)
    wide = values.astype(complex if values.dtype.kind == "c" else float)
    rows = [[flint.acb(float(x.real), float(x.imag)) for x in row] for row in wide]
    return flint.acb_mat(*values.shape) if 0 in values.shape else flint.acb_mat(rows)


def identity(n) -> flint.acb_mat:
    return matrix(np.eye(n))


def diagonal_matrix(entries) -> flint.acb_mat:
    n = len(entries)
    rows = [[entries[i] if i == j else 0 for j in range(n)] for i in range(n)]
    return flint.acb_mat(rows) if n else flint.acb_mat(0, 0)


def adjoint(X) -> flint.acb_mat:
    return X.conjugate().transpose()


def floats(X) -> np.ndarray:
    """The nearest floats to the balls of a matrix, once they are narrow enough."""
    if X.entries() and not narrow(X):
        raise UnknownError("the balls are too wide")
    values = [complex(float(x.real.mid()), float(x.imag.mid())) for x in X.entries()]
    return np.array(values, complex).reshape(X.nrows(), X.ncols())


def balancing_units(A) -> np.ndarray:
    """d for which d^-1 A d is balanced, by LAPACK: SciPy's matrix_balance warns of huge scales."""
    (gebal,) = linalg.get_lapack_funcs(("gebal",), (A,))
    return gebal(A, scale=1, permute=0)[3]


def narrow(X) -> bool:
    entries = X.entries()
    size = max(abs(x).abs_upper() for x in entries)
    allowed = max(size * flint.arb(2) ** -ENOUGH, flint.arb(2) ** -NOTHING)
    return all(x.rad() <= allowed for x in entries)


def small(X, bits) -> bool:
    return all(abs(x) < flint.arb(2) ** -bits for x in X.entries())


class Exact:
    """Exact matrices of one system, as balls, and what follows from them."""

    def __init__(self, system, *, change=None):
        with flint.ctx.workprec(BITS):
            self.A, self.B, self.C = parts(system, change)
            D = np.asarray(system.D)
            self.D = matrix(D.reshape((1, 1) if D.ndim == 0 else D.shape))
        self.dt = None if system.dt is None else float(system.dt)
        self.is_siso = np.ndim(system.D) == 0
        self._measure()

    def _measure(self):
        self.n, (self.p, self.m) = self.A.nrows(), (self.D.nrows(), self.D.ncols())
        data = (self.A, self.B, self.C, self.D)
        self.is_real = all(x.imag == 0 for X in data for x in X.entries())

    @classmethod
    def of(cls, A, B, C, D, dt, is_siso):
        """From balls."""
        self = cls.__new__(cls)
        self.A, self.B, self.C, self.D, self.dt, self.is_siso = A, B, C, D, dt, is_siso
        self._measure()
        return self

    @cached_property
    def poles(self) -> np.ndarray:
        """Eigenvalues, (n,), in no order; those of LAPACK where there are many."""
        if self.n > HUGE:
            return np.linalg.eigvals(floats(self.A))
        with flint.ctx.workprec(BITS):
            values = self.A.eig(algorithm="approx") if self.n else []
            return np.array([complex(x) for x in values], complex)

    @cached_property
    def elsewhere(self) -> np.ndarray:
        """Points outside the circle of all poles."""
        far = np.abs(self.poles).max(initial=0.0)
        return 1.5 * (far or 1.0) * np.exp(1j * np.array([0.3, 1.1, 2.0, -0.7]))

    @cached_property
    def gaps(self) -> np.ndarray:
        """-2 Re pole, or 1 - |pole|^2 in discrete time, of a diagonal A in its order, (n,)."""
        with flint.ctx.workprec(BITS):
            poles = [self.A[i, i] for i in range(self.n)]
            of = (lambda x: -2 * x.real) if self.dt is None else (lambda x: 1 - abs(x) ** 2)
            return np.array([float(of(x).mid()) for x in poles])

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

    def normwise(self, points) -> float:
        """|C| |R| (|z| + |A|) |R| |B| with R = (z - A)^{-1}, the largest over points."""
        if not self.n:
            return 1.0
        A, B, C = (np.linalg.norm(floats(X), 2) for X in (self.A, self.B, self.C))
        with flint.ctx.workprec(BITS):
            inverses = [(flint.acb(complex(z)) * identity(self.n) - self.A).inv() for z in points]
            R = np.array([np.linalg.norm(floats(X), 2) for X in inverses])
        return float((C * R * (np.abs(points) + A) * R * B).max())

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
            return np.array([floats(T) for T in self._markov(L)])

    def _markov(self, L):
        terms, X = [self.D], self.B
        for _ in range(L - 1):
            terms.append((self.C * X).mid() if self.n else self.D * 0)
            X = (self.A * X).mid() if self.n else X
        return terms

    def free(self, x0, L):
        """A^k x0, (L, n), and C A^k x0, (L, p)."""
        with flint.ctx.workprec(BITS):
            x, states, outputs = matrix(np.reshape(x0, (-1, 1))), [], []
            for _ in range(L):
                states.append(floats(x)[:, 0])
                outputs.append(floats(self.C * x)[:, 0])
                x = (self.A * x).mid()
        return np.array(states), np.array(outputs)

    def driven(self, x0, u):
        """States x_k, (L, n), and outputs y_k, (L, p), from x0 under u (m, L)."""
        with flint.ctx.workprec(BITS):
            x, states, outputs = matrix(np.reshape(x0, (-1, 1))), [], []
            for column in np.asarray(u).T:
                v = matrix(column[:, None])
                states.append(floats(x)[:, 0])
                outputs.append(floats(self.C * x + self.D * v)[:, 0])
                x = (self.A * x + self.B * v).mid()
        return np.array(states), np.array(outputs)

    def derivative(self, system, name, direction, L) -> np.ndarray:
        """Of the Markov parameters along a change of `poles`, `B` or `C`, (L, p, m).

        A quotient over 2^-200, whose error of 2^-200 is far below double precision.
        """
        still = Exact(system, change=(name, 0 * direction))
        moved = Exact(system, change=(name, direction))
        with flint.ctx.workprec(BITS):
            size = flint.arb(2) ** -CHANGE
            return np.array(
                [
                    floats((b - a) * (1 / size))
                    for a, b in zip(still._markov(L), moved._markov(L), strict=True)
                ]
            )

    def discretized(self, dt, scheme, alpha) -> "Exact":
        """By the definition of the scheme: a substitution for s, or a hold of the input."""
        with flint.ctx.workprec(BITS):
            weights = {"forward_euler": 0.0, "backward_euler": 1.0, "bilinear": 0.5}
            if scheme in ("zoh", "foh"):
                parts = self._held(flint.arb(dt), linear=scheme == "foh")
            else:
                parts = self._substituted(flint.arb(dt), weights.get(scheme, alpha))
        return Exact.of(*parts, dt, self.is_siso)

    def _substituted(self, dt, alpha):
        if not self.n:
            return self.A, self.B, self.C, self.D
        one, alpha = identity(self.n), flint.arb(alpha)
        inverse = (one - alpha * dt * self.A).inv()
        A, B = inverse * (one + (1 - alpha) * dt * self.A), inverse * (dt * self.B)
        return A, B, self.C * inverse, self.D + alpha * (self.C * B)

    def _held(self, dt, *, linear):
        """After cont2discrete of SciPy: blocks of one exponential."""
        n, m = self.n, self.m
        if not n:
            return self.A, self.B, self.C, self.D
        rows = (dt * self.A).tolist(), (dt * self.B).tolist()
        top = [a + b + [0] * m for a, b in zip(*rows, strict=True)]
        middle = [[0] * (n + m) + [int(i == j) for j in range(m)] for i in range(m)]
        E = flint.acb_mat(top + middle + [[0] * (n + 2 * m)] * m).exp().tolist()[:n]
        A, first, second = (
            flint.acb_mat([row[i:j] for row in E])
            for i, j in ((0, n), (n, n + m), (n + m, n + 2 * m))
        )
        if not linear:
            return A, first, self.C, self.D
        return A, first - second + A * second, self.C, self.D + self.C * second

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
    def units(self) -> np.ndarray:
        """Powers of two in which the states of A are balanced, (n,)."""
        if not self.n:
            return np.zeros(0)
        return balancing_units(floats(self.A))

    @cached_property
    def gramian_conditions(self) -> tuple[float, float]:
        """Relative change of P and of Q over that of A, in balanced units: 2 |A| |X|, with X
        the Gramian of unit noise on every state, which is the norm of the inverse operator.
        """
        with flint.ctx.workprec(BITS):
            d = diagonal_matrix([flint.acb(x) for x in self.units])
            A = d.inv() * self.A * d if self.n else self.A
            size = np.linalg.norm(floats(A), 2) if self.n else 0.0
        power = 1 if self.dt is None else 2
        noises = [self._gramian(X, identity(self.n)) for X in (A, adjoint(A))]
        return tuple(
            2 * size**power * np.linalg.norm(floats(X), 2) if self.n else 0.0 for X in noises
        )

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

        Frequencies are dense near every pole; a grid in floats finds the best, which are refined
        and measured at 600 bits.
        """
        D = float(np.linalg.norm(floats(self.D), 2)) if self.dt is None or not self.n else 0.0
        if not self.n:
            return D, 0.0
        w = np.unique(np.concatenate([self._frequencies(pole) for pole in self.poles]))
        sizes = self._rough(w)
        peaks = np.flatnonzero((sizes >= np.roll(sizes, 1)) & (sizes >= np.roll(sizes, -1)))
        peaks = {*sorted(peaks, key=lambda k: -sizes[k])[:6], int(np.argmax(sizes))}
        if self.n <= FEW:  # rounding moves flat peaks: what is nearly as large is measured too
            exact = {k: self._size(w[k]) for k in np.flatnonzero(sizes > 0.99 * sizes.max())[:200]}
            peaks |= set(sorted(exact, key=lambda k: -exact[k])[:3])
        best = sorted(peaks)
        found = [self._refined(w[max(k - 1, 0)], w[k], w[min(k + 1, w.size - 1)]) for k in best]
        return max([*found, (D, np.inf)])

    def _size(self, w) -> float:
        return float(np.linalg.norm(self.response([w])[0], 2))

    def _rough(self, w):
        A, B, C, D = (floats(X) for X in (self.A, self.B, self.C, self.D))
        (gebal,) = linalg.get_lapack_funcs(("gebal",), (A,))  # matrix_balance warns
        A, _, _, units, _ = gebal(A, scale=1, permute=0)
        z = (1j * w if self.dt is None else np.exp(1j * w))[:, None, None]
        moved = 1e-14 * np.abs(A).max()  # off a pole that the grid meets
        X = np.linalg.solve(
            z * np.eye(self.n) - A + moved * np.eye(self.n), (B / units[:, None])[None]
        )
        return np.linalg.norm((C * units) @ X + D, 2, axis=(1, 2))

    def _frequencies(self, pole):
        steps = np.sinh(np.linspace(-12, 12, 61))
        if self.dt is None:
            width = max(abs(pole.real), 1e-300)
            return np.concatenate([pole.imag + width * steps, [0.0]])
        width = max(1 - abs(pole), 1e-17)
        angles = np.angle(pole) + width * steps[np.abs(width * steps) < np.pi]
        wide = np.linspace(-np.pi, np.pi, 41)
        return np.concatenate([(angles + np.pi) % (2 * np.pi) - np.pi, wide])

    def _refined(self, low, middle, high):
        """The maximum between two frequencies, by Brent's method."""
        found = optimize.minimize_scalar(
            lambda w: -self._size(w),
            bounds=(low, high),
            method="bounded",
            options={"xatol": 1e-9 * (high - low), "maxiter": 40},
        )
        return max((self._size(w), float(w)) for w in (found.x, low, middle, high))

    def capacity(self, K, noise=0.0) -> np.ndarray:
        """MC(k) = b^* (A^k)^* (P + noise diag P)^{-1} A^k b, k < K."""
        with flint.ctx.workprec(BITS):
            P, X, curve = self._noisy(noise), self.B, []
            for _ in range(K):
                curve.append((adjoint(X) * P.solve(X))[0, 0].real)
                X = self.A * X
            return np.array([float(x.mid()) for x in curve])

    def _noisy(self, noise):
        P = self.controllability
        return P + diagonal_matrix([flint.arb(noise) * P[i, i] for i in range(self.n)])

    def dimension(self, noise) -> float:
        """tr P (P + noise diag P)^{-1}."""
        with flint.ctx.workprec(BITS):
            return float(self._noisy(noise).solve(self.controllability).trace().real.mid())

    def information(self, noise) -> float:
        """log2 det(1 + P / (noise diag P))."""
        with flint.ctx.workprec(BITS):
            ratio = self._noisy(noise).det()
            for i in range(self.n):
                ratio = ratio / (flint.arb(noise) * self.controllability[i, i])
            return float((ratio.real.log() / flint.arb(2).log()).mid())

    @cached_property
    def log10_condition(self) -> float:
        """Of P with its diagonal scaled to ones."""
        with flint.ctx.workprec(BITS):
            P = self.controllability
            roots = diagonal_matrix([1 / P[i, i].real.sqrt() for i in range(self.n)])
            values = [x.real for x in (roots * P * roots).eig(algorithm="approx")]
            return float(
                (
                    max(values).log() / flint.arb(10).log()
                    - min(values).log() / flint.arb(10).log()
                ).mid()
            )

    def fisher_memory(self, K) -> np.ndarray:
        """J(k) = b^* (A^k)^* C^{-1} A^k b with C = sum_j A^j (A^j)^*, k < K."""
        with flint.ctx.workprec(BITS):
            noise, X, curve = self.sum_of_powers(self.A, identity(self.n)), self.B, []
            for _ in range(K):
                curve.append((adjoint(X) * noise.solve(X))[0, 0].real)
                X = self.A * X
            return np.array([float(x.mid()) for x in curve])


def parts(system, change=None):
    """A, B (n, m), C (p, n) of any value of the package, conjugates listed, logarithms read.

    `change` is the name of an array and a direction in which it is moved by 2^-200.
    """

    def balls(name, reshape):
        exact = matrix(reshape(np.asarray(getattr(system, name))))
        if change is None or change[0] != name:
            return exact
        return exact + matrix(reshape(change[1])) * flint.arb(2) ** -CHANGE

    columns = np.ndim(system.D) > 0
    B = balls("B", lambda a: a if columns else a[:, None])
    C = balls("C", lambda a: a if columns else a[None, :])
    if hasattr(system, "A"):
        return matrix(system.A), B, C
    logarithms = None if change else getattr(system, "log_poles", None)
    if logarithms is None:
        diagonal = balls("poles", lambda a: a[:, None]).entries()
    else:
        diagonal = [flint.acb(complex(x)).exp() for x in logarithms]
    if getattr(system, "conjugate", False) and diagonal:
        diagonal, B, C = with_conjugates(diagonal, B.tolist(), C.transpose().tolist())
    A = diagonal_matrix(diagonal)
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
