"""Laws of the room `lti`: responses, kernels, signals, discretizations and connections."""

import numpy as np

import hippo_theory as ht
from tests.measure import EPS, gap, law, refusable
from tests.oracle import Exact

SHORT, LENGTH, LONG = 12, 64, 1024  # samples that are compared


def length(row):
    return SHORT if "huge" in row.tags else LONG if "filter" in row.tags else LENGTH


def stability(row):
    """Against exact poles, and the tag of the row too."""
    return float(len({row.value.is_stable, "stable" in row.tags, row.exact.is_stable}) - 1)


# responses


def points(row) -> np.ndarray:
    """Where G is compared: on the boundary of stability near every pole, and off it."""
    z = boundary_and_off(row)
    z = z[np.abs(z[:, None] - row.exact.poles).min(axis=1, initial=np.inf) > 0]
    return z[:3] if "huge" in row.tags else z


def boundary_and_off(row):
    poles = row.exact.poles[:8]
    if row.value.dt is not None:
        return np.r_[np.exp(1j * np.r_[np.angle(poles), 0.0, 0.5, 2.0, np.pi]), 1.5, -1.2 + 0.5j]
    sizes = np.unique(np.abs(poles)[np.abs(poles) > 0])
    low, high = (sizes[0], sizes[-1]) if sizes.size else (1.0, 1.0)
    spread = 1j * np.array([0.0, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0]) * high
    return np.r_[1j * poles.imag + low / 8, spread, 1j * low, 1.5 * high]


def transfer_function(row):
    z = points(row)
    wanted = np.moveaxis(row.exact.transfer_function(z), 0, -1)
    return gap(
        ht.lti.transfer_function(row.value, z), wanted[0, 0] if row.exact.is_siso else wanted
    )


def rounded_once(row):
    """The error at each point over what one rounding of every entry of A, B and C costs there."""
    z = points(row)
    wanted = row.exact.transfer_function(z)
    got = np.asarray(ht.lti.transfer_function(row.value, z)).reshape(*wanted.shape[1:], -1)
    cost = 32 * max(row.exact.n, 1) * EPS * row.exact.sensitivity(z)
    error = np.abs(np.moveaxis(got, -1, 0) - wanted)
    return float(np.max(error / np.maximum(cost, 1e-300), initial=0.0))


# kernels and signals


def as_kernel(exact, h):
    """(L, p, m) in the shape of the package, (L,) or (p, m, L)."""
    h = h[:, 0, 0] if exact.is_siso else np.moveaxis(h, 0, -1)
    return h.real if exact.is_real else h


def markov_parameters(row):
    L = length(row)
    wanted = as_kernel(row.exact, row.exact.markov_parameters(L))
    return gap(
        ht.lti.markov_parameters(row.value, L),
        wanted,
    )


def kernel_by(method):
    def residual(row):
        L = length(row)
        wanted = as_kernel(row.exact, row.exact.markov_parameters(L))
        return gap(ht.lti.kernel(row.value, L, method=method), wanted)

    return residual


def layer_kernel(row):
    """K_k = C A^k B, and D more at 0."""
    h = row.exact.markov_parameters(LENGTH + 1)
    wanted = h[1:].copy()
    wanted[0] += h[0]
    return gap(ht.lti.kernel(ht.lti.layer(row.value), LENGTH), as_kernel(row.exact, wanted))


def signals(row, L):
    """A square wave and an impulse for every input, (m, L)."""
    u = np.sign(np.sin(0.7 * np.arange(L))) + np.eye(L)[0]
    return np.array([np.roll(u, k) for k in range(row.exact.m)])


def convolved(row, u):
    """y (p, L) as the literal sum over exact Markov parameters."""
    L = u.shape[1]
    h = row.exact.markov_parameters(L)
    parts = [np.apply_along_axis(np.convolve, 0, h[:, :, j], u[j])[:L] for j in range(len(u))]
    y = np.sum(parts, axis=0).T
    return y.real if row.exact.is_real else y


