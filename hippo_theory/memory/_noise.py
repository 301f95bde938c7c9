"""Noise that every step adds to a state, as it stands after infinitely many steps."""

import numpy as np

LARGEST_LOSS = 1e-6


def accumulated(A, Q):
    """sum_j A^j Q (A^j)^*, by doubling: positive terms only; refused below six digits."""
    N, total, power, loss = A.shape[0], Q, A, A.shape[0] * np.finfo(float).eps
    while True:
        added = power @ total @ power.conj().T
        total = total + (added + added.conj().T) / 2
        if not np.abs(added).max(initial=0.0) > np.finfo(float).eps * np.abs(total).max() / N:
            return total
        power, loss = power @ power, 2 * loss
        if loss > LARGEST_LOSS:
            raise np.linalg.LinAlgError(
                f"the noise of the states must be known to six digits, got an error of {loss:.0e} "
                "where the slowest pole still adds to it"
            )
