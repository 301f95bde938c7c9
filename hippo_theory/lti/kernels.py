"""Convolution kernels of LTI systems: the definition, and three ways to products of matrices."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from hippo_theory import _array, _check
from hippo_theory._table import Table
from hippo_theory.lti import powers, s4
from hippo_theory.lti._values import Array
from hippo_theory.lti.discretize import SCHEMES, Scheme, discretize
from hippo_theory.lti.forms import channels, check_system, dense
from hippo_theory.lti.powers import cast
from hippo_theory.lti.products import krylov, vandermonde
from hippo_theory.lti.response import markov_parameters
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI, System


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What a method is given: the value whose kernel is wanted, and where it came from.

    Attributes
    ----------
    discrete : System
        h_0 = D, h_k = C A^{k-1} B of this value is the kernel.
    source : System
        The continuous system that Tustin's rule took to `discrete`, else `discrete`.
    L : int
    dtype : numpy.dtype
        float64 or float32, of products along the long axis.
    there : Home or None
        The library and device in which what grows with L is computed.
    """

    discrete: System
    source: System
    L: int
    dtype: Any
    there: _array.Home | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One way to compute C A^k B, k < L.

    Attributes
    ----------
    name, cost, source : str
    run : callable
        Problem to the array (..., p, m, L).
    systems : tuple of types
        The values that it takes.
    nanoseconds : callable
        Sizes to the time that "auto" compares, one thread; the constants are empirical.
    """

    name: str
    cost: str
    source: str
    run: Callable[[Problem], Array]
    systems: tuple[type, ...]
    nanoseconds: Callable[[Any], float]


def kernel(
    system: System,
    L: int,
    dt: Any = None,
    scheme: str | Scheme = "bilinear",
    layer: bool = False,
    method: str | Method = "auto",
    *,
    dtype: Any = None,
    xp: Any = np,
    device: Any = None,
) -> Array:
    """The first L Markov parameters h_0 = D, h_k = C A^{k-1} B, as a convolution kernel.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Discrete; or continuous with `dt`, and then what `discretize` makes of it with `scheme`
        and `layer`, structure kept.
    L : int
        Length.
    dt : float or array_like, optional
        Step in units of time, for a continuous system.
    scheme : str or Scheme
    layer : bool
        The layer reading, whose kernel is C A^k B, plus D at 0.
    method : str or Method
        A name in `METHODS`, or "auto": the one with the least time in the table's cost model.
    dtype : float32 or float64, optional
        Of the products along the long axis; tables are set up in float64 always. By default
        float32 if every array of the system is of single precision, or the device has no other.
    xp, device : module and device of that library, optional
        Where the kernel is wanted, as in `kernel(system, L, xp=torch, device="cuda")`: numpy,
        cupy, torch, jax.numpy, .. What grows with L is computed there, but for "naive", the
        definition, whose products follow one another: computed on the host and carried.

    Returns
    -------
    array of `xp`, shape (..., L) or (..., p, m, L)
        Real for real systems and implied conjugates.

    Raises
    ------
    ValueError
        If `dt` is missing or superfluous, or the method does not take the system.
    numpy.linalg.LinAlgError
        If the kernel leaves the range of floating point, as those of unstable systems do, or if
        the method would lose more than 1e-9 of the largest value.

    Notes
    -----
    `convolve(kernel(system, L), u)` is `simulate(system, u)`. Errors of dense and DPLR systems
    stay below 1e-9 of the largest |h_k| of the discrete system, or the method refuses; below 2e-13
    for LegS with N = 64, L = 16384, whose A_d is rounded once, which costs up to L eps. Where the
    powers of A grow before they decay, as those of narrow filters in companion form do, or the
    kernel is far below |C| |B|, "krylov" and "naive" estimate what rounding costs and work in
    twice the digits, which are no longer sure below 1e-20 L |C| |B|.

    Errors of diagonal systems stay below 1e-14 L of the largest |D| + sum_n |C_n B_n| |pole_n|^k:
    where residues cancel, as those of 1/((s + 1)(s + 2)) with steps of 1e-9 do, that is more than
    1e-9 of the kernel, and nothing is refused. The discretization has rounded them before: give
    such a system as a dense one, in coordinates in which nothing cancels.

    "vandermonde" and "krylov" write the time k = i b + j, so that the kernel
    is a product of a (L/b, N) and an (N, b) table made by doubling; "s4" evaluates the
    generating function (see `s4`). docs/theory.md (5.1), (5.20)-(5.22).

    References
    ----------
    Gu, Goel, Ré (2022) for "s4", with nodes that stay finite; Gu, Gupta, Goel, Ré (2022) for
    the Vandermonde kernel.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([0.5, 0.25], [1.0, 1.0], [1.0, 1.0], dt=1.0)
    >>> ht.lti.kernel(G, 4)
    array([0.    , 2.    , 0.75  , 0.3125])
    """
    check_system(system)
    L, layer = _check.integer("L", L), _check.flag("layer", layer)
    _check.room("L", *system.batch_shape, *system.channel_shape, L)
    names = ["auto", *METHODS]
    row = method if isinstance(method, Method) else _check.option("method", method, names)
    there = _array.there(xp, device)
    precision = _precision(there, dtype)
    problem = _problem(system, L, dt, scheme, layer, precision, there)
    if not isinstance(row, Method):
        row = _cheapest(problem) if row == "auto" else METHODS[row]
    if 0 in (system.state_dim, *system.channel_shape):
        row = METHODS["naive"]  # nothing but D
    if not isinstance(problem.source, row.systems):
        kinds = " or ".join(kind.__name__ for kind in row.systems)
        raise ValueError(
            f"system must be {kinds} for method {row.name!r}, got {type(system).__name__}"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        h = _at_home(row.run(problem), problem)
        lib = array_namespace(h)
        if not (lib.isfinite(lib.sum(h)) or lib.all(lib.isfinite(h))):
            k = int(np.argwhere(~np.isfinite(_array.to_host(h)))[:, -1].min())
            raise np.linalg.LinAlgError(
                f"the kernel leaves the range of floating point at index {k}; reduce L"
            )
    if _array.is_complex(h) and powers.is_real(problem.discrete):
        h = lib.real(h)
    return h[..., 0, 0, :] if problem.discrete.is_siso else h


def _at_home(h: Array, problem: Problem) -> Array:
    """The kernel in the precision asked for, carried where a method has left it on the host."""
    there = problem.there
    if there is None:
        return cast(h, problem.dtype)
    return _array.rounded(h if _check.is_foreign(h) else _array.to_home(there, h), problem.dtype)


def discrete_of(system: System, dt: Any, scheme: str | Scheme, layer: bool) -> System:
    """The system itself, or what `discretize` makes of a continuous one."""
    _check.flag("layer", layer)
    if system.is_discrete:
        if layer:
            raise ValueError(
                f"layer must be left out for a discrete system, got {layer}; apply lti.layer to it"
            )
        if dt is not None:
            raise ValueError(f"dt must be left out for a discrete system, got {_check.shown(dt)}")
        return system
    if dt is None:
        raise ValueError("dt must be given for a continuous system, got None")
    return discretize(system, dt, scheme, layer)


def _precision(there, dtype):
    """The dtype asked for, or that of a device without double precision; None: the system's."""
    if dtype is not None:
        dtype = _check.dtype("dtype", dtype)
    if there is None or there.precision == np.float64:
        return dtype
    if dtype is not None and dtype != there.precision:
        raise ValueError(f"dtype must be float32 on {there}, got {dtype}")
    return there.precision


