"""FAMILIES: HiPPO measures, diagonal initialisations, rings; each row with its identity."""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory._table import Table
from hippo_theory.lti import _diagonals, measures
from hippo_theory.lti.forms import dense
from hippo_theory.lti.values import LTI, System


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A family of systems with one input and one output.

    Attributes
    ----------
    name : str
    measure : str
        What the state remembers of the past input, or the law of the poles.
    window : str
        How far back.
    normalisation : str
        Of the basis, or of B.
    identity : str
        The exact statement that tests the row.
    source : str
    build : callable
        (N, **parameters) to the value with C = 1; random families take `rng` first.
    split : callable or None
        (N, **parameters) to shift, skew part and P of A = shift I + skew - P P^T, where the
        family has a DPLR form.
    unreachable : tuple of int
        States of the published matrices that the value leaves out, as no input reaches them.
    is_discrete : bool
        Whether the values are recurrences, with dt = 1.
    """

    name: str
    measure: str
    window: str
    normalisation: str
    identity: str
    source: str
    build: Callable[..., System]
    split: Callable[..., tuple] | None = None
    unreachable: tuple[int, ...] = ()
    is_discrete: bool = False

    @property
    def sign(self) -> str:
        """The equation of the values, whose poles are stable under it."""
        return "x_{k+1} = A x_k + B u_k" if self.is_discrete else "x' = A x + B u"

    @property
    def is_random(self) -> bool:
        """Whether the family draws its poles and takes `rng`."""
        return "rng" in inspect.signature(self.build).parameters

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters of the family and their defaults."""
        arguments = inspect.signature(self.build).parameters.values()
        return {a.name: a.default for a in arguments if a.name not in ("N", "rng")}


