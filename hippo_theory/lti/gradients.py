"""Gradients of a real loss through the kernel of a diagonal system, by the kernel's own product.

Of h_0 = D, h_k = sum_n c_n l_n^{k-1} with c = C B and a cotangent g, what is needed is
sum_k g_k l_n^{k-1} and sum_k (k-1) g_k l_n^{k-2}: the transposed Vandermonde product.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hippo_theory import _array, _check
from hippo_theory.lti import powers, products
from hippo_theory.lti._values import Array
from hippo_theory.lti.discretize import Scheme, discretize
from hippo_theory.lti.forms import channels, check_system
from hippo_theory.lti.kernels import discrete_of
from hippo_theory.lti.values import DiagonalLTI

RADIUS, POINTS = 0.25, 32  # of the circles on which rules are differentiated


@dataclass(frozen=True, slots=True, eq=False)
class KernelGradient:
    """d loss / d parameter, each of the shape of the parameter; `dt` is None without one.

    A complex parameter has d loss / d(real part) + i d loss / d(imaginary part), a real one the
    real part of that: a step against it lowers the loss.
    """

    poles: Array
    B: Array
    C: Array
    D: Array
    dt: Array | None


def kernel_vjp(
    system: DiagonalLTI,
    cotangent: Any,
    dt: Any = None,
    scheme: str | Scheme = "bilinear",
    layer: bool = False,
) -> KernelGradient:
    """Gradient of a real loss in poles, B, C, D and dt, from its gradient in the kernel.

    Parameters
    ----------
    system : DiagonalLTI
        With the arguments below, the system of `kernel`.
    cotangent : array_like, shape (..., L) or (..., p, m, L)
        g_k = d loss / d Re h_k + i d loss / d Im h_k; real where conjugates are implied.
    dt, scheme, layer
        As for `kernel`.

    Returns
    -------
    KernelGradient
        With ``.poles``, ``.B``, ``.C``, ``.D``, ``.dt``, in the same convention (PyTorch's and
        twice that of conjugate Wirtinger derivatives): the change of the loss is
        Re sum conj(gradient) d parameter. What channels share is summed over them.

    Raises
    ------
    TypeError
        If the system is not diagonal.
    ValueError
        If the cotangent has another shape than the kernel, or as `kernel` does.
    numpy.linalg.LinAlgError
        If a gradient leaves the range of floating point.

    Notes
    -----
    8 N L real flops for pairs, twice those of the kernel, and O(N sqrt L) memory. The poles of a
    discrete system are its parameters: `log_poles` are a way to give them. Rules are
    differentiated by Cauchy's formula on circles |x - dt pole| = 1/4, with an error of some eps
    for Re x <= 0, whatever the scheme. docs/theory.md (5.23).

    References
    ----------
    Lyness, Moler (1967) for derivatives by contours.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([0.5], [1.0], [3.0], dt=1.0)
    >>> gradient = ht.lti.kernel_vjp(G, [0.0, 0.0, 1.0])  # the loss h_2 = C A B
    >>> gradient.poles, gradient.B, gradient.C
    (array([3.]), array([1.5]), array([0.5]))
    """
    check_system(system)
    layer = _check.flag("layer", layer)
    if not isinstance(system, DiagonalLTI):
        raise TypeError(f"system must be a DiagonalLTI, got {type(system).__name__}")
    discrete = discrete_of(system, dt, scheme, layer)
    assert isinstance(discrete, DiagonalLTI)
    g = _checked(discrete, cotangent)
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        gradient = _gradient(system, discrete, g, scheme, layer)
    _check_range(gradient)
    there = _array.home(cotangent=g)
    return _carried(gradient, there, cotangent) if there else gradient


def _gradient(system, discrete, g, scheme, layer) -> KernelGradient:
    factor = 2 if system.conjugate else 1
    first, second = (factor * a for a in _moments(discrete, g))
    g = _array.to_host(g[..., :1])  # what is left is short
    B, C, _ = channels(system)
    product = C[..., :, None, :] * np.swapaxes(B, -1, -2)[..., None, :, :]  # (..., p, m, N)
    if system.is_discrete:
        in_poles, in_product, in_dt = second * product.conj(), first, None
    else:
        through = factor * g[..., :1]
        rule = _rule(system, discrete.dt, scheme, layer)
        in_poles, in_product, in_dt = _through(rule, system, product, first, second, through)
    in_B = np.swapaxes(in_product * C.conj()[..., :, None, :], -1, -2).sum(axis=-3)
    in_C = (in_product * np.swapaxes(B, -1, -2).conj()[..., None, :, :]).sum(axis=-2)
    if system.is_siso:
        in_B, in_C, g = in_B[..., 0], in_C[..., 0, :], g[..., 0, 0, :]
    return KernelGradient(
        poles=_like(in_poles.sum(axis=(-3, -2)), system.poles),
        B=_like(in_B, system.B),
        C=_like(in_C, system.C),
        D=_like(g[..., 0], system.D),
        dt=None if in_dt is None else _like(in_dt, np.asarray(discrete.dt)),
    )


def _check_range(gradient):
    for field in fields(gradient):
        part = getattr(gradient, field.name)
        if part is not None and not np.isfinite(part).all():
            raise np.linalg.LinAlgError(
                f"the gradient in {field.name} must stay in the range of floating point, got "
                f"{np.ravel(part)[~np.isfinite(np.ravel(part))][0]}"
            )


def _carried(gradient, there, cotangent) -> KernelGradient:
    """To the library, device and precision of the cotangent."""
    parts = {field.name: getattr(gradient, field.name) for field in fields(gradient)}
    return KernelGradient(
        **{
            name: None if a is None else _array.rounded(_array.to_home(there, a), cotangent)
            for name, a in parts.items()
        }
    )


def _moments(discrete, g):
    """The moments with conj(l), which is what a gradient in l has."""
    squares = powers.squarings(discrete, powers.doublings(g.shape[-1])).conj()
    return products.moments(squares[..., None, None, :], g)


def _checked(discrete: DiagonalLTI, cotangent) -> Array:
    """The cotangent as (..., p, m, L) with all the batch axes of the system."""
    g = _array.check("cotangent", cotangent, minimum_ndim=1, real=discrete.conjugate)
    shape = (*discrete.batch_shape, *discrete.channel_shape, g.shape[-1])
    if tuple(g.shape) != shape or g.shape[-1] == 0:
        words = ", ".join(map(str, (*shape[:-1], "L"))) if shape[:-1] else "L,"
        raise ValueError(f"cotangent must have shape ({words}), got {tuple(g.shape)}")
    return g[..., None, None, :] if discrete.is_siso else g


def _rule(system, dt, scheme, layer):
    """l, c, d of dt pole, of unit B and C and unit step, and their derivatives in it."""
    steps = np.asarray(dt)[..., None] if np.ndim(dt) else dt
    x = np.asarray(steps * system.poles, np.complex128)[..., None, None]
    turn = np.exp(2j * np.pi * np.arange(POINTS) / POINTS)[:, None]
    points = np.concatenate([x, x + RADIUS * turn], axis=-2)  # (..., N, 1 + POINTS, 1)
    one = np.ones((1,) * points.ndim)
    unit = discretize(DiagonalLTI(points, one, one), 1.0, scheme, layer)
    assert isinstance(unit, DiagonalLTI)
    parts = np.broadcast_arrays(unit.poles[..., 0], (unit.B * unit.C)[..., 0], unit.D)
    values = [part[..., 0] for part in parts]
    slopes = [(part[..., 1:] / turn[:, 0]).mean(axis=-1) / RADIUS for part in parts]
    return steps, values, slopes


def _through(rule, system, product, first, second, through):
    """Gradients in poles, in C B and in dt: l, c = dt C B c_1, D + sum dt C B d_1 of dt poles."""
    steps, values, slopes = rule
    _, c, d = (np.conj(a)[..., None, None, :] for a in values)
    dl, dc, dd = (np.conj(a)[..., None, None, :] for a in slopes)
    steps = np.asarray(steps)[..., None, None] if np.ndim(steps) else steps
    scaled = np.conj(steps * product)
    in_product = first * c + through * d  # in dt C B
    in_x = second * scaled * c * dl + scaled * (first * dc + through * dd)
    poles = system.poles[..., None, None, :]
    in_dt = np.conj(product) * in_product + np.conj(poles) * in_x
    return steps * in_x, steps * in_product, in_dt.real.sum(axis=(-3, -2, -1))


def _like(gradient: Array, parameter: Array) -> Array:
    """Summed over the axes that the parameter does not have; real where it is real."""
    extra = gradient.ndim - parameter.ndim
    gradient = gradient.sum(axis=tuple(range(extra)))
    shared = tuple(k for k, n in enumerate(parameter.shape) if n == 1 and gradient.shape[k] != 1)
    gradient = gradient.sum(axis=shared, keepdims=True)
    return gradient if np.iscomplexobj(parameter) else np.real(gradient)