def _problem(system, L, dt, scheme, layer, dtype, there) -> Problem:
    if dtype is None:
        dtype = powers.result_dtype(system)
    discrete = discrete_of(system, dt, scheme, layer)
    is_tustin = not system.is_discrete and (
        _check.choice("scheme", scheme, SCHEMES, Scheme).alpha == 0.5
    )
    source = system if is_tustin and not isinstance(system, DiagonalLTI) else discrete
    return Problem(discrete, source, L, np.dtype(dtype), there)


def _prepended(D, terms) -> Array:
    """D, then the terms but the last."""
    xp = array_namespace(terms)
    D = xp.broadcast_to(D[..., None], (*terms.shape[:-1], 1))
    return xp.concat([xp.astype(D, xp.result_type(D, terms)), terms[..., :-1]], axis=-1)


def _cheapest(problem: Problem) -> Method:
    sizes = _sizes(problem)
    rows = [row for row in METHODS.values() if isinstance(problem.source, row.systems)]
    return min(rows, key=lambda row: row.nanoseconds(sizes))


def _naive(problem: Problem) -> Array:
    h = markov_parameters(problem.discrete, problem.L)
    return h[..., None, None, :] if problem.discrete.is_siso else h


def _krylov(problem: Problem) -> Array:
    system = dense(problem.discrete)
    B, C, D = channels(system)
    A = system.A
    if isinstance(problem.discrete, DPLR) and powers.is_real(problem.discrete):
        (A, B, C), D = s4.real_form(problem.discrete), D.real
    A, B, C = (cast(a, np.float64) for a in (A, B, C))
    return krylov(A, B, C, D, problem.L, problem.dtype, problem.there)