def simulate_by(method, *, batch=0):
    """One signal or many copies of it."""

    def residual(row):
        u = signals(row, length(row))
        wanted = convolved(row, u)
        u, wanted = (u[0], wanted[0]) if row.exact.is_siso else (u, wanted)
        if batch:
            u, wanted = (np.broadcast_to(a, (batch, *a.shape)) for a in (u, wanted))
        return gap(ht.lti.simulate(row.value, u, method=method), wanted)

    return residual


def convolution(row):
    L = length(row)
    u, h = signals(row, L), as_kernel(row.exact, row.exact.markov_parameters(L))
    wanted = convolved(row, u)
    if row.exact.is_siso:
        return gap(ht.lti.convolve(h, u[0]), wanted[0])
    return gap(ht.lti.convolve(h, u, multichannel=True), wanted)


def start(row):
    n = row.value.state_dim
    x = np.cos(np.arange(n) + 1.0)
    return x if row.exact.is_real else x + 1j * np.sin(np.arange(n))


def from_a_state(row):
    """Outputs and states from an initial state without input: C A^k x and A^k x."""
    u = np.zeros((row.exact.m, SHORT))
    u = u[0] if row.exact.is_siso else u
    x0 = start(row)
    y, x = ht.lti.simulate(row.value, u, initial_state=x0, states=True)
    states, outputs = row.exact.free(x0, SHORT)
    outputs = outputs[:, 0] if row.exact.is_siso else outputs.T
    wanted = (a.real if row.exact.is_real else a for a in (states, outputs))
    return max(gap(got, a) for got, a in zip((x, y), wanted, strict=True))


def steps(row):
    """One step after another: states and outputs of a driven recurrence from a state."""
    u, x = signals(row, 5), start(row)
    states, outputs = row.exact.driven(x, u)
    worst = 0.0
    for k in range(5):
        worst = max(worst, gap(x, real(row, states[k])))
        x, y = ht.lti.step(row.value, x, u[0, k] if row.exact.is_siso else u[:, k])
        wanted = real(row, outputs[k])
        worst = max(worst, gap(y, wanted[0] if row.exact.is_siso else wanted))
    return worst


def real(row, values):
    return values.real if row.exact.is_real else values


# discretization


def time_step(row):
    """In the middle of the system's time scales, so that stiff ones are stiff."""
    sizes = np.abs(row.exact.poles)
    sizes = sizes[sizes > 0]
    return float(2.0 ** np.round(-np.log2(sizes).mean())) if sizes.size else 1.0


def discretize_by(scheme, alpha=None):
    options = {} if alpha is None else {"alpha": alpha}

    def residual(row):
        dt = time_step(row)
        value = ht.lti.discretize(row.value, dt, scheme, **options)
        wanted = row.exact.discretized(dt, scheme, alpha).markov_parameters(SHORT)
        return gap(Exact(value).markov_parameters(SHORT), wanted)

    return residual


def kernel_of_continuous(scheme):
    def residual(row):
        dt = time_step(row)
        wanted = row.exact.discretized(dt, scheme, None).markov_parameters(LENGTH)
        got = ht.lti.kernel(row.value, LENGTH, dt=dt, scheme=scheme)
        return gap(got, as_kernel(row.exact, wanted))

    return residual


# forms and connections


def keeps_the_map(transform):
    def residual(row):
        z = row.exact.elsewhere
        return gap(Exact(transform(row.value)).transfer_function(z), row.exact.transfer_function(z))

    return residual


def units(value):
    """The same system with states in other units, 2^-20 to 2^20."""
    return ht.lti.similarity(value, 2.0 ** np.round(20 * np.cos(np.arange(value.state_dim))))


