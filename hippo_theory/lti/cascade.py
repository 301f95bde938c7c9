"""The all-pass chain: one section per pole, orthonormal states along any signal.

Section m, with pole l and s = sqrt(1 - |l|^2), turns v_m into its state and into v_{m+1}:

    x[m, k]    = l x[m, k-1] + s v[m, k],        v[m+1, k] = s x[m, k-1] - conj(l) v[m, k],

a unitary 2 x 2 step. With v_0 = u the states x are the Takenaka-Malmquist coordinates: white u
of unit variance makes them uncorrelated with unit variance. Poles may repeat; all poles equal is
the Laguerre chain, and the taps v are the frequency-warped delays of HOPE.
"""

import numpy as np

from hippo_theory import _check
from hippo_theory.lti.pairings import one_minus

__all__ = [
    "allpass_coefficients",
    "energy",
    "impulse_response",
    "matrices",
    "readout",
    "states",
]


def states(poles, u, *, initial_state=None, log_poles=None) -> np.ndarray:
    """Orthonormal states of the chain along a signal, after each sample has been read.

    Parameters
    ----------
    poles : array_like, shape (N,)
        Inside the unit circle; repeated ones are welcome.
    u : array_like, shape (..., L)
        Signal, real or complex.
    initial_state : array_like, shape (..., N), optional
        State before the first sample: the last state of an earlier piece of the signal.
    log_poles : array_like, shape (N,), optional
        Exact logarithms of the poles, which then replace them.

    Returns
    -------
    numpy.ndarray, complex, shape (..., L, N)

    Raises
    ------
    ValueError
        If a pole is not inside the unit circle or a shape is wrong.

    Notes
    -----
    Compiled, O(N) per sample; each section is unitary, so rounding errors do not grow.
    docs/theory.md (5.29).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.cascade.states([0.6, 0.6], [1.0, 0.0]).real
    array([[ 0.8  , -0.48 ],
           [ 0.48 ,  0.224]])
    """
    return _run(poles, u, initial_state, log_poles, keep_states=True)[2]


def readout(
    poles, u, *, state_weights=None, tap_weights=None, initial_state=None, log_poles=None
) -> tuple[np.ndarray, np.ndarray]:
    """y_k = sum_m c_m x[m, k] + sum_m h_m v[m, k], without storing the states.

    Parameters
    ----------
    poles, u, initial_state, log_poles
        As for `states`.
    state_weights : array_like, shape (N,), optional
        c; zero by default.
    tap_weights : array_like, shape (N + 1,), optional
        h; tap 0 is the signal itself, tap N what leaves the chain. Zero by default.

    Returns
    -------
    y : numpy.ndarray, complex, shape (..., L)
    final_state : numpy.ndarray, complex, shape (..., N)
        Pass it as `initial_state` to go on.

    Raises
    ------
    ValueError
        As for `states`.

    Notes
    -----
    O(N) memory and O(N) per sample: streaming of any length. No conjugate is taken of c or h.
    docs/theory.md (5.29).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> y, _ = ht.lti.cascade.readout([0.5], [1.0, 0.0, 0.0], tap_weights=[0.0, 1.0])
    >>> y.real
    array([-0.5  ,  0.75 ,  0.375])
    """
    y, final_state, _ = _run(
        poles, u, initial_state, log_poles, state_weights=state_weights, tap_weights=tap_weights
    )
    return y, final_state


def impulse_response(poles, L, *, log_poles=None) -> np.ndarray:
    """States of the chain along a unit impulse: the Takenaka-Malmquist functions, (L, N).

    Parameters
    ----------
    poles, log_poles
        As for `states`.
    L : int
        Number of samples.

    Returns
    -------
    numpy.ndarray, complex, shape (L, N)

    Raises
    ------
    ValueError
        As for `states`.

    Notes
    -----
    Column m has the transform s_m / (1 - l_m z) prod_{j<m} (z - conj(l_j)) / (1 - l_j z) in the
    delay z. Columns are orthonormal over all samples. O(N L). docs/theory.md (5.30).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> T = ht.lti.cascade.impulse_response([0.5, -0.5], 60)
    >>> bool(np.allclose(T.conj().T @ T, np.eye(2)))
    True
    """
    u = np.zeros(_check.size("L", L, by=5))
    u[0] = 1.0
    return states(poles, u, log_poles=log_poles)


def allpass_coefficients(poles, L, *, log_poles=None) -> np.ndarray:
    """First L coefficients of the Blaschke product prod_i (z - conj(l_i)) / (1 - l_i z).

    Parameters
    ----------
    poles, log_poles
        As for `states`.
    L : int
        Number of coefficients.

    Returns
    -------
    numpy.ndarray, complex, shape (L,)
        What leaves the chain after a unit impulse; the squared moduli sum to 1.

    Raises
    ------
    ValueError
        As for `states`.

    Notes
    -----
    docs/theory.md (5.30).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.cascade.allpass_coefficients([0.5], 3).real
    array([-0.5  ,  0.75 ,  0.375])
    """
    stable, s = _sections(poles, log_poles)
    return _impulse_energy(stable, s, _check.size("L", L, by=3))[1]


