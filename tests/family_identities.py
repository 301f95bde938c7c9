"""The identity of each row of FAMILIES, as its defect in units of rounding or standard errors."""

import dataclasses
import math

import numpy as np

from hippo_theory.legs import matrices
from hippo_theory.lti import measures
from hippo_theory.lti.forms import spectrum
from hippo_theory.lti.response import markov_parameters, transfer_function

EPS = np.finfo(float).eps


def legs(system):
    """A + A^T + I + B B^T = 0, and A P + P A^T + B B^T = 0 for P = (I + J)/2."""
    A, B = system.A, system.B
    n = np.arange(1.0, B.size)
    J = np.diag(n / np.sqrt(4 * n**2 - 1), 1)
    P = (np.eye(B.size) + J + J.T) / 2
    symmetric = A + A.T + np.eye(B.size) + np.outer(B, B)
    return max(_rounding(symmetric, A), _rounding(A @ P + P @ A.T + np.outer(B, B), A))


def legt(system, theta):
    """A + A^T + theta (B B^T + B' B'^T) = 0 and the Pade approximant of the delay theta."""
    A, B = system.A, system.B
    alternating = (-1.0) ** np.arange(B.size) * B
    symmetric = A + A.T + theta * (np.outer(B, B) + np.outer(alternating, alternating))
    return max(_rounding(symmetric, A), _delay(system, alternating * theta, theta))


def lmu(system, theta):
    """(-1)^n sqrt(2n + 1) takes LegT to it, and C = 1 reads the Pade approximant of the delay."""
    N = system.state_dim
    other = measures.legt(N, theta)
    T = (-1.0) ** np.arange(N) * matrices(N)[1]
    similar = T[:, None] * other.A / T - system.A
    inputs = np.max(np.abs(T * other.B / system.B - 1)) / EPS
    return max(_rounding(similar, system.A), inputs, _delay(system, np.ones(N), theta))


def lagt(system):
    """A + A^T + B B^T = 0."""
    return _rounding(system.A + system.A.T + np.outer(system.B, system.B), system.A)


def fout(system, theta):
    """A + A^T + theta B B^T = 0."""
    return _rounding(system.A + system.A.T + theta * np.outer(system.B, system.B), system.A)


def s4d_lin(system):
    """The Gram matrix -1/(pole_j + conj(pole_k)) is 1/(1 - i pi (j - k)), of condition < e^2.

    It is Toeplitz, and its eigenvalues lie in the range of its symbol 2 e^{-t}/(1 - e^{-2}),
    0 <= t <= 2.
    """
    N = system.state_dim
    poles = spectrum(system)
    poles = poles[np.argsort(poles.imag)]
    gram = -1 / (poles[:, None] + poles.conj())
    index = np.arange(2 * N - 1)
    toeplitz = 1 / (1 - 1j * np.pi * (index[:, None] - index))
    values = np.linalg.eigvalsh(gram)
    largest = 2 / -np.expm1(-2.0)
    outside = max(values[-1] - largest, largest * np.exp(-2.0) - values[0], 0.0)
    return max(outside, np.abs(gram - toeplitz).max()) / (N * EPS)


def s4d_inv(system):
    """(2n + 1) (1 + pi w_n / (2N)) = 2N for w_n = Im pole_n; decay rates 1/2."""
    N = system.state_dim
    product = (2 * np.arange(N) + 1) * (1 + np.pi * system.poles.imag / (2 * N))
    return max(np.abs(product / (2 * N) - 1).max(), np.ptp(system.poles.real)) / EPS


def s4d_legs(system):
    """Traces of the normal part: sum w^2 = (M^4 - M (4 M^2 - 1)/3)/8, sum b^2 = M^2/8; M = 2N."""
    M = 2 * system.state_dim
    frequencies = (system.poles.imag**2).sum() / ((M**4 - M * (4 * M**2 - 1) / 3) / 8)
    inputs = (system.B**2).sum() / (M**2 / 8)
    real = np.abs(system.poles.real + 0.5).max()
    return max(abs(frequencies - 1), abs(inputs - 1), real) / (M * EPS)


def s4d_real(system):
    """The eigenvalues of LegS."""
    return np.abs(spectrum(system) + np.arange(1, system.state_dim + 1)).max() / EPS


def lru_ring(system, r_min, r_max, max_phase):
    """States of unit variance, B^2/(1 - |pole|^2) = 1, and poles uniform by area on the ring."""
    logs = system.log_poles
    variance = system.B**2 / -np.expm1(2 * logs.real)
    radii = _uniform(np.exp(2 * logs.real), r_min**2, r_max**2)
    return max(np.abs(variance - 1).max() / EPS, radii, _uniform(logs.imag, 0.0, max_phase))


def roots_of_unity(system, radius):
    """With C = 1, h_{k+1} = N radius^k where N divides k, else 0."""
    N = system.state_dim
    h = markov_parameters(system, 2 * N + 2)[1:]
    exact = np.zeros(2 * N + 1)
    exact[::N] = N * radius ** np.arange(0.0, 2 * N + 1, N)
    return np.abs(h - exact).max() / (N * N * EPS)


def uniform_disk(system, radius):
    """|pole|^2/radius^2 is uniform on [0, 1] and the mean pole 0."""
    centre = abs(system.poles.mean()) / radius * system.state_dim**0.5
    return max(_uniform(np.abs(system.poles) ** 2, 0.0, radius**2), centre)


def uniform_real(system, low, high):
    """(pole - low)/(high - low) is uniform on [0, 1]."""
    return _uniform(system.poles, low, high)


def _rounding(residual, A):
    """Of a sum of N products no larger than the largest entry of A."""
    return np.abs(residual).max() / (len(A) * EPS * np.abs(A).max())


def _uniform(samples, low, high):
    """Distance of the mean from that of the uniform law, of variance (high - low)^2 / 12."""
    rounding = 4 * EPS * max(abs(low), abs(high))
    if samples.min() < low - rounding or samples.max() > high + rounding:
        return math.inf
    if low == high:
        return 0.0
    return abs(samples.mean() - (low + high) / 2) / (high - low) * math.sqrt(12 * samples.size)


def _delay(system, C, theta):
    """C (s I - A)^{-1} B against the [N-1/N] Pade approximant of e^{-theta s}, |theta s| <= 2."""
    N = system.state_dim
    x = 2 * np.exp(1j * np.linspace(-1.5, 1.5, 5))
    terms = [(math.comb(N - 1, j), math.comb(N, j), math.perm(2 * N - 1, j)) for j in range(N + 1)]
    numerator = sum(a / c * (-x) ** j for j, (a, _, c) in enumerate(terms))
    denominator = sum(b / c * x**j for j, (_, b, c) in enumerate(terms))
    got = transfer_function(dataclasses.replace(system, C=C), x / theta)
    # back substitution loses digits with the size of A (theta = 1: N^2)
    return np.abs(got - numerator / denominator).max() / (EPS * N**2 * N)
