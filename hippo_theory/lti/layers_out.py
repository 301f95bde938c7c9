"""From systems back to the parameters of S4D, LRU and S5 layers."""

from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.lti._parameters import on_host
from hippo_theory.lti._phi import phi1
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import check_system, with_channels
from hippo_theory.lti.values import DiagonalLTI, System

SAME = 1e-12  # of the largest residue, up to which halves of a pair, or zeros, are what they seem
ANGLE_ZERO = -80.0  # theta_log of a real pole: exp(-80) is 2e-35


def to_s4d(system: System, dt: Any = None, *, scheme: str = "zoh") -> dict[str, Array]:
    """Parameters of the S4D layer with the input-output map of a system.

    Use it to train on from a system that was reduced, designed or rescaled; `from_s4d` of the
    result is the system again.

    Parameters
    ----------
    system : DiagonalLTI
        Discrete, with one input and output a channel, poles inside the unit circle, none of them 0;
        batch axes, of which there is at most one, are the channels.
    dt : float or array_like, shape (H,), optional
        Steps of the layer; by default those of the system. The map is the same for all.
    scheme : {"zoh", "bilinear"}
        The rule by which the layer discretizes.

    Returns
    -------
    dict of ndarray
        "log_dt" (H,), "log_A_real" and "A_imag" (H, N), "C" (H, N) complex, "D" (H,): the arguments
        of `from_s4d`, with B = 1. N counts one pole of each pair.

    Raises
    ------
    ValueError
        If the system is no such layer.
    TypeError
        If it is not a DiagonalLTI.

    Notes
    -----
    With x = log(pole), or 2 tanh(log(pole)/2) for the bilinear rule, A = x/dt, and C is the residue
    over dt phi_1(x), or over dt / (1 - x/2). Where `log_poles` are known the branch of A_imag is
    kept, else |A_imag dt| <= pi: the kernel is the same. docs/theory.md (5.19).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> G = ht.lti.from_s4d([-2.0], [[0.0]], [[3.0]], [[1.0 + 1j]])
    >>> ht.lti.to_s4d(G)["C"].round(12)
    array([[1.+1.j]])
    """
    one = _discrete_diagonal(system)
    if not one.is_siso or len(one.batch_shape) > 1:
        raise ValueError(
            f"system must have one input and output a channel for an S4D layer, got {one!r}; an "
            "LRU or S5 layer has many"
        )
    steps = _steps(one.dt if dt is None else dt, one.batch_shape or (1,))
    logs, B, C, D = _listed_pairs(one)
    _refuse_unstable(logs)
    x, gain = _continuous(logs, scheme)
    steps = np.broadcast_to(steps, logs.shape[:1])
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # refused below
        C = (C * B[..., None, :, 0])[..., 0, :] / (steps[:, None] * gain)
        decay, frequency = np.log(-x.real / steps[:, None]), x.imag / steps[:, None]
    _check.in_range("parameters of the layer", np.concatenate([C, decay, frequency]))
    return {
        "log_dt": np.log(steps),
        "log_A_real": decay,
        "A_imag": frequency,
        "C": C,
        "D": D[:, 0, 0],
    }


def to_lru(system: System) -> dict[str, Array]:
    """Parameters of the LRU layer with the input-output map of a system.

    Use it to train on from a system that was reduced or designed; `from_lru` of the result is the
    system again.

    Parameters
    ----------
    system : DiagonalLTI
        Discrete, without batch axes, with as many inputs as outputs, poles inside the unit circle,
        none of them 0. Read as a layer its D has to be diagonal.

    Returns
    -------
    dict of ndarray
        "nu_log", "theta_log", "gamma_log" (N,), "B_re", "B_im" (N, m), "C_re", "C_im" (m, N), "D"
        (m,): the arguments of `from_lru`. N counts one pole of each pair.

    Raises
    ------
    ValueError
        If the system is no such layer.
    TypeError
        If it is not a DiagonalLTI.

    Notes
    -----
    gamma = sqrt(1 - |pole|^2), with which states have unit variance for unit B. A real positive
    pole has theta = e^-80, as 0 has no logarithm. docs/theory.md (5.18).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> ring = ht.lti.family("lru_ring", 3, rng=np.random.default_rng(0), r_min=0.5)
    >>> layer = ht.lti.to_lru(ht.lti.layer(ring))
    >>> layer["C_re"].shape
    (1, 3)
    """
    logs, B, C, D = _square(system, "an LRU layer")
    _refuse_unstable(logs[None])
    theta = np.where(logs.imag > 0, logs.imag, logs.imag + 2 * np.pi)
    theta = np.where(theta > 0, theta, np.mod(theta, 2 * np.pi))
    is_real = logs.imag == 0
    gamma = np.sqrt(-np.expm1(2 * logs.real))
    B, C = B / gamma[:, None], 2 * C
    return {
        "nu_log": np.log(-logs.real),
        "theta_log": np.where(is_real, ANGLE_ZERO, np.log(theta)),
        "gamma_log": np.log(gamma),
        "B_re": B.real.copy(),
        "B_im": B.imag.copy(),
        "C_re": C.real.copy(),
        "C_im": C.imag.copy(),
        "D": D,
    }