def energy(poles, L, *, log_poles=None) -> np.ndarray:
    """sum_m |x[m, k]|^2 along a unit impulse, for k = 0 .. L - 1.

    Parameters
    ----------
    poles, log_poles
        As for `states`.
    L : int
        Number of samples.

    Returns
    -------
    numpy.ndarray, shape (L,)
        Sums of squares, so that the relative error is at most of order (L + N) eps however small
        the value; 0 below the smallest normal float.

    Raises
    ------
    ValueError
        As for `states`.

    Notes
    -----
    energy[k] + sum_{j<=k} |allpass_coefficients[j]|^2 = 1. O(N L) time, O(L) memory.
    docs/theory.md (5.31), (7.2).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.cascade.energy([0.5], 3)
    array([0.75    , 0.1875  , 0.046875])
    """
    stable, s = _sections(poles, log_poles)
    return _impulse_energy(stable, s, _check.size("L", L, by=3))[0]


def matrices(poles, *, log_poles=None) -> tuple[np.ndarray, np.ndarray]:
    """(A, b) of the chain as x_k = A x_{k-1} + b u_k: A lower triangular, A A^* + b b^* = I.

    Parameters
    ----------
    poles, log_poles
        As for `states`.

    Returns
    -------
    A : numpy.ndarray, complex, shape (N, N)
    b : numpy.ndarray, complex, shape (N,)

    Raises
    ------
    ValueError
        As for `states`.

    Notes
    -----
    The definition that `states` runs in O(N) per sample: A_mj = s_m s_j prod_{j<i<m} -conj(l_i).
    docs/theory.md (5.31).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> A, b = ht.lti.cascade.matrices([0.6, 0.6])
    >>> A.real, b.real
    (array([[0.6 , 0.  ],
           [0.64, 0.6 ]]), array([ 0.8 , -0.48]))
    """
    stable, s = _sections(poles, log_poles)
    N = stable.size
    A, b, through = np.zeros((N, N), complex), np.zeros(N, complex), np.zeros(N + 1, complex)
    through[N] = 1.0  # how v_m depends on the old states, and on u in the last place
    for m in range(N):
        A[m], b[m] = s[m] * through[:N], s[m] * through[N]
        A[m, m] += stable[m]
        through *= -stable[m].conj()
        through[m] += s[m]
    return A, b


def _sections(poles, log_poles):
    if log_poles is not None:
        log_poles = _check.poles("log_poles", log_poles, discrete=False)
        return np.exp(log_poles), np.sqrt(-np.expm1(2 * log_poles.real))
    poles = _check.poles("poles", poles)
    return poles, np.sqrt(one_minus(poles, poles).real)


def _impulse_energy(poles, s, L):
    from hippo_theory.lti import _fast_cascade

    v, e = np.zeros((L, 2)), np.zeros(L)
    v[0, 0] = 1.0
    _fast_cascade.energy(poles, s, v, e)
    return e, v.view(np.complex128)[:, 0]


def _run(
    poles,
    u,
    initial_state,
    log_poles,
    *,
    state_weights=None,
    tap_weights=None,
    keep_states=False,
):
    from hippo_theory.lti import _fast_cascade

    poles, s = _sections(poles, log_poles)
    u = _check.array("u", u, minimum_ndim=1)
    N, L, batch = poles.size, u.shape[-1], u.shape[:-1]
    c = _weights("state_weights", state_weights, N)
    h = _weights("tap_weights", tap_weights, N + 1)
    x = np.zeros((*batch, N), complex)
    if initial_state is not None:
        x[...] = _initial(initial_state, batch, N)
    v, y = np.array(u, complex, order="C"), np.zeros(u.shape, complex)
    kept = np.zeros((*batch, *((L, N) if keep_states else (0, 0))), complex)
    for index in np.ndindex(batch):
        v_pairs, y_pairs = v[index].view(float), y[index].view(float)
        v_pairs, y_pairs = v_pairs.reshape(L, 2), y_pairs.reshape(L, 2)
        _fast_cascade.run(poles, s, c, h[:N], x[index], v_pairs, y_pairs, kept[index])
    with np.errstate(over="ignore", invalid="ignore"):
        y = y + h[N] * v
    return _check.in_range("the output", y), x, kept


def _weights(name, value, size):
    if value is None:
        return np.zeros(size, complex)
    value = _check.array(name, value, ndim=1)
    _check.shape(name, value, (size,))
    return value.astype(complex)


def _initial(value, batch, N):
    value = _check.array("initial_state", value, minimum_ndim=1)
    _check.shape("initial_state", value, (..., N))
    try:
        return np.broadcast_to(value, (*batch, N))
    except ValueError:
        raise ValueError(
            f"initial_state must have shape {(*batch, N)}, got {value.shape}"
        ) from None


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