def _vandermonde(problem: Problem) -> Array:
    system = problem.discrete
    assert isinstance(system, DiagonalLTI)
    B, C, D = channels(system)
    weights = cast(C[..., :, None, :] * np.swapaxes(B, -1, -2)[..., None, :, :], np.float64)
    squares = powers.squarings(system, powers.doublings(problem.L))[..., None, None, :]
    pairs = system.conjugate
    return vandermonde(weights, squares, D, problem.L, pairs, problem.dtype, problem.there)


def _s4(problem: Problem) -> Array:
    there, D = problem.there, channels(problem.discrete)[2]
    terms = s4.sequence(problem.source, problem.discrete, problem.L, problem.dtype, there)
    D = D if _array.is_complex(terms) else D.real
    return _prepended(_array.to_home(there, D) if there else D, terms)


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """What the cost model counts; `arithmetic` is 4 where it is complex."""

    N: int
    rank: int
    kernels: int
    L: int
    arithmetic: int
    is_dense: bool
    is_batched: bool


def _sizes(problem: Problem) -> Sizes:
    system = problem.discrete
    is_dense = isinstance(system, LTI)
    return Sizes(
        N=system.state_dim,
        rank=system.P.shape[1] if isinstance(system, DPLR) else 0,
        kernels=math.prod(system.batch_shape) * math.prod(system.channel_shape),
        L=problem.L,
        arithmetic=1 if not isinstance(system, DiagonalLTI) and powers.is_real(system) else 4,
        is_dense=is_dense,
        is_batched=bool(system.batch_shape),
    )


# Constants in ns, fitted by eye to N = 4 .. 256, L = 64 .. 16384 on one core of 65 GF/s, where
# most times lie within 1.5 of them; discretization, which all methods share, is left out.


def _naive_time(z: Sizes) -> float:
    if z.is_dense:
        return z.L * (4e3 + 0.13 * z.arithmetic * z.N**2)
    return z.L * (6e3 + 10 * z.N * z.kernels)


def _krylov_time(z: Sizes) -> float:
    squarings = powers.doublings(z.L) * (2e3 + 0.04 * z.N**3)
    time = 1e5 + z.arithmetic * (squarings + 0.05 * z.kernels * z.N * z.L)
    return np.inf if z.is_batched else time  # it takes one system at a time


def _vandermonde_time(z: Sizes) -> float:
    return 1e5 + z.kernels * z.N * (200 + 0.16 * z.L)


def _s4_time(z: Sizes) -> float:
    """With the powers of A for C~; a dense A needs its structure found first, which never pays."""
    set_up = 3e5 + powers.doublings(z.L) * (2e3 + 0.04 * z.N**3)
    sums = (1 + z.rank) ** 2 * 0.08 * z.N * z.L
    return np.inf if z.is_dense else set_up + sums + 15 * (1 + z.rank**3) * z.L


METHODS: Table[Method] = Table(
    [
        Method(
            name="naive",
            cost="L products with A",
            source="the definition",
            run=_naive,
            systems=(LTI, DiagonalLTI, DPLR),
            nanoseconds=_naive_time,
        ),
        Method(
            name="krylov",
            cost="2 N^3 log2 L + 2 N L",
            source="Krylov tables; doubling as in Gu, Goel, Ré (2022)",
            run=_krylov,
            systems=(LTI, DiagonalLTI, DPLR),
            nanoseconds=_krylov_time,
        ),
        Method(
            name="vandermonde",
            cost="4 N L",
            source="Gu, Gupta, Goel, Ré (2022), as one matrix product",
            run=_vandermonde,
            systems=(DiagonalLTI,),
            nanoseconds=_vandermonde_time,
        ),
        Method(
            name="s4",
            cost="2 N^3 log2 L + (1 + r)^2 N L",
            source="Gu, Goel, Ré (2022), with nodes that stay finite",
            run=_s4,
            systems=(DPLR, LTI),
            nanoseconds=_s4_time,
        ),
    ],
    columns=("name", "cost", "source"),
)