def to_s5(system: System, step: Any = None, *, scheme: str = "zoh") -> dict[str, Array]:
    """Parameters of the S5 layer with the input-output map of a system.

    Use it to train on from a system that was reduced or designed; `from_s5` of the result is the
    system again.

    Parameters
    ----------
    system : DiagonalLTI
        Discrete, without batch axes, with as many inputs as outputs, no pole 0. Read as a layer
        its D has to be diagonal. Poles outside the unit circle are kept.
    step : float or array_like, shape (P,), optional
        Steps of the states; by default the `dt` of the system. The map is the same for all.
    scheme : {"zoh", "bilinear"}
        The rule by which the layer discretizes.

    Returns
    -------
    dict of ndarray
        "Lambda_re", "Lambda_im" (P,), "B" (P, m) and "C" (m, P) complex, "D" (m,), "log_step"
        (P,): the arguments of `from_s5` with its defaults. P counts one pole of each pair.

    Raises
    ------
    ValueError
        If the system is no such layer.
    TypeError
        If it is not a DiagonalLTI.

    Notes
    -----
    A layer with `clip_eigs` keeps a state only where its step is at most 1e4 times the decay of
    its pole a sample. docs/theory.md (5.19).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> one = np.ones((1, 1), complex)
    >>> G = ht.lti.from_s5([-0.5], [3.0], one, one, 0.0, np.log([[0.1]]))
    >>> ht.lti.to_s5(G, step=0.1)["Lambda_im"].round(12)
    array([3.])
    """
    logs, B, C, D = _square(system, "an S5 layer")
    steps = _steps(system.dt if step is None else step, logs.shape, "step")
    steps = np.broadcast_to(steps, logs.shape)
    x, gain = _continuous(logs, scheme)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # refused below
        poles, B = x / steps, B / (steps * gain)[:, None]
    _check.in_range("parameters of the layer", np.concatenate([B, poles[:, None]], axis=1))
    return {
        "Lambda_re": poles.real.copy(),
        "Lambda_im": poles.imag.copy(),
        "B": B,
        "C": C,
        "D": D,
        "log_step": np.log(steps),
    }


def _discrete_diagonal(system: Any) -> DiagonalLTI:
    """Return a discrete diagonal system, refusing the others."""
    check_system(system)
    if not isinstance(system, DiagonalLTI):
        raise TypeError(f"system must be a DiagonalLTI to be such a layer, got {system!r}")
    if not system.is_discrete:
        raise ValueError(
            f"system must be discrete to be a layer, got {system!r}; discretize it with layer=True"
        )
    if not (system.poles.size and system.poles.all()):
        raise ValueError(
            f"system must have poles, none of them 0, to be a layer, got {system.poles}"
        )
    return system


def _square(system: Any, what: str) -> tuple[Array, Array, Array, Array]:
    """Return logarithms, B, C and the diagonal of D of a layer with m inputs and m outputs."""
    one = _discrete_diagonal(system)
    p, m = one.channel_shape or (1, 1)
    if one.batch_shape or p != m:
        raise ValueError(
            f"system must have as many inputs as outputs and no batch axes for {what}, got {one!r}"
        )
    logs, B, C, D = _listed_pairs(one)
    off = np.abs(D[0] - np.diag(np.diagonal(D[0])))
    size = np.abs(D[0]) + 2 * np.abs(C[0]) @ np.abs(B[0])
    if (off > SAME * size).any():
        raise ValueError(
            f"system must have a diagonal D, read as a layer, for {what}, got {off.max():.2g} off "
            "the diagonal; reduce C (z - A)^{-1} B without the layer reading, and read the result "
            "as a layer"
        )
    return logs[0], B[0], C[0], np.diagonal(D[0]).copy()


