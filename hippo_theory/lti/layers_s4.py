"""Trained S4 layers (diagonal plus low rank, or diagonal with shared states) and HOPE layers."""

from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.lti import laguerre
from hippo_theory.lti._parameters import complex_, exponential, on_host, real
from hippo_theory.lti._values import Array
from hippo_theory.lti.discretize import Scheme, discretize
from hippo_theory.lti.s4 import power_minus_one
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI

TRANSFORMS = {
    "none": lambda x: x,
    "exp": np.exp,
    "relu": lambda x: np.maximum(x, 0) + 1e-4,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0, x),
}
PUBLISHED = ("exp", "none", "exp")


def from_s4(
    inv_dt,
    A_real,
    A_imag,
    B,
    C,
    P,
    D=0.0,
    *,
    l_kernel: int = 0,
    sign: int = -1,
    transforms: Any = PUBLISHED,
) -> tuple[DPLR, ...]:
    """A trained S4 layer, one system for each of its H channels.

    Use it for layers with a low rank part, which couples the two halves of the state; of S4D
    layers, which have none, `from_s4d` or `from_state_dict`.

    Parameters
    ----------
    inv_dt : array_like, shape (H,), (H, 1) or (H, N)
        Steps are t(inv_dt); one for each state in the last case.
    A_real, A_imag : array_like, shape (S, N)
        diag(-f(A_real) + sign i g(A_imag)); channel h uses the states h mod S, and N is half of
        the state size.
    B : array_like, shape (1, S, N, 2) real or (1, S, N) complex
    C : array_like, shape (c, H, N, 2) real or (c, H, N) complex
        c outputs for each channel.
    P : array_like, shape (r, S, N, 2) real or (r, S, N) complex
        A = diag - P P^*, with P over its conjugate.
    D : array_like, scalar or shape (c, H)
    l_kernel : int
        Length L for which the file stores C (I - A_d^L) in place of C; 0 if it stores C itself.
    sign : int
        -1, or 1 for the files of older versions (`w_imag`).
    transforms : sequence of three str
        f, g and t, of "none", "exp", "relu", "sigmoid", "softplus". Files do not tell them.

    Returns
    -------
    tuple of DPLR
        H discrete values of 2N states with the input-output map of the layer, in float64: SISO
        where c = 1, else with one input and c outputs. The `dt` of a value is 1 where every
        state has its own step.

    Raises
    ------
    ValueError
        If shapes do not fit.
    numpy.linalg.LinAlgError
        If C cannot be undone: A_d^L leaves the range of floating point, or has the eigenvalue 1.

    Notes
    -----
    The names are those of the state-spaces/s4 repository (`SSMKernelDPLR`), before any activation
    or mixing of channels. The rule is Tustin's and the reading that of a layer. C is solved from
    C (I - A_d^L), without rounding of 1 at small steps; slow states lose about
    1/(L (1 - |pole|)). O(N^3 log L) a channel. docs/theory.md (5.11), (5.21).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> one = np.ones((1, 1, 1), complex)
    >>> ht.lti.from_s4(np.log([0.1, 0.2]), [[-0.7]], [[3.0]], one, np.ones((1, 2, 1)) + 0j, one)[1]
    <DPLR: 2 states, rank 1, SISO, dt = 0.2>
    """
    L = _check.integer("l_kernel", l_kernel, minimum=0)
    steps, poles = _steps_and_poles(inv_dt, A_real, A_imag, sign, transforms)
    H, (S, N) = len(steps), poles.shape
    B, C, P = (
        complex_("B", B, (1, S, N)),
        complex_("C", C, ("c", H, N)),
        complex_("P", P, ("r", S, N)),
    )
    D = _feedthrough(D, (C.shape[0], H))
    return tuple(
        _s4_channel(steps[h], poles[h % S], B[0, h % S], C[:, h], P[:, h % S].T, D[:, h], L)
        for h in range(H)
    )


def from_hope(log_dt, H, D=0.0) -> tuple[LTI, ...]:
    """A trained HOPE layer, one system for each of its channels.

    Parameters
    ----------
    log_dt : array_like, shape (M,)
        M channels, whose time scales are exp(log_dt).
    H : array_like, shape (M, n, 2) real or (M, n) complex
        Markov parameters in warped time. The layer keeps the real part of its output, which
        depends on the real part of H alone.
    D : array_like, scalar or shape (M,)

    Returns
    -------
    tuple of LTI
        M discrete values of n states, in float64, whose `dt` is the time scale.

    Raises
    ------
    ValueError
        If shapes do not fit: layers with two systems a channel (H of 2M rows), as the last
        version of the repository has them, are no linear time-invariant recurrence.

    Notes
    -----
    The names are those of the HOPE-SSM repository. The layer convolves circularly; the values are
    what it would be on a signal with zeros before it. O(n^2). docs/theory.md (6.23).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> ht.lti.from_hope(np.log([0.5, 1.0]), np.ones((2, 3, 2)))[0]
    <LTI: 3 states, SISO, dt = 0.5>
    """
    steps = exponential("log_dt", log_dt, ("M",))
    H = complex_("H", H, (steps.size, "n")).real
    if not H.shape[1]:
        raise ValueError(f"H must hold at least one value a channel, got shape {H.shape}")
    D = _feedthrough(D, steps.shape)
    return tuple(
        laguerre.taps_after_sections(h, dt, d) for h, dt, d in zip(H, steps, D, strict=True)
    )


