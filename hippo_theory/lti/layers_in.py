"""Trained S4D, LRU and S5 layers as values, from the arrays of their checkpoints."""

import numpy as np

from hippo_theory import _check
from hippo_theory.lti._parameters import complex_, elementwise, exponential, on_host, real
from hippo_theory.lti.algebra import layer
from hippo_theory.lti.discretize import Scheme, discretize
from hippo_theory.lti.values import DiagonalLTI


def from_s4d(
    log_dt, log_A_real, A_imag, C, D=0.0, B=None, *, scheme: str | Scheme = "zoh"
) -> DiagonalLTI:
    """A trained S4D layer, one system for each of its H channels.

    K_k = 2 Re sum_n C_n B_n ((e^{dt A_n} - 1)/A_n) e^{k dt A_n}, plus D at k = 0, with
    A = -exp(log_A_real) + i A_imag and dt = exp(log_dt).

    Parameters
    ----------
    log_dt : array_like, shape (H,)
    log_A_real, A_imag : array_like, shape (H, N)
        N is half of the layer's state size: conjugates are implied.
    C : array_like, shape (H, N, 2) real or (H, N) complex
        Real and imaginary parts along the last axis, or complex.
    D : array_like, scalar or shape (H,)
    B : array_like, as C, optional
        Ones if left out, as the minimal implementation has them.
    scheme : str or Scheme
        "zoh", or "bilinear" for layers trained with it.

    Returns
    -------
    DiagonalLTI
        Discrete with the input-output map of the layer, batch axis (H,), one dt for each
        channel, in float64.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    The parameter names are those of the minimal S4D of the state-spaces/s4 repository, before
    any activation or mixing of channels. The reference computes e^{dt A} - 1 directly and loses
    digits at small dt; this does not. docs/theory.md (5.19).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> ones = np.ones((3, 2))
    >>> ht.lti.from_s4d(np.log([0.1, 0.2, 0.4]), -ones, ones, ones + 0j)
    <DiagonalLTI: 2 conjugate pairs, SISO, 3 systems (3,), dt from 0.1 to 0.4>
    """
    decay = real("log_A_real", log_A_real, ("H", "N"))
    frequency = real("A_imag", A_imag, decay.shape)
    steps = exponential("log_dt", log_dt, decay.shape[:1])
    C = complex_("C", C, decay.shape)
    B = np.ones(decay.shape) if B is None else complex_("B", B, decay.shape)
    poles = 1j * frequency - exponential("log_A_real", decay, decay.shape)
    D = _check.array("D", on_host("D", D), real=True).astype(np.float64)
    continuous = DiagonalLTI(poles, B, C, D, conjugate=True)
    return discretize(continuous, steps, scheme, layer=True)  # pyright: ignore[reportReturnType]


def from_lru(nu_log, theta_log, gamma_log, B_re, B_im, C_re, C_im, D=0.0) -> DiagonalLTI:
    """A trained LRU layer: x_k = pole x_{k-1} + exp(gamma_log) B u_k, y_k = Re(C x_k) + D u_k.

    Parameters
    ----------
    nu_log, theta_log, gamma_log : array_like, shape (N,)
        Poles are exp(-exp(nu_log) + i exp(theta_log)).
    B_re, B_im : array_like, shape (N, m)
    C_re, C_im : array_like, shape (p, N)
    D : array_like, scalar or shape (p,)
        Multiplies each input on the way to its own output (p = m unless it is 0).

    Returns
    -------
    DiagonalLTI
        One discrete value with the input-output map of the layer, dt = 1, in float64. Its C is
        halved, as `conjugate` reads 2 Re(C x); its log_poles are exact.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    The parameter names are those of the minimal-LRU repository. docs/theory.md (5.18).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> one = np.ones((1, 1))
    >>> ht.lti.from_lru([-2.0], [0.0], [0.0], one, one, one, one)
    <DiagonalLTI: 1 conjugate pairs, 1 input, 1 output, dt = 1>
    """
    nu = real("nu_log", nu_log, ("N",))
    n = nu.shape
    logs = 1j * exponential("theta_log", theta_log, n) - exponential("nu_log", nu, n)
    gamma = exponential("gamma_log", gamma_log, n)
    B = real("B_re", B_re, (*n, "m"))
    C = real("C_re", C_re, ("p", *n))
    B = B + 1j * real("B_im", B_im, B.shape)
    C = C + 1j * real("C_im", C_im, C.shape)
    D = elementwise(D, C.shape[0], B.shape[1])
    discrete = DiagonalLTI(
        np.exp(logs), gamma[:, None] * B, C / 2, D, dt=1.0, conjugate=True, log_poles=logs
    )
    return layer(discrete)  # pyright: ignore[reportReturnType]


