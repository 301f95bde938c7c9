"""SCHEMES: from x' = A x + B u to x_{k+1} = A x_k + B u_k, each with what it keeps exactly."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check, scales
from hippo_theory._table import Table
from hippo_theory.lti import _rules, _values, algebra
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import assemble, check_system, matrices
from hippo_theory.lti.powers import cast
from hippo_theory.lti.values import DPLR, DiagonalLTI, System

UNLIKE = 2.0**10  # of row and column: balancing takes as long as a solve


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """A discretization rule: a substitution for s, or a hold of u between samples.

    Attributes
    ----------
    name : str
    keeps : str
        What the rule keeps exactly.
    dense : callable
        (A, B, C, D, dt, alpha) to the discrete A, B, C, D.
    diagonal : callable
        (x, alpha) with x = dt pole to the discrete pole, its logarithm, and the factors of
        dt B, of C and of the dt C B that D gains.
    source : str
    alpha : float or None
        For the substitutions s = (z - 1) / (dt (alpha z + 1 - alpha)), the weight of the new
        state, 0 <= alpha <= 1.
    degree : int or None
        For the holds, the degree of the interpolant of u that they take.
    """

    name: str
    keeps: str
    dense: Callable[..., tuple]
    diagonal: Callable[..., tuple]
    source: str
    alpha: float | None = None
    degree: int | None = None

    def __post_init__(self):
        if self.alpha is not None:
            _check.number("alpha", self.alpha, minimum=0.0, maximum=1.0)

    @property
    def takes_alpha(self) -> bool:
        """Whether the row is a family, to be completed by `alpha`."""
        return self.alpha is None and self.degree is None

    @property
    def has_layer(self) -> bool:
        """Whether the layer reading is defined: the update of the state reads u_k alone."""
        return not self.degree


def discretize(
    system: System,
    dt: Any,
    scheme: str | Scheme = "bilinear",
    layer: bool = False,
    alpha: float | None = None,
) -> System:
    """The recurrence of a continuous-time system with step `dt`.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        In continuous time.
    dt : float or array_like
        Positive step in units of time; a diagonal system with batch axes may have one for each
        channel, shape (...).
    scheme : str or Scheme
        A name in `SCHEMES` or a row.
    layer : bool
        The map of a deep-learning layer: the discrete A and B of the scheme with C and D
        unchanged, and the state updated before it is read (see `layer`). Its kernel is
        K_k = C A^k B, plus D at k = 0.
    alpha : float, optional
        0 <= alpha <= 1, with scheme="generalized_bilinear" only.

    Returns
    -------
    LTI, DiagonalLTI or DPLR
        Diagonal systems stay diagonal and carry `log_poles`; DPLR systems stay DPLR under the
        substitutions and become dense under zoh and foh.

    Raises
    ------
    ValueError
        If the system is discrete already, `dt` is not positive, the scheme is unknown, or foh
        is asked for a layer: its D reads the next sample, so it has none.
    numpy.linalg.LinAlgError
        If 1 / (alpha dt) is a pole.

    Notes
    -----
    A substitution keeps the transfer function, G_d(z) = G((z - 1) / (dt (alpha z + 1 - alpha))):

        A_d = (I - alpha dt A)^{-1} (I + (1 - alpha) dt A),   B_d = (I - alpha dt A)^{-1} dt B,
        C_d = C (I - alpha dt A)^{-1},                        D_d = D + alpha C B_d,

    as SciPy splits it. alpha = 1/2 is Tustin's rule: it maps the half-plane to the disk, and
    keeps the H-infinity norm and the Hankel singular values. With layer=True it is S4's map,
    which is another one: 2 z/(z + 1) times C (s I - A)^{-1} B, plus D.

    zoh is exact for inputs that are constant, foh for inputs that are linear between samples
    (from zero state and u_0 = 0; its state is shifted as in SciPy): with phi_1(x) = (e^x - 1)/x
    and phi_2(x) = (e^x - 1 - x)/x^2,

        zoh: A_d = e^{dt A},  B_d = phi_1(dt A) dt B,
        foh: A_d = e^{dt A},  B_d = phi_1(dt A)^2 dt B,  D_d = D + C phi_2(dt A) dt B.

    Dense: one solve or one exponential, O(N^3), in balanced units of the states, so that entries
    of A_d and B_d there are right to some eps of the largest; triangular matrices stay exactly
    triangular, and with them their eigenvalues exact. What D gains is right to some eps of
    dt |C| |B|, or of dt sum |C_n B_n| of a diagonal system, and may be far below that: where G
    falls like a power of 1/s, it is that power of dt.

    Diagonal: O(N), phi_1 by complex expm1, without loss of digits at small steps (e^x - 1 loses
    log10(1/|x|) of them). Where batches share their poles and `dt` is one number, what they share
    stays shared. DPLR: O(N r^2) by the Woodbury identity. docs/theory.md (5.7)-(5.11).

    References
    ----------
    Franklin, Powell, Workman, *Digital Control of Dynamic Systems*, for the holds; Zhang, Chen,
    Chen (2009) [zhang2009digital] for the generalized bilinear rule; after
    scipy.signal.cont2discrete.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.LTI([[-1.0]], [1.0], [1.0])
    >>> ht.lti.discretize(G, 0.5, "backward_euler").A
    array([[0.66666667]])
    >>> ht.lti.transfer_function(ht.lti.discretize(G, 0.5), 3.0)  # = G((2/dt) (3 - 1)/(3 + 1))
    array(0.33333333)
    """
    check_system(system)
    if system.is_discrete:
        raise ValueError(f"system must be in continuous time, got a recurrence with dt {system.dt}")
    row, layer = _row(scheme, alpha), _check.flag("layer", layer)
    if layer and not row.has_layer:
        raise ValueError(
            f"layer must be False for {row.name}, whose D reads the next sample; use zoh"
        )
    dt = _values.sampling_step(dt, len(system.batch_shape))
    if dt is None:
        raise TypeError("dt must be a real number, got None")
    system = system.in_double()
    discrete = _discrete(system, dt, row)
    if not layer:
        return discrete
    return algebra.layer(dataclasses.replace(discrete, C=system.C, D=system.D))


def generalized_bilinear(alpha: float) -> Scheme:
    """The row of s = (z - 1) / (dt (alpha z + 1 - alpha)), 0 <= alpha <= 1.

    Parameters
    ----------
    alpha : float
        1/2 is the bilinear rule, 0 and 1 the Euler rules.

    Returns
    -------
    Scheme

    Raises
    ------
    ValueError
        If alpha is not in [0, 1].

    Notes
    -----
    docs/theory.md (5.7).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.generalized_bilinear(0.25).alpha
    0.25
    """
    alpha = _check.number("alpha", alpha, minimum=0.0, maximum=1.0)
    return dataclasses.replace(SCHEMES["generalized_bilinear"], alpha=alpha)


def _row(scheme: str | Scheme, alpha: float | None) -> Scheme:
    row = _check.choice("scheme", scheme, SCHEMES, Scheme)
    if row.takes_alpha:
        if alpha is None:
            raise ValueError(f"alpha must be given for {row.name}, got None")
        return generalized_bilinear(alpha)
    if alpha is not None:
        raise ValueError(f"alpha must be None for {row.name}, got {_check.shown(alpha)}")
    return row


def _discrete(system: System, dt: Any, row: Scheme) -> System:
    if isinstance(system, DiagonalLTI):
        return _diagonal(system, dt, row)
    if isinstance(system, DPLR) and row.alpha is not None:
        return _rules.low_rank(system, dt, row.alpha)
    return _dense(system, dt, row)


def _dense(system: System, dt: float, row: Scheme) -> System:
    """Apply the rule in balanced units of the states, in which no digit of small ones is lost."""
    A, B, C, D = (cast(a, np.float64) for a in matrices(system))
    columns = _units(np.abs(A))  # powers of two round nothing
    rows = np.reshape(columns, (-1, 1))
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        if np.ndim(columns):
            A, B, C = (A / rows) * columns, B / rows, C * columns
        A, B, C, D = row.dense(A, B, C, D, dt, row.alpha)
        if np.ndim(columns):
            A, B, C = (A / columns) * rows, B * rows, C / columns
    try:
        return assemble(A, B, C, D, dt=dt, siso=system.is_siso)
    except ValueError as error:  # values refuse what is not finite
        raise np.linalg.LinAlgError(
            f"the discrete system leaves the range of floating point under {row.name}; reduce dt"
        ) from error


def _units(sizes: Array) -> Any:
    """Units of the states; 1 where rows and columns differ too little to cost digits."""
    rows, columns = sizes.sum(axis=1), sizes.sum(axis=0)
    rows, columns = (a - np.diagonal(sizes) for a in (rows, columns))
    alone = (rows == 0) | (columns == 0)
    ratio = np.where(alone, 1.0, rows / np.where(alone, 1.0, columns))
    if np.maximum(ratio, 1 / ratio).max(initial=1.0) < UNLIKE:
        return 1.0
    return np.exp2(scales.balanced(sizes))


def _diagonal(system: DiagonalLTI, dt: Any, row: Scheme) -> DiagonalLTI:
    steps = dt if np.ndim(dt) == 0 else dt[..., None]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        # what overflows, or sits on the singularity of the rule, is refused below
        pole, log_pole, b, c, d = row.diagonal(steps * system.poles, row.alpha)
    if not np.isfinite(pole).all():
        k = tuple(int(i) for i in np.argwhere(~np.isfinite(pole))[0])
        raise np.linalg.LinAlgError(
            f"the discrete pole of {system.poles[k]} is not finite under {row.name}"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused as B
        b, d = steps * b, steps * d
    if not system.is_siso:
        b, c, d = b[..., None], c[..., None, :], d[..., None]
    gain = algebra.first_markov_parameter(dataclasses.replace(system, B=d * system.B))
    return dataclasses.replace(
        system,
        poles=pole,
        B=b * system.B,
        C=c * system.C,
        D=system.D + gain if d.any() else system.D,
        dt=dt,
        log_poles=log_pole,
    )


SCHEMES: Table[Scheme] = Table(
    [
        Scheme(
            name="forward_euler",
            keeps="G(z) = G((z - 1)/dt)",
            dense=_rules.substitute,
            diagonal=_rules.substitute_poles,
            source="Euler",
            alpha=0.0,
        ),
        Scheme(
            name="backward_euler",
            keeps="G(z) = G((z - 1)/(dt z)), stability",
            dense=_rules.substitute,
            diagonal=_rules.substitute_poles,
            source="Euler",
            alpha=1.0,
        ),
        Scheme(
            name="bilinear",
            keeps="G(z) = G((2/dt)(z - 1)/(z + 1)), stability, Hankel singular values",
            dense=_rules.substitute,
            diagonal=_rules.substitute_poles,
            source="Tustin",
            alpha=0.5,
        ),
        Scheme(
            name="generalized_bilinear",
            keeps="G(z) = G((z - 1)/(dt (alpha z + 1 - alpha)))",
            dense=_rules.substitute,
            diagonal=_rules.substitute_poles,
            source="Zhang, Chen, Chen (2009)",
        ),
        Scheme(
            name="zoh",
            keeps="outputs of inputs constant between samples",
            dense=_rules.zero_order,
            diagonal=_rules.zero_order_poles,
            source="Franklin, Powell, Workman",
            degree=0,
        ),
        Scheme(
            name="foh",
            keeps="outputs of inputs linear between samples",
            dense=_rules.first_order,
            diagonal=_rules.first_order_poles,
            source="Franklin, Powell, Workman",
            degree=1,
        ),
    ],
    columns=("name", "alpha", "degree", "keeps", "source"),
)
