"""Exchange with scipy.signal and python-control."""

from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.lti.forms import assemble, check_system, matrices
from hippo_theory.lti.values import LTI, System


def to_scipy(system: System):
    """The system as a `scipy.signal.StateSpace`, conjugates written out in real form.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Without batch axes.

    Returns
    -------
    scipy.signal.StateSpace
        Continuous, or discrete with the same dt.

    Raises
    ------
    ValueError
        If the system has batch axes.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.to_scipy(ht.LTI([[0.5]], [1.0], [1.0], dt=0.1)).dt
    0.1
    """
    from scipy import signal

    check_system(system)
    clock = {} if system.dt is None else {"dt": system.dt}
    return signal.StateSpace(*matrices(system), **clock)


def from_scipy(statespace: Any) -> LTI:
    """The value of a state space of scipy.signal, python-control or their like.

    Parameters
    ----------
    statespace : object with attributes A, B, C, D and dt
        dt None or 0 is continuous time; True, which stands for a step that is not known, is
        read as 1.

    Returns
    -------
    LTI
        With vectors B and C where there is one input and one output.

    Raises
    ------
    TypeError
        If the object has no A, B, C, D: transfer functions are to be converted first.

    Examples
    --------
    >>> from scipy import signal
    >>> import hippo_theory as ht
    >>> ht.lti.from_scipy(signal.TransferFunction([1.0], [1.0, 2.0]).to_ss())
    <LTI: 1 states, SISO, continuous time>
    """
    try:
        parts = {name: getattr(statespace, name) for name in "ABCD"}
    except AttributeError:
        raise TypeError(
            f"statespace must have matrices A, B, C, D, got {type(statespace).__name__}; "
            "convert it with its to_ss() or ss()"
        ) from None
    dt = getattr(statespace, "dt", None)
    dt = None if dt is None or dt is False or dt == 0 else _check.number("dt", float(dt))
    A, B, C, D = (_check.array(*part) for part in parts.items())
    B = B[:, None] if B.ndim == 1 else B
    A, B, C, D = (np.atleast_2d(part) for part in (A, B, C, D))
    return assemble(A, B, C, D, dt=dt, siso=D.shape == (1, 1))
