"""How the systems of the zoo are made: plants, filters, structures and layers as they occur.

Numbers are literal or of a sequence that is the same everywhere; scipy.signal designs the filters.
"""

from functools import cache
from math import comb, factorial

import numpy as np
from scipy import linalg, signal

import hippo_theory as ht


def weyl(*shape, seed=0) -> np.ndarray:
    """Numbers between -1 and 1 that look random and are the same everywhere."""
    k = np.arange(int(np.prod(shape))) + 97 * seed + 1
    return (2 * ((k * 0.6180339887498949) % 1) - 1).reshape(shape)


def unit(n, k) -> np.ndarray:
    return np.eye(n)[k]


# plants


def chain(n, pole, dt=None):
    """Equal first-order lags in a row: driven at the first, read at the last."""
    return ht.LTI(pole * np.eye(n) + np.eye(n, k=-1), unit(n, 0), unit(n, -1), dt=dt)


def tridiagonal(n, low, middle, high):
    return middle * np.eye(n) + high * np.eye(n, k=1) + low * np.eye(n, k=-1)


def ladder(n):
    """RC ladder that is open at its end."""
    A = tridiagonal(n, 1.0, -2.0, 1.0)
    A[-1, -1] = -1.0
    return ht.LTI(A, unit(n, 0), unit(n, -1))