def family(
    name: str | Family,
    N: int,
    C: Any = None,
    rng: np.random.Generator | None = None,
    form: str | None = None,
    **parameters: float,
) -> System:
    """A system of a family: its A and B, the C given, D = 0.

    Parameters
    ----------
    name : str or Family
        A name in `FAMILIES` or a row.
    N : int
        State dimension; listed poles where conjugates are implied (S4D and LRU: 2N states).
        Even for fout, whose value has the N - 1 states that an input reaches.
    C : array_like, shape (N,) or (p, N), optional
        In the coordinates of the family; ones if left out.
    rng : numpy.random.Generator
        Of the random families, which do not work without; ignored by the others.
    form : {None, "dense", "dplr"}
        None: dense HiPPO matrices, diagonal else. "dplr": diagonal plus low rank (legs, legt,
        lagt, fout), in unitary coordinates V^* x; C is still given in those of the family and
        becomes C V.
    **parameters : float
        theta, the length of the window in units of time (legt, lmu: default 1; fout: default 2,
        as published); r_min, r_max, max_phase in radians (lru_ring); radius (roots_of_unity,
        uniform_disk); low, high (uniform_real). `FAMILIES[name].parameters` has the defaults.

    Returns
    -------
    LTI, DiagonalLTI or DPLR
        In continuous time x' = A x + B u, in units of time in which the measure is the one
        of the table; lru_ring, roots_of_unity, uniform_disk, uniform_real: discrete, dt = 1.

    Raises
    ------
    ValueError
        If the name, a parameter or the form is unknown, N is odd for fout, or a parameter is
        out of range.
    TypeError
        If a random family is asked for without a Generator.

    Notes
    -----
    legs is the time-invariant system that S4 uses, A = -(A of `legs.matrices`): its state holds
    moments under e^{-lag}, e^{tA} B = sqrt(2n + 1) e^{-t} P_n(2 e^{-t} - 1) exactly, while the
    LegS equation itself, t c' = -A c + B f, is in the legs room. A legt, lmu or fout state
    only approximates the moments of its window, as the end of the window is itself
    reconstructed from the state.

    B is never clipped. The reference S4 code limits Im(V^* B) to [-2, 2] by default; nearly all
    of V^* B is imaginary there, so that at N = 64 it replaces about 0.9 of B in norm: what runs
    is another system than LegS, and one that depends on the phases LAPACK gives to eigenvectors.
    Here eigenvectors are turned so that V^* B is positive, which makes the form unique.

    LegS itself is not offered diagonalised: the condition of its eigenvectors grows as 2^{2.5 N}.
    Its normal part is unitarily diagonal (s4d_legs), and minus rank one it is LegS (form="dplr").

    s4d_inv is stated with the number of states M = 2N: (M/pi) (M/(2n + 1) - 1). lru_ring carries
    `log_poles` as the exact datum and gamma = sqrt(1 - |pole|^2) in B; the LRU itself reads
    Re(C x), which is half of this value's 2 Re(C x). docs/theory.md (5.12)-(5.18).

    References
    ----------
    Gu et al. (2020, HiPPO; 2022, S4 and S4D); Voelker, Kajic, Eliasmith (2019, LMU); Orvieto et
    al. (2023, LRU); Rodan, Tino (2011, cycles). The identity that tests
    each row is `FAMILIES[name].identity`.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.family("legs", 4, form="dplr")
    <DPLR: 4 states, rank 1, SISO, continuous time>
    >>> ht.lti.family("lagt", 2).A
    array([[-0.5,  0. ],
           [-1. , -0.5]])
    """
    row = _check.choice("family", name, FAMILIES, Family)
    N = _check.size("N", N, by=16)
    for key, value in parameters.items():
        _check.option(f"parameter of {row.name}", key, row.parameters)
        _check.number(key, value)
    form = _form(row, form)
    parameters = row.parameters | parameters
    system = row.build(N, **parameters, **_generator(row, rng))
    if C is not None:
        C = _check.array("C", C, minimum_ndim=1)
        _check.shape("C", C, (N,) if C.ndim == 1 else ("p", N))
        system = dataclasses.replace(system, C=np.delete(C, row.unreachable, axis=-1))
    if form == "dplr" and row.split is not None and isinstance(system, LTI):
        return measures.diagonal_plus_low_rank(system, *row.split(N, **parameters))
    return dense(system) if form == "dense" else system


def _form(row: Family, form: str | None) -> str | None:
    if form is None:
        return None
    _check.option("form", form, ["dense", "dplr"])
    if form == "dplr" and row.split is None:
        able = [other.name for other in FAMILIES.values() if other.split]
        raise ValueError(
            f"form must be None or 'dense' for {row.name}, got 'dplr'; it is for {able}"
        )
    return form


def _generator(row: Family, rng: Any) -> dict:
    if not row.is_random:
        return {}
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator for the random family {row.name}, got {rng!r}; "
            "pass numpy.random.default_rng(seed)"
        )
    return {"rng": rng}