def diagonal(
    inv_dt,
    A_real,
    A_imag,
    B,
    C,
    D=0.0,
    *,
    sign=-1,
    transforms=PUBLISHED,
    scheme: str | Scheme = "zoh",
) -> DiagonalLTI:
    """A trained S4D layer with the parameters of `from_s4`: states shared, B given, c outputs.

    Where A_imag is None the states are real, every one listed, and the layer reads twice C x.
    """
    real_only = A_imag is None
    steps, poles = _steps_and_poles(inv_dt, A_real, A_imag, sign, transforms)
    H, (S, N) = len(steps), poles.shape
    values = (lambda *a: real(*a)) if real_only else complex_
    B, C = values("B", B, (1, S, N)), values("C", C, ("c", H, N))
    D = _feedthrough(D, (len(C), H))
    of_channel = np.arange(H) % S
    poles, B, C = poles[of_channel], B[0, of_channel], np.moveaxis(C, 0, 1)
    C = 2 * C if real_only else C
    dt: Any = steps[:, 0]
    if steps.shape[1] > 1:
        poles, B, dt = steps * poles, steps * B, np.ones(H)
    B, C, D = (B, C[:, 0], D[0]) if C.shape[1] == 1 else (B[..., None], C, D.T[..., None])
    value = DiagonalLTI(poles, B, C, D, conjugate=not real_only)
    return discretize(value, dt, scheme, layer=True)  # pyright: ignore[reportReturnType]


def _steps_and_poles(inv_dt, A_real, A_imag, sign, transforms) -> tuple[Array, Array]:
    """Return steps (H, 1) or (H, N) and poles (S, N)."""
    if not isinstance(sign, int) or isinstance(sign, bool) or sign not in (-1, 1):
        raise ValueError(f"sign must be 1 or -1, got {_check.shown(sign)}")
    f, g, t = _transforms(transforms)
    given = _check.array("A_real", on_host("A_real", A_real), ndim=2, real=True)
    shape = given.shape
    inv_dt = _check.array("inv_dt", on_host("inv_dt", inv_dt), minimum_ndim=1, real=True)
    inv_dt = inv_dt[:, None] if inv_dt.ndim == 1 else inv_dt
    _check.shape("inv_dt", inv_dt, ("H", 1 if inv_dt.shape[-1] == 1 else shape[1]))
    if not (inv_dt.size and given.size):
        raise ValueError(f"A_real must hold at least one state, got shape {shape}")
    poles = -_transformed("A_real", f, given)
    if A_imag is not None:
        poles = poles + sign * 1j * _transformed("A_imag", g, real("A_imag", A_imag, shape))
    return _check.positive("t(inv_dt)", _transformed("inv_dt", t, inv_dt)), poles


def _transforms(names: Any) -> list:
    """Return the three functions of a sequence of names."""
    if not isinstance(names, (list, tuple)) or len(names) != 3:
        raise ValueError(f"transforms must be three names, got {_check.shown(names)}")
    return [TRANSFORMS[_check.option("transform", name, TRANSFORMS)] for name in names]


def _transformed(name: str, transform: Any, values: Array) -> Array:
    """Return a transform of real values, refusing what it takes beyond double precision."""
    with np.errstate(over="ignore"):
        result = transform(values.astype(np.float64))
    if not np.isfinite(result).all():
        raise ValueError(f"{name} must be at most 709, got {values.max():g}")
    return result


def _feedthrough(D: Any, shape: tuple[int, ...]) -> Array:
    """Return D as an array of a shape; a number stands for all."""
    D = _check.array("D", on_host("D", D), real=True).astype(np.float64)
    _check.shape("D", D, shape if D.ndim else ())
    return np.broadcast_to(D, shape)


def _s4_channel(steps, poles, B, C, P, D, L) -> DPLR:
    """The value of one channel: both halves of the state, C undone, Tustin's rule, layer."""
    both = lambda x: np.concatenate([x, x.conj()])  # noqa: E731
    poles, B, P, C = both(poles), both(B), both(P), both(C.T).T
    dt, Q = float(steps[0]), P
    if steps.size > 1:  # rows of A and B are multiplied
        rows, dt = np.concatenate([steps, steps]), 1.0
        poles, B, P = rows * poles, rows * B, rows[:, None] * P
    if L:
        C = _undone(C, dt * (np.diag(poles) - P @ Q.conj().T), L)
    B, C, D = (B, C[0], D[0]) if len(C) == 1 else (B[:, None], C, D[:, None])
    value = DPLR(poles, P, Q, B, C, D)
    return discretize(value, dt, "bilinear", layer=True)  # pyright: ignore[reportReturnType]


def _undone(C, A, L) -> Array:
    """Solve C from C (I - A_d^L), with A_d - I = (I - A/2)^{-1} A."""
    identity = np.eye(len(A))
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        change = power_minus_one(np.linalg.solve(identity - A / 2, A), L)
    if not np.isfinite(change).all():
        raise np.linalg.LinAlgError(f"A_d^L must stay in the range of doubles at l_kernel = {L}")
    C = -np.linalg.solve(change.T, C.T).T
    if not np.isfinite(C).all():
        raise np.linalg.LinAlgError("C must be finite where C (I - A_d^L) is undone, got inf")
    return C
