"""Real training in the time domain: recurrences, their adjoint, and plain gradient descent."""

from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import as_poles
from hippo_theory.learning.statistics import recurrence, signals

METHODS = ("auto", "recurrence", "triangular")

TRAINED = {  # which of (poles, b, c) move
    "both": (0, 1, 1),
    "b": (0, 1, 0),
    "c": (0, 0, 1),
    "poles": (1, 0, 0),
    "all": (1, 1, 1),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Training:
    """The course of gradient descent.

    Attributes
    ----------
    b, c, poles : ndarray, shape (steps + 1, N), with D layers (steps + 1, D, N)
    loss : ndarray, shape (steps + 1,)
        Half the sum of squared errors over the batch that the step reads.
    """

    b: np.ndarray
    c: np.ndarray
    poles: np.ndarray
    loss: np.ndarray

    @property
    def w(self) -> np.ndarray:
        """Gains b c, of the shape of b."""
        return self.b * self.c

    def __repr__(self):
        return (
            f"Training({self.loss.size - 1} steps, loss {self.loss[0]:.3g} -> {self.loss[-1]:.3g})"
        )


def gradient_descent(
    u,
    y,
    poles,
    b0,
    c0,
    learning_rate: float,
    steps: int,
    *,
    train: str = "both",
    batch_size: int | None = None,
    rng: np.random.Generator | None = None,
    method: str = "auto",
) -> Training:
    """Train x_j[t] = a_j x_j[t-1] + b_j u[t], y[t] = sum_j c_j x_j[t] by gradient descent.

    Parameters
    ----------
    u, y : array_like, shape (..., L)
        Inputs and targets; the loss is half the sum of squared errors over all of them.
    poles, b0, c0 : array_like, shape (N,), or (D, N) for D layers in cascade
        Start; a discrete system stands for its poles alone (b0 and c0 are the weights). Layer d + 1
        reads the output of layer d.
    learning_rate : float
        The step; time of the flow is learning_rate * step at tau = 1.
    steps : int
    train : {"both", "b", "c", "all", "poles"}
        `both` is b and c; `all` adds the poles, in their own (Euclidean) coordinate.
    batch_size : int, optional
        Sequences a step, drawn with replacement; the batch's sum is descended as it is, so its
        gradient is batch_size / P of the full one in the mean.
    rng : numpy.random.Generator
        Needed with batch_size alone.
    method : {"auto", "recurrence", "triangular"}
        `recurrence` runs every sequence and its adjoint at every step. `triangular`, for one layer
        of fixed poles and full batches, runs them once: the responses of the poles and the targets
        are replaced by the triangular factor of their QR factorization, which has the same errors'
        norms and gradients. `auto` takes it where it applies.

    Returns
    -------
    Training
        `.w`, `.b`, `.c`, `.poles`, `.loss`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If training diverges.

    Notes
    -----
    `recurrence` is literal back-propagation through time, compiled: O(P L N D) a step and O(L N D)
    memory besides the courses; nothing of the closed forms is used. `triangular` costs
    O(P L N^2) once and O(N^2) a step, and agrees with it to rounding, the loss near a perfect fit
    included. Complex parameters descend 2 d loss / d conj(.), the loss being |prediction - y|^2 of
    complex outputs. docs/theory.md (8.13).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> u = np.eye(1, 64)
    >>> y = 2.0 * 0.5 ** np.arange(64)[None]
    >>> training = ht.learning.gradient_descent(u, y, [0.5], [0.1], [0.1], 0.1, 500)
    >>> training.w[-1].round(12)
    array([2.])
    """
    u, y = signals(u, y)
    flags = TRAINED[_check.option("train", train, TRAINED)]
    start = [_layers(name, v) for name, v in (("poles", poles), ("b0", b0), ("c0", c0))]
    layered = np.ndim(as_poles(poles)) == 2
    for name, value in zip(("b0", "c0"), start[1:], strict=True):
        _check.shape(name, value, start[0].shape)
    learning_rate = _check.number("learning_rate", learning_rate, above=0.0)
    steps = _check.size("steps", steps, 0, by=1 + sum(v.size for v in start))
    batches = _batches(u.shape[0], batch_size, steps, rng)
    fixed = not (flags[0] or start[0].shape[0] > 1 or batch_size is not None)
    if _check.option("method", method, METHODS) == "triangular" and not fixed:
        raise ValueError("method must be 'recurrence' where poles, layers or batches vary")
    dtype = np.result_type(u, y, *start, np.float64)
    paths = [np.empty((steps + 1, *v.shape), dtype) for v in start]
    for path, value in zip(paths, start, strict=True):
        path[0] = value
    course = np.empty(steps + 1)
    u, y = u.astype(dtype), y.astype(dtype)
    factor = _triangular(u, y, paths[0][0, 0]) if fixed and method != "recurrence" else None
    if factor is None:
        _descend(u, y, batches, learning_rate, flags, paths, course)
    else:
        _descend_factor(factor, learning_rate, flags, paths, course)
    a, b, c = paths if layered else [path[:, 0] for path in paths]
    return Training(b, c, a, course)


def _triangular(u, y, poles):
    """The triangular factor of [responses, y], or None where a pole makes them overflow."""
    factor = np.zeros((0, poles.size + 1), u.dtype)
    rows = max(1, 2**22 // (u.shape[1] * (poles.size + 1)))  # a bound on memory
    for k in range(0, u.shape[0], rows):
        with np.errstate(over="ignore", invalid="ignore"):
            phi = recurrence(u[k : k + rows], poles).reshape(poles.size, -1)
        if not np.isfinite(phi).all():
            return None
        block = np.concatenate([phi, y[k : k + rows].reshape(1, -1)]).T
        factor = np.linalg.qr(np.concatenate([factor, block]), mode="r")
    return factor


def _descend_factor(factor, learning_rate, flags, paths, course):
    """Descent where the error is R w - r, of the columns of the factor."""
    R, r = factor[:, :-1], factor[:, -1]
    adjoint = R.conj().T
    rates = learning_rate * np.array(flags, float)
    a, b, c = (path[:, 0] for path in paths)
    a[:] = a[0]
    steps = course.size - 1
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        for k in range(steps + 1):
            error = R @ (b[k] * c[k]) - r
            course[k] = 0.5 * np.vdot(error, error).real
            if k < steps:
                pull = adjoint @ error
                b[k + 1] = b[k] - rates[1] * (c[k].conj() * pull)
                c[k + 1] = c[k] - rates[2] * (b[k].conj() * pull)
    finite = np.isfinite(course)
    if not finite.all():
        _refuse_divergence(int(np.argmin(finite)), learning_rate, course)


def _descend(u, y, batches, learning_rate, flags, paths, course):
    from hippo_theory.learning import _fast

    rates = learning_rate * np.array(flags, float)
    a, b, c = paths
    broken = _fast.descend(u, y, batches, rates, a, b, c, course)
    if broken >= 0:
        _refuse_divergence(broken, learning_rate, course)


def _refuse_divergence(broken, learning_rate, course):
    raise np.linalg.LinAlgError(
        f"training diverged: the loss is {course[broken]:g} at step {broken}; "
        f"lower learning_rate = {learning_rate:g}"
    )


def _layers(name, value):
    value = np.atleast_1d(_check.double(name, as_poles(value)))
    _check.shape(name, value, (..., "N"))
    if value.ndim > 2 or value.size == 0:
        raise ValueError(f"{name} must have shape (N,) or (D, N), got {value.shape}")
    return value.reshape(-1, value.shape[-1])


def _batches(count, batch_size, steps, rng):
    if batch_size is None:
        return np.arange(count)[None]
    batch_size = _check.integer("batch_size", batch_size)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator with batch_size, got {rng!r}")
    return rng.integers(count, size=(steps + 1, batch_size))