FAMILIES: Table[Family] = Table(
    [
        Family(
            name="legs",
            measure="e^{-lag}",
            window="all of the past, time constant 1",
            normalisation="sqrt(2n + 1) P_n(2 e^{-lag} - 1), orthonormal",
            identity="A + A^T + I + B B^T = 0; Gramian (I + J)/2, J the Legendre Jacobi matrix",
            source="Gu et al. (2020)",
            build=measures.legs,
            split=measures.split_legs,
        ),
        Family(
            name="legt",
            measure="1/theta on [0, theta]",
            window="theta",
            normalisation="sqrt(2n + 1) P_n(1 - 2 lag/theta), orthonormal",
            identity="A + A^T + theta (B B^T + B' B'^T) = 0, B'_n = (-1)^n B_n; Pade delay",
            source="Gu et al. (2020)",
            build=measures.legt,
            split=measures.split_legt,
        ),
        Family(
            name="lmu",
            measure="1/theta on [0, theta]",
            window="theta",
            normalisation="(2n + 1) P_n(2 lag/theta - 1)",
            identity="(-1)^n sqrt(2n + 1) times the state of legt; Pade delay",
            source="Voelker, Kajic, Eliasmith (2019)",
            build=measures.lmu,
        ),
        Family(
            name="lagt",
            measure="1 on all of the past",
            window="all of the past, time constant 2",
            normalisation="e^{-lag/2} L_n(lag), orthonormal",
            identity="A + A^T + B B^T = 0; Gramian I",
            source="Gu et al. (2020)",
            build=measures.lagt,
            split=measures.split_lagt,
        ),
        Family(
            name="fout",
            measure="1/theta on [0, theta]",
            window="theta",
            normalisation="1, sqrt 2 cos, sqrt 2 sin of 2 pi k lag/theta, orthonormal",
            identity="A + A^T + theta B B^T = 0; Gramian I/theta",
            source="Gu et al. (2022)",
            build=measures.fout,
            split=measures.split_fout,
            unreachable=(1,),
        ),
        Family(
            name="s4d_lin",
            measure="poles -1/2 + i pi n and conjugates",
            window="time constant 2",
            normalisation="B = 1",
            identity="Gram matrix Toeplitz, its condition below e^2",
            source="Gu et al. (2022)",
            build=_diagonals.s4d_lin,
        ),
        Family(
            name="s4d_inv",
            measure="poles -1/2 + i (M/pi) (M/(2n + 1) - 1), M = 2N, and conjugates",
            window="time constant 2",
            normalisation="B = 1",
            identity="(2n + 1) (1 + pi w_n/M) = M",
            source="Gu et al. (2022)",
            build=_diagonals.s4d_inv,
        ),
        Family(
            name="s4d_legs",
            measure="normal part A + B B^T/2 of legs, half its B",
            window="time constant 2",
            normalisation="unitary coordinates, B > 0",
            identity="sum w^2 = (M^4 - M (4 M^2 - 1)/3)/8, sum B^2 = M^2/8, M = 2N",
            source="Gu et al. (2022)",
            build=_diagonals.s4d_legs,
        ),
        Family(
            name="s4d_real",
            measure="poles -(n + 1)",
            window="time constants 1/(n + 1)",
            normalisation="B = 1",
            identity="the eigenvalues of legs",
            source="Gu et al. (2022)",
            build=_diagonals.s4d_real,
        ),
        Family(
            name="lru_ring",
            measure="|pole|^2 uniform on [r_min^2, r_max^2], phase on [0, max_phase]",
            window="1/(1 - |pole|) steps",
            normalisation="B^2 = 1 - |pole|^2",
            identity="states of unit variance",
            source="Orvieto et al. (2023)",
            build=_diagonals.lru_ring,
            is_discrete=True,
        ),
        Family(
            name="roots_of_unity",
            measure="poles radius e^{2 pi i n/N}",
            window="N steps, echoes radius^N apart",
            normalisation="B = 1",
            identity="sum of k-th powers N radius^k where N divides k, else 0",
            source="Rodan, Tino (2011)",
            build=_diagonals.roots_of_unity,
            is_discrete=True,
        ),
        Family(
            name="uniform_disk",
            measure="poles uniform on the disk",
            window="1/(1 - |pole|) steps",
            normalisation="B = 1",
            identity="|pole|^2/radius^2 uniform on [0, 1], mean pole 0",
            source="after Yu et al. (2025)",
            build=_diagonals.uniform_disk,
            is_discrete=True,
        ),
        Family(
            name="uniform_real",
            measure="poles uniform on [low, high]",
            window="1/(1 - |pole|) steps",
            normalisation="B = 1",
            identity="(pole - low)/(high - low) uniform on [0, 1]",
            source="elementary",
            build=_diagonals.uniform_real,
            is_discrete=True,
        ),
    ],
    columns=("name", "sign", "measure", "window", "normalisation", "identity", "source"),
)