def _listed_pairs(system: DiagonalLTI) -> tuple[Array, Array, Array, Array]:
    """Logarithms (H, N), B (H, N, m), C (H, p, N) of the layer, its D (H, p, m): 2 Re(C x) + D u.

    H is 1 without batch axes; one pole of each pair is listed.
    """
    batch, system = system.batch_shape, with_channels(system)  # pyright: ignore[reportAssignmentType]
    N, (p, m) = system.state_dim, system.channel_shape
    logs: Any = system.log_poles
    logs = np.log(system.poles.astype(complex)) if logs is None else logs.astype(complex)
    logs = np.broadcast_to(logs, (*batch, N)).reshape(-1, N)
    B = np.broadcast_to(system.B, (*batch, N, m)).reshape(-1, N, m).astype(complex)
    C = np.broadcast_to(system.C, (*batch, p, N)).reshape(-1, p, N).astype(complex)
    D: Any = np.broadcast_to(system.D, (*batch, p, m)).reshape(-1, p, m)
    if np.iscomplexobj(D) and D.imag.any():
        raise ValueError(f"system must have a real D to be a layer, got {system!r}")
    if not system.conjugate:
        rows = [_halves(*row) for row in zip(logs, B, C, strict=True)]
        if len({len(row[0]) for row in rows}) > 1:
            raise ValueError("system must have equally many real poles in all channels, got fewer")
        logs, B, C = (np.stack(part) for part in zip(*rows, strict=True))
    C = C * np.exp(-logs)[:, None]
    through: Any = C @ B
    return logs, B, C, D.real - 2 * through.real


def _halves(logs, B, C) -> tuple[Array, Array, Array]:
    """One pole of every pair of a real system that lists both, and real poles with half of C."""
    angle = np.angle(np.exp(1j * logs.imag))
    is_real = (angle == 0) | (np.abs(angle) >= np.pi * (1 - 1e-15))
    kept, free = [], list(np.flatnonzero(~is_real & (angle < 0)))
    scale = SAME * max(float(np.abs(C).max(initial=0) * np.abs(B).max(initial=0)), 1e-300)

    def term(i) -> Any:
        return np.outer(C[:, i], B[i])

    for i in np.flatnonzero(~is_real & (angle > 0)):
        near = [np.abs(np.exp(logs[j]).conj() - np.exp(logs[i])) for j in free]
        mirrored = [np.abs(term(j).conj() - term(i)).max() for j in free]
        fits = [k for k, d in enumerate(near) if d <= SAME and mirrored[k] <= scale]
        if not fits:
            break
        free.pop(fits[int(np.argmin([near[k] for k in fits]))])
        kept.append(i)
    whole = np.flatnonzero(is_real)
    unpaired = len(kept) < (~is_real & (angle > 0)).sum() or free
    if unpaired or any(np.abs(term(i).imag).max(initial=0) > scale for i in whole):
        raise ValueError(
            "system must be real, with its poles in conjugate pairs, to be a layer, got a pole "
            "without its conjugate"
        )
    order = [*whole, *kept]
    half = np.array([0.5] * len(whole) + [1.0] * len(kept))
    return logs[order], B[order], half * C[:, order]


def _steps(value: Any, shape: tuple[int, ...], name: str = "dt") -> Array:
    """Return positive steps, one number or one each."""
    steps = _check.positive(name, on_host(name, value))
    _check.shape(name, steps, shape if steps.ndim else ())
    return steps


def _continuous(logs: Array, scheme: str) -> tuple[Array, Array]:
    """x = dt A of discrete poles, and what multiplies dt B, under a rule."""
    if _check.option("scheme", scheme, ["zoh", "bilinear"]) == "zoh":
        return logs, phi1(logs)
    x = 2 * np.tanh(logs / 2)
    return x, 1 / (1 - x / 2)


def _refuse_unstable(logs: Array) -> None:
    """Refuse poles on or outside the unit circle, which these parameters cannot hold."""
    if not (logs.real < 0).all():
        index = np.unravel_index(int(np.argmax(logs.real)), logs.shape)
        raise ValueError(
            "system must have its poles inside the unit circle for such a layer, got |pole| = "
            f"{np.exp(logs[index].real):.17g} at index {tuple(int(i) for i in index)}"
        )