def other_coordinates(row):
    """The error over one rounding of T A T^-1, in the norms of its factors."""
    n, z = row.exact.n, row.exact.elsewhere
    T = np.eye(n) + 0.3 * np.cos(np.arange(n * n)).reshape(n, n) / max(n, 1)
    found = Exact(ht.lti.similarity(row.value, T)).transfer_function(z)
    cost = 32 * max(n, 1) * EPS * row.exact.normwise(z)
    return gap(found, row.exact.transfer_function(z), 1.0) / cost


def through_scipy(value):
    return ht.lti.from_scipy(ht.lti.to_scipy(value))


def combined(value, wanted, row):
    G, z = row.exact.transfer_function(row.exact.elsewhere), row.exact.elsewhere
    return gap(Exact(value).transfer_function(z), wanted(G))


def parallel(row):
    return combined(row.value + row.value, lambda G: 2 * G, row)


def difference(row):
    return combined(3.0 * row.value - row.value, lambda G: 2 * G, row)


def series(row):
    return combined(row.value @ row.value, lambda G: G @ G, row)


def split(row):
    """The parts add up to the system, one is stable and the other has no stable pole."""
    stable, rest = ht.lti.split_stable(row.value)
    parts = Exact(stable), Exact(rest)
    z = row.exact.elsewhere
    total = parts[0].transfer_function(z) + parts[1].transfer_function(z)
    decays = parts[1].poles.real < 0 if row.value.dt is None else np.abs(parts[1].poles) < 1
    wrong = not parts[0].is_stable or bool(decays.any()) or ("stable" in row.tags and len(decays))
    return gap(total, row.exact.transfer_function(z)) + float(bool(wrong))


def minimal(row):
    """The map stays, and as many states as there are singular values above rounding."""
    value = ht.lti.minimal_realization(row.value)
    sigma, n = row.exact.singular_values, Exact(value).n
    most = int((sigma > 1e-14 * sigma.max(initial=0.0)).sum())
    z = row.exact.elsewhere
    moved = gap(Exact(value).transfer_function(z), row.exact.transfer_function(z))
    return max(moved, float(n > most if "hidden" in row.tags else n > row.exact.n))


def kernel_vjp(row):
    """Re sum conj(gradient) d is the derivative of the loss along d, by a quotient at 600 bits."""
    value, L = row.value, LENGTH
    g = np.cos(np.arange(L) * 1.3) + (0 if value.conjugate else 0.5j * np.sin(np.arange(L)))
    p, m = row.exact.p, row.exact.m
    weights = np.cos(np.arange(p * m)).reshape(p, m)[..., None] * g
    gradient = ht.lti.kernel_vjp(value, weights[0, 0] if row.exact.is_siso else weights)
    worst = 0.0
    for name in ("poles", "B", "C"):
        data = np.asarray(getattr(value, name))
        phase = 1j if np.iscomplexobj(data) else 0.0
        d = np.cos(np.arange(data.size) + 0.5).reshape(data.shape) * (1 + phase)
        got = np.sum(np.conj(getattr(gradient, name)) * d).real
        change = row.exact.derivative(value, name, d, L)
        wanted = np.sum(np.conj(weights) * np.moveaxis(change, 0, -1)).real
        size = np.sum(np.abs(weights) * np.abs(np.moveaxis(change, 0, -1)))
        worst = max(worst, gap(got, wanted, max(size, 1e-300)))
    return worst