def heat(n):
    """Heat equation on n points, heated at one end and measured in the middle."""
    return ht.LTI(
        (n + 1.0) ** 2 * tridiagonal(n, 1.0, -2.0, 1.0), (n + 1.0) * unit(n, 0), unit(n, n // 2)
    )


def convection(n):
    return ht.LTI(tridiagonal(n, 8.0, -12.0, 2.0), unit(n, 0), np.ones(n) / n)


def second_order(M, K, damping, inputs, outputs):
    """M q'' + damping q' + K q = inputs u, y = outputs q: B = [0; M^-1], C = [I 0]."""
    n = len(M)
    inverse = np.diag(1 / np.diag(M))
    A = np.block([[np.zeros((n, n)), np.eye(n)], [-inverse @ K, -inverse @ damping]])
    B = np.vstack([np.zeros((n, np.shape(inputs)[1])), inverse @ inputs])
    return ht.LTI(A, B, np.hstack([outputs, np.zeros((len(outputs), n))]))


def masses(n, ports):
    """Masses, springs and dampers in a row, forces on and positions of the last `ports`."""
    K = tridiagonal(n, -2.0, 4.0, -2.0)
    ports = np.eye(n)[:, -ports:]
    return second_order(np.diag(1.0 + np.arange(n)), K, 0.1 * K + 0.05 * np.eye(n), ports, ports.T)


def two_masses():
    """The two-mass spring of python-control's tests of balanced reduction."""
    m1, m2, k, c = 1.0, 0.5, 3.0, 0.2
    A = [
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [-2 * k / m1, k / m1, -2 * c / m1, c / m1],
        [k / m2, -k / m2, c / m2, -c / m2],
    ]
    return ht.LTI(A, [0, 0, 1 / m1, 1 / m2], np.eye(2, 4))


def building(floors):
    """Shear building with Rayleigh damping, shaken at the ground, read at the top."""
    K = 800.0 * tridiagonal(floors, -1.0, 2.0, -1.0)
    K[-1, -1] = 800.0
    damping = 0.05 * np.eye(floors) + 2e-4 * K
    ends = np.eye(floors)[:, [-1]]
    value = second_order(np.eye(floors), K, damping, -np.ones((floors, 1)), ends.T)
    return ht.LTI(value.A, value.B[:, 0], value.C[0])


def modes(frequencies, damping):
    """Modes in real 2 x 2 blocks, driven in velocity and read in position."""
    blocks = [np.array([[0.0, 1.0], [-(w**2), -2 * damping * w]]) for w in frequencies]
    n = len(frequencies)
    gains = np.cos(np.arange(n) + 0.3)
    return ht.LTI(
        linalg.block_diag(*blocks), np.kron(gains, [0.0, 1.0]), np.kron(gains, [1.0, 0.0])
    )


def moore():
    """(s + 4)/((s + 1)(s + 3)(s + 5)(s + 10)), after Moore (1981)."""
    return ht.LTI(
        np.column_stack([np.eye(4)[:, 1:], [-150.0, -245, -113, -19]]), [4.0, 1, 0, 0], unit(4, -1)
    )


def ab09():
    """The power system of the examples of SLICOT's AB09 routines."""
    A = [
        [-0.04165, 0.0, 4.92, -4.92, 0.0, 0.0, 0.0],
        [-5.21, -12.5, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 3.33, -3.33, 0.0, 0.0, 0.0, 0.0],
        [0.545, 0.0, 0.0, 0.0, -0.545, 0.0, 0.0],
        [0.0, 0.0, 0.0, 4.92, -0.04165, 0.0, 4.92],
        [0.0, 0.0, 0.0, 0.0, -5.21, -12.5, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 3.33, -3.33],
    ]
    B = np.zeros((7, 2))
    B[1, 0] = B[5, 1] = 12.5
    return ht.LTI(A, B, np.eye(7)[[0, 3, 4]])


def penzl(n):
    blocks = [np.array([[-1.0, w], [-w, -1.0]]) for w in (100.0, 200.0, 400.0)]
    A = linalg.block_diag(*blocks, -np.diag(1.0 + np.arange(n)))
    ports = np.r_[np.full(6, 10.0), np.ones(n)]
    return ht.LTI(A, ports, ports)


def grcar(n):
    A = np.eye(n) + sum(np.eye(n, k=k) for k in (1, 2, 3)) - np.eye(n, k=-1)
    return ht.LTI(-A - 0.5 * np.eye(n), np.ones(n), unit(n, 0))


def companion(n, form):
    """1/((s + 1) ... (s + n)) in the form of a textbook."""
    A, B, C, _ = signal.tf2ss([1.0], np.poly(-1.0 - np.arange(n)))
    return ht.LTI(A, B[:, 0], C[0]) if form == "controller" else ht.LTI(A.T, C[0], B[:, 0])


def sensitivity():
    """1/(1 + P C) with 12 states as tf2ss makes it, the kind of ControlSystems.jl #1014."""
    stable = np.poly(-np.array([0.01, 0.05, 0.2, 0.5, 1, 1.5, 3, 8, 20, 50, 90, 200.0]))
    zeros = np.poly(-np.array([0.012, 0.04, 0.3, 0.4, 1.1, 1.4, 5, 7, 30, 40, 95, 150.0]))
    return from_tf(zeros, stable)


def vehicles(n):
    """A string of vehicles that follow each other."""
    A = np.kron(np.eye(n), [[0.0, -1.0], [1.0, -2.0]]) + np.kron(
        np.eye(n, k=-1), [[0.0, 1.0], [0.0, 0.0]]
    )
    return ht.LTI(A, unit(2 * n, 1), unit(2 * n, -1))


# filters


def from_tf(b, a, dt=None):
    A, B, C, D = signal.tf2ss(b, a)
    return ht.LTI(A, B[:, 0], C[0], D[0, 0], dt=dt)


def digital(design, *arguments):
    return from_tf(*design(*arguments), dt=1.0)


def analog(design, *arguments):
    return from_tf(*design(*arguments, analog=True))


def zpk(design, *arguments, analog=False):
    z, p, k = design(*arguments, analog=analog, output="zpk")
    A, B, C, D = signal.zpk2ss(z, p, k)
    return ht.LTI(A, B[:, 0], C[0], D[0, 0], dt=None if analog else 1.0)


def sections(sos):
    """Second-order sections in series, first section first."""
    parts = [from_tf(row[:3], row[3:], dt=1.0) for row in sos]
    result = parts[0]
    for part in parts[1:]:
        result = part @ result
    return result


def fir(taps):
    n = len(taps) - 1
    return ht.LTI(np.eye(n, k=-1), unit(n, 0), taps[1:], taps[0], dt=1.0)


def delay(n):
    return ht.LTI(np.eye(n, k=-1), unit(n, 0), unit(n, -1), dt=1.0)


def pade(n):
    """The all-pass rational approximation of a delay of one unit."""
    k = np.arange(n + 1)
    c = np.array([comb(n, j) * factorial(2 * n - j) / factorial(2 * n) for j in k])
    return from_tf((c * (-1.0) ** k)[::-1], c[::-1])


# structure


def jordan(n, pole, dt=None):
    return ht.LTI(pole * np.eye(n) + np.eye(n, k=1), unit(n, -1), unit(n, 0), dt=dt)


def full(n, m, p, *, dt=None, seed=0, siso=False):
    """No zero anywhere; eigenvalues well inside."""
    A = weyl(n, n, seed=seed)
    A = A / np.linalg.norm(A, 2)
    A = 0.9 * A if dt is not None else A - 1.2 * np.eye(n)
    B, C, D = weyl(n, m, seed=seed + 1), weyl(p, n, seed=seed + 2), weyl(p, m, seed=seed + 3)
    return (
        ht.LTI(A, B[:, 0], C[0], D[0, 0], dt=dt)
        if siso
        else ht.LTI(A, B, C, D * (dt is not None), dt=dt)
    )


def rotated(value, seed=5):
    """Other coordinates, so that nothing that is hidden shows in the zeros."""
    n = value.A.shape[0]
    V = np.linalg.qr(weyl(n, n, seed=seed) + np.eye(n))[0]
    return ht.LTI(V @ value.A @ V.T, V @ value.B, value.C @ V.T, value.D, dt=value.dt)


def in_units(value, exponents):
    """The same system with states in units that are powers of two: nothing is rounded."""
    d = 2.0 ** np.asarray(exponents, float)
    B = value.B * (d if value.B.ndim == 1 else d[:, None])
    return ht.LTI(value.A * d[:, None] / d, B, value.C / d, value.D, dt=value.dt)


def units_example(dt=None):
    A = np.array([[-1, 0.5, 0.2], [-0.3, -2, 0.4], [0.1, 0.2, -0.5]])
    A = A if dt is None else np.eye(3) + dt * A
    return ht.LTI(A, [1.0, 2, -1], [0.5, 1, 2], dt=dt)


def scaled(value, *, gain=1.0, time=1.0):
    return ht.LTI(time * value.A, gain * value.B, value.C, value.D, dt=value.dt)


def single(value):
    """The same system with data in single precision."""
    names = ("A", "B", "C") if hasattr(value, "A") else ("poles", "B", "C")
    narrow = {}
    for name in names:
        array = np.asarray(getattr(value, name))
        narrow[name] = array.astype(np.complex64 if array.dtype.kind == "c" else np.float32)
    options = {"dt": value.dt, "D": value.D}
    return (
        type(value)(**narrow, **options)
        if hasattr(value, "A")
        else type(value)(**narrow, **options, conjugate=value.conjugate)
    )


def twice(value):
    return value + value


def hidden(controllable, observable):
    """A state that the input does not drive, or that the output does not read."""
    B = [1.0, 0.0 if not controllable else 0.7, 1.0]
    C = [1.0, 1.0, 0.0 if not observable else -0.4]
    return ht.LTI(np.diag([-1.0, -2.0, -3.0]), B, C)


def pairs(n, *, discrete):
    """Conjugate pairs, the first pole real."""
    poles = -0.3 - 0.1 * np.arange(n) + 1j * np.arange(n) * 1.7
    poles = np.exp(0.5 * poles) if discrete else poles
    C = weyl(n, seed=4) + 1j * weyl(n, seed=6)
    return ht.DiagonalLTI(poles, np.ones(n), C, 0.0, 1.0 if discrete else None, conjugate=True)


def many_channels(n, m, p, *, discrete, conjugate):
    poles = -0.2 - 0.15 * np.arange(n) + 1j * (1 + np.arange(n))
    poles = np.exp(0.4 * poles) if discrete else poles
    B = weyl(n, m, seed=1) + 1j * weyl(n, m, seed=2)
    C = weyl(p, n, seed=3) + 1j * weyl(p, n, seed=4)
    return ht.DiagonalLTI(poles, B, C, 0.0, 1.0 if discrete else None, conjugate=conjugate)


@cache
def family(name, N, *, form=None, **parameters):
    C = weyl(N, seed=8)
    options = {"form": form} if form else {}
    if name == "uniform_disk":
        return ht.lti.family(name, N, rng=np.random.default_rng(3), **parameters)
    return ht.lti.family(name, N, C=C, **options, **parameters)


def discretized(value, scheme, dt=0.1):
    alpha = {"alpha": 0.6} if scheme == "generalized_bilinear" else {}
    return ht.lti.discretize(value, dt, scheme, **alpha)
