"""SCHEMES: a row for each discretization of t c' = -A c + B f, with the claims tests measure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial as poly

from hippo_theory._table import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scheme:
    """What every discretization claims; the subclasses say how it steps.

    Attributes
    ----------
    name : str
    order : float
        Order at the final time for a smooth input.
    max_order : float
        Order of the maximum over all grid times, for a smooth input.
    first_step : str
        What is done on [0, t_1], where the equation is singular.
    stability : str
        How perturbations grow, for every N.
    source : str
        Where the rule comes from.
    """

    name: str
    order: float
    max_order: float
    first_step: str
    stability: str
    source: str

    @property
    def is_contractive(self) -> bool:
        """Whether no perturbation ever grows, for every N: derived from a row's numbers."""
        raise NotImplementedError

    def __repr__(self):
        orders = f"order {self.order:g} ({self.max_order:g} in the maximum)"
        return f"{self.name}: {orders}, {self.stability}"


Coefficients = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OneStep(Scheme):
    """(I + b A) c_1 = (I - a A) c_0 + B (w_0 f_0 + w_1 f_1), O(N) a step.

    Attributes
    ----------
    coefficients : callable
        (t_0, t_1) -> (a, b, w_0, w_1) for 0 < t_0 < t_1, elementwise on arrays.
    first : tuple of float
        (a, b, w_0, w_1) of the step from t_0 = 0.
    """

    coefficients: Callable[..., Coefficients]
    first: Coefficients

    def __post_init__(self):
        for a, b, w0, w1 in (self.first, self.coefficients(1.0, 1.5), self.coefficients(0.2, 7.0)):
            if abs(a + b - w0 - w1) > 1e-15 * (abs(a) + abs(b)):
                raise ValueError(f"{self.name} must keep constants: a + b = w_0 + w_1")

    def steps(self, t: np.ndarray) -> list[np.ndarray]:
        """a, b, w_0, w_1 of the cells of a grid, the first one included, each (len(t) - 1,)."""
        singular = t[:-1] == 0
        regular = self.coefficients(np.where(singular, 1, t[:-1]), np.where(singular, 2, t[1:]))
        pairs = zip(self.first, regular, strict=True)
        return [np.where(singular, first, general) for first, general in pairs]

    @property
    def is_contractive(self) -> bool:
        """Whether every step contracts for every N: a <= b, as the numerical range is in Re > 0."""
        steps = (self.first, self.coefficients(1.0, 1.01), self.coefficients(0.2, 7.0))
        return all(a <= b * (1 + 1e-15) for a, b, _, _ in steps)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Hold(Scheme):
    """The exact solution for the piecewise polynomial through the nearest degree + 1 samples.

    Attributes
    ----------
    degree : int
        0 holds the left sample, 1 is the linear interpolant.
    """

    degree: int

    @property
    def is_contractive(self) -> bool:
        """Always: the propagator has norm at most sqrt(t_0 / t_1)."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Collocation(Scheme):
    """Collocation at t_0 + h nodes; the input is evaluated there and never at t = 0.

    Attributes
    ----------
    nodes : tuple of float
        In (0, 1], increasing.
    """

    nodes: tuple[float, ...]

    def __post_init__(self):
        if not (self.nodes[0] > 0 and self.nodes[-1] <= 1):
            raise ValueError(f"{self.name} must have nodes in (0, 1], got {self.nodes}")
        powers = np.arange(1, int(self.order) + 1)
        moments = (self.weights * np.array(self.nodes) ** (powers[:, None] - 1)).sum(axis=1)
        if abs(moments - 1 / powers).max() > 1e-14:
            raise ValueError(f"{self.name} must integrate degree {self.order - 1:g} exactly")

    @property
    def stages(self) -> np.ndarray:
        """The Runge-Kutta matrix a_ij = integral of the Lagrange polynomial j over [0, c_i]."""
        return np.array([poly.polyval(np.array(self.nodes), p) for p in self._integrals()]).T

    @property
    def weights(self) -> np.ndarray:
        """The Runge-Kutta weights b_j = integral of the Lagrange polynomial j over [0, 1]."""
        return np.array([poly.polyval(1.0, p) for p in self._integrals()])

    def _integrals(self):
        for j, node in enumerate(self.nodes):
            others = [c for i, c in enumerate(self.nodes) if i != j]
            basis = poly.polyfromroots(others) / np.prod(node - np.array(others))
            yield poly.polyint(basis)

    @property
    def is_contractive(self) -> bool:
        """Algebraic stability: weights > 0 and b_i a_ij + b_j a_ji - b_i b_j semidefinite."""
        product = self.weights[:, None] * self.stages
        gram = product + product.T - np.outer(self.weights, self.weights)
        return bool(self.weights.min() > 0 and np.linalg.eigvalsh(gram).min() > -1e-14)


def _forward_euler(t0, t1):
    step = (t1 - t0) / t0
    return step, 0 * step, step, 0 * step


def _backward_euler(t0, t1):
    step = (t1 - t0) / t1
    return 0 * step, step, 0 * step, step


def _trapezoid(t0, t1):
    a, b = (t1 - t0) / (2 * t0), (t1 - t0) / (2 * t1)
    return a, b, a, b


def _newest_sample(t0, t1):
    half = (t1 - t0) / (2 * t1)
    return half, half, 0 * half, 2 * half


def _midpoint(t0, t1):
    half = (t1 - t0) / (t0 + t1)
    return half, half, half, half


def _hold(name, degree, source="exact solution for the interpolant; derived here"):
    return Hold(
        name=name,
        degree=degree,
        order=degree + 1,
        max_order=degree + 1,
        first_step="the general one (r = 0)",
        stability="contractive",
        source=source,
    )


def _collocation(name, nodes, order):
    # near t = 0 a step is only exact to the degree len(nodes) of its own polynomial
    return Collocation(
        name=name,
        nodes=nodes,
        order=order,
        max_order=min(order, len(nodes) + 1),
        first_step="the general one (no stage at 0)",
        stability="contractive",
        source="collocation in t; Hairer and Wanner [hairer1996stiff]",
    )


_S3, _S6, _S15 = np.sqrt([3.0, 6.0, 15.0]).tolist()

SCHEMES = Table(
    (
        OneStep(
            name="forward_euler",
            order=1,
            max_order=1,
            coefficients=_forward_euler,
            first=(0.0, 0.0, 0.0, 0.0),
            first_step="c_1 = c_0, the limit of A c - B f being 0",
            stability="exponential transient, overflows for large N",
            source="classical",
        ),
        OneStep(
            name="backward_euler",
            order=1,
            max_order=1,
            coefficients=_backward_euler,
            first=(0.0, 1.0, 0.0, 1.0),
            first_step="the general one",
            stability="contractive",
            source="classical",
        ),
        OneStep(
            name="bilinear",
            order=2,
            max_order=2,
            coefficients=_trapezoid,
            first=(1.0, 1.0, 1.0, 1.0),
            first_step="midpoint",
            stability="transient growth, at most linear in N",
            source="trapezoidal rule in t; first step derived here",
        ),
        OneStep(
            name="bilinear_naive",
            order=2,
            max_order=1,
            coefficients=_trapezoid,
            first=(0.0, 0.5, 0.0, 0.5),
            first_step="the explicit half, 0/0, is dropped",
            stability="transient growth, at most linear in N",
            source="trapezoidal rule in t",
        ),
        OneStep(
            name="approximate_bilinear",
            order=1,
            max_order=1,
            coefficients=_newest_sample,
            first=(0.5, 0.5, 0.0, 1.0),
            first_step="the general one",
            stability="contractive",
            source="the rule of the published HiPPO code: 1/t_1 on both sides, newest sample",
        ),
        OneStep(
            name="midpoint",
            order=2,
            max_order=2,
            coefficients=_midpoint,
            first=(1.0, 1.0, 1.0, 1.0),
            first_step="the general one",
            stability="contractive",
            source="implicit midpoint rule (Gauss, one stage), mean of the two samples",
        ),
        _hold("zoh", 0),
        _hold("foh", 1),
        _hold("hold2", 2),
        _hold("hold3", 3),
        _hold("hold4", 4),
        _hold("hold5", 5),
        _hold("hold6", 6),
        _hold("hold7", 7),
        _collocation("gauss2", (0.5 - _S3 / 6, 0.5 + _S3 / 6), 4),
        _collocation("gauss3", (0.5 - _S15 / 10, 0.5, 0.5 + _S15 / 10), 6),
        _collocation("radau2", (1 / 3, 1.0), 3),
        _collocation("radau3", ((4 - _S6) / 10, (4 + _S6) / 10, 1.0), 5),
    ),
    columns=("name", "order", "max_order", "is_contractive", "first_step", "stability"),
)
