"""Laws of the room `memory`: what states hold of past inputs, by exact Gramians."""

import numpy as np

import hippo_theory as ht
from tests.measure import gap, law, refusable
from tests.oracle import Exact, matrix

LAGS = 12
NOISE = 0.125


def capacity(row):
    return gap(ht.memory.capacity(row.value, LAGS), row.exact.capacity(LAGS))


def horizon(row):
    """The last lag at which the exact curve is at least a half."""
    curve = row.exact.capacity(2 * row.exact.n + 2)
    reached = np.flatnonzero(curve >= 0.5 * (1 - 1e-9))
    return float(abs(ht.memory.horizon(row.value, 0.5) - reached[-1]))


def noisy_capacity(row):
    return gap(
        ht.memory.noisy_capacity(row.value, LAGS, noise=NOISE), row.exact.capacity(LAGS, NOISE)
    )


def effective_dimension(row):
    return gap(ht.memory.effective_dimension(row.value, noise=NOISE), row.exact.dimension(NOISE))


def state_information(row):
    return gap(ht.memory.state_information(row.value, noise=NOISE), row.exact.information(NOISE))


def fisher_memory(row):
    return gap(ht.memory.fisher_memory(row.value, LAGS), row.exact.fisher_memory(LAGS))


def gram_condition(row):
    """How far log10 of the exact condition number lies outside the interval."""
    lower, upper = ht.memory.gram_log10_condition(row.value)
    truth = row.exact.log10_condition
    return max(lower - truth, truth - upper, 0.0)


def orthonormal_by(block):
    """States of unit variance without correlation, with the poles of the system."""

    def residual(row):
        size = min(block, row.exact.n)
        found = ht.memory.orthonormal_realization(row.value, size)
        b = matrix(found.b[:, None])
        exact = Exact.of(matrix(found.A), b, b.transpose(), matrix([[0.0]]), 1.0, True)
        return gap(exact.gramians[0], np.eye(row.exact.n))

    return residual


STATES = "stable, discrete, one input, few, states, short"
POLES = STATES + ", diagonal"
LAWS = (
    law(
        "capacity is b* A^k* P^-1 A^k b",
        "memory.capacity",
        refusable(capacity),
        1e-9,
        needs="stable, discrete, one input, small, states",
        without="hidden",
    ),
    law(
        "horizon is where the exact curve falls below a half",
        "memory.horizon",
        horizon,
        0.0,
        needs=POLES,
    ),
    law(
        "noisy_capacity has noise on P", "memory.noisy_capacity", noisy_capacity, 1e-10, needs=POLES
    ),
    law(
        "effective_dimension is tr P (P + noise)^-1",
        "memory.effective_dimension",
        effective_dimension,
        1e-10,
        needs=POLES,
    ),
    law(
        "state_information is log2 det (1 + P / noise)",
        "memory.state_information",
        state_information,
        1e-10,
        needs=POLES,
    ),
    law(
        "fisher_memory is its definition",
        "memory.fisher_memory",
        refusable(fisher_memory),
        1e-9,
        needs="stable, discrete, one input, small, states, listed",
        without="zero",
    ),
    law(
        "bounds of the condition of P hold",
        "memory.gram_log10_condition",
        gram_condition,
        1e-9,
        needs="stable, discrete, one input, few, states, diagonal",
    ),
    law(
        "orthonormal states have the identity as P",
        "memory.orthonormal_realization",
        refusable(orthonormal_by(1)),
        1e-10,
        needs=POLES,
    ),
    law(
        "orthonormal blocks have the identity as P",
        "memory.orthonormal_realization",
        refusable(orthonormal_by(3)),
        1e-10,
        needs=POLES,
    ),
)