def from_s5(
    Lambda_re,
    Lambda_im,
    B,
    C,
    D,
    log_step,
    *,
    scheme: str | Scheme = "zoh",
    conj_sym: bool = True,
    clip_eigs: bool = False,
    step_rescale: float = 1.0,
) -> DiagonalLTI:
    """A trained S5 layer: each state discretized with its own step, outputs 2 Re(C x) + D u.

    Parameters
    ----------
    Lambda_re, Lambda_im : array_like, shape (P,)
    B : array_like, shape (P, m, 2) real or (P, m) complex
    C : array_like, shape (p, P, 2) real or (p, P) complex
        Real and imaginary parts along the last axis, or complex.
    D : array_like, scalar or shape (p,)
        Multiplies each input on the way to its own output.
    log_step : array_like, shape (P, 1) or (P,)
    scheme : str or Scheme
        "zoh" or "bilinear", the layer's `discretization`.
    conj_sym : bool
        False: the layer lists every pole and outputs Re(C x).
    clip_eigs : bool
        The layer limits Lambda_re to at most -1e-4.
    step_rescale : float
        The layer's factor of all steps.

    Returns
    -------
    DiagonalLTI
        One discrete value with the input-output map of the layer, dt = 1, in float64: the step
        of each state is taken into its pole and its row of B.

    Raises
    ------
    ValueError
        If shapes do not fit, as those of a bidirectional layer, which is not causal.

    Notes
    -----
    The parameter names are those of the lindermanlab/S5 repository. Where `conj_sym` is False
    the value implies conjugates all the same and C is halved: 2 Re(C x / 2) = Re(C x).
    docs/theory.md (5.19).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> one = np.ones((1, 1), complex)
    >>> ht.lti.from_s5([-0.5], [3.0], one, one, 0.0, np.log([[0.1]]))
    <DiagonalLTI: 1 conjugate pairs, 1 input, 1 output, dt = 1>
    """
    conj_sym, clip_eigs = _check.flag("conj_sym", conj_sym), _check.flag("clip_eigs", clip_eigs)
    decay = real("Lambda_re", Lambda_re, ("P",))
    n = decay.shape
    if clip_eigs:
        decay = np.minimum(decay, -1e-4)
    poles = decay + 1j * real("Lambda_im", Lambda_im, n)
    log_step = _check.array("log_step", on_host("log_step", log_step), real=True)
    _check.shape("log_step", log_step, (*n, 1) if log_step.ndim == 2 else n)
    steps = exponential("log_step", log_step.reshape(n), n)
    steps = _check.number("step_rescale", step_rescale, above=0.0) * steps
    B, C = complex_("B", B, (*n, "m")), complex_("C", C, ("p", *n))
    D = elementwise(D, C.shape[0], B.shape[1])
    C = C if conj_sym else C / 2
    continuous = DiagonalLTI(steps * poles, steps[:, None] * B, C, D, conjugate=True)
    return discretize(continuous, 1.0, scheme, layer=True)  # pyright: ignore[reportReturnType]