LAWS = (
    law("is_stable is that of exact poles", "lti.LTI", stability, 0.0),
    law(
        "transfer_function is the resolvent",
        "lti.transfer_function",
        refusable(transfer_function),
        1e-10,
    ),
    law(
        "transfer_function errs by one rounding",
        "lti.transfer_function",
        refusable(rounded_once),
        1.0,
        without="huge",
    ),
    law(
        "markov_parameters are C A^(k-1) B",
        "lti.markov_parameters",
        refusable(markov_parameters),
        1e-9,
        needs="discrete",
    ),
    law(
        "kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("auto")),
        1e-9,
        needs="discrete",
    ),
    law(
        "naive kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("naive")),
        1e-9,
        needs="discrete",
    ),
    law(
        "krylov kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("krylov")),
        1e-9,
        needs="discrete",
    ),
    law(
        "s4 kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("s4")),
        1e-9,
        needs="discrete",
        without="diagonal",
    ),
    law(
        "vandermonde kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("vandermonde")),
        1e-9,
        needs="discrete, diagonal",
    ),
    law(
        "the layer's kernel is C A^k B",
        "lti.layer lti.kernel",
        refusable(layer_kernel),
        1e-9,
        needs="discrete",
    ),
    law(
        "simulate is the recurrence",
        "lti.simulate",
        refusable(simulate_by("auto")),
        1e-9,
        needs="discrete",
    ),
    law(
        "simulate of 32 signals is the recurrence",
        "lti.simulate",
        refusable(simulate_by("auto", batch=32)),
        1e-9,
        needs="discrete",
    ),
    law(
        "scan is the recurrence",
        "lti.simulate",
        refusable(simulate_by("scan")),
        1e-9,
        needs="discrete",
    ),
    law(
        "chunked simulation is the recurrence",
        "lti.simulate",
        refusable(simulate_by("chunked")),
        1e-9,
        needs="discrete",
    ),
    law(
        "fft simulation is the recurrence",
        "lti.simulate",
        refusable(simulate_by("fft")),
        1e-9,
        needs="discrete",
    ),
    law(
        "convolve is the sum over the past",
        "lti.convolve",
        convolution,
        1e-12,
        needs="discrete, stable",
    ),
    law(
        "simulate starts from a state",
        "lti.simulate",
        from_a_state,
        1e-11,
        needs="discrete, listed, states",
    ),
    law("step follows the recurrence", "lti.step", steps, 1e-12, needs="discrete, listed, states"),
    *(
        law(
            f"{scheme} is its definition",
            "lti.discretize",
            refusable(discretize_by(scheme, alpha)),
            1e-10,
            needs="continuous",
            without="huge",
        )
        for scheme, alpha in (
            ("forward_euler", None),
            ("backward_euler", None),
            ("bilinear", None),
            ("zoh", None),
            ("foh", None),
            ("generalized_bilinear", 0.6),
        )
    ),
    law(
        "kernel of bilinear is that of the definition",
        "lti.kernel",
        refusable(kernel_of_continuous("bilinear")),
        1e-9,
        needs="continuous, stable",
        without="huge",
    ),
    law(
        "kernel of zoh is that of the definition",
        "lti.kernel",
        refusable(kernel_of_continuous("zoh")),
        1e-9,
        needs="continuous, stable",
        without="huge",
    ),
    law("dense keeps the map", "lti.dense", keeps_the_map(ht.lti.dense), 1e-13, without="huge"),
    law("expand keeps the map", "lti.expand", keeps_the_map(ht.lti.expand), 1e-13, without="huge"),
    law(
        "units of states keep the map",
        "lti.similarity",
        keeps_the_map(units),
        1e-14,
        without="huge",
    ),
    law("similarity keeps the map", "lti.similarity", other_coordinates, 1.0, without="huge, zero"),
    law(
        "scipy's form keeps the map",
        "lti.to_scipy lti.from_scipy",
        keeps_the_map(through_scipy),
        1e-13,
        without="huge",
    ),
    law("parallel adds", "lti.LTI", parallel, 1e-13, without="huge"),
    law("differences subtract", "lti.LTI", difference, 1e-13, without="huge"),
    law("series multiplies", "lti.LTI", series, 1e-12, needs="square", without="huge"),
    law("stable part and rest add up", "lti.split_stable", split, 1e-6, without="huge, units"),
    law(
        "minimal realizations keep the map",
        "lti.minimal_realization",
        minimal,
        1e-9,
        needs="stable, small",
    ),
    law(
        "kernel_vjp is the derivative",
        "lti.kernel_vjp",
        kernel_vjp,
        1e-10,
        needs="discrete, diagonal, states, stable",
    ),
)
