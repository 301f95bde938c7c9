"""Array in, same library, device and dtype out; what needs NumPy says so of every argument."""

import inspect
from types import ModuleType

import numpy as np
import pytest

import hippo_theory as ht

convergence, hankel, learning = ht.convergence, ht.hankel, ht.learning
legs, lti, memory, hope = ht.legs, ht.lti, ht.memory, ht.hankel.hope
cascade, inputs, szego = lti.cascade, legs.inputs, lti.szego

T, V, W = np.linspace(0, 1, 9), np.array([0.5, -0.25, 0.125]), np.array([0.7, 0.4, -0.3])
U = np.cos(5 * T)
LAYER = ht.DiagonalLTI(V, np.ones(3), np.ones(3), dt=1.0)
F = inputs.cosine(6.0)
SOLUTION = legs.solve(U, T, 3)
STATS = learning.statistics(U, U, V)
PATH = learning.flow(STATS, V, W, T)
PAIRS = ht.DiagonalLTI(V + 0.5j, np.ones(3), np.ones(3), dt=1.0, conjugate=True)
RATES = {"sigma": 1.0, "eta": 0.5}

# of each door a call whose arrays pass through `a`, which carries them to a library
ANY: dict = {
    "hankel.hope.frequency_response": lambda a: hope.frequency_response(a(V), 9, 0.5),
    "hankel.hope.kernel": lambda a: hope.kernel(a(V), 9, 0.5),
    "hankel.hope.simulate": lambda a: hope.simulate(a(V), a(U), 0.5),
    "legs.energy_error": lambda a: legs.energy_error(a(U), legs.solve(a(U), T, 3)),
    "legs.reconstruct": lambda a: legs.reconstruct(a(V), 1.0, T),
    "legs.reconstruct of a solution": lambda a: legs.reconstruct(legs.solve(a(U), T, 3), T),
    "legs.solve": lambda a: legs.solve(a(U), T, 3).coefficients,
    "legs.solve for a final state": lambda a: legs.solve(a(U), T, 3, store="final"),
    "legs.solve from a state": lambda a: legs.solve(a(U), T + 1, 3, initial=a(V)).coefficients,
    "legs.solve by a hold": lambda a: legs.solve(a(U), T, 3, scheme="hold3").coefficients,
    "legs.step": lambda a: legs.step(a(V), 1.0, 1.5, a(U[0]), a(U[1])),
    "lti.convolve": lambda a: lti.convolve(a(V), a(U)),
    "lti.kernel": lambda a: lti.kernel(LAYER, 9, **a.there),
    "lti.kernel by products": lambda a: lti.kernel(LAYER, 9, method="vandermonde", **a.there),
    "lti.kernel_vjp": lambda a: lti.kernel_vjp(LAYER, a(U)).poles,
    "lti.simulate": lambda a: lti.simulate(LAYER, a(U)),
    "lti.simulate by FFT": lambda a: lti.simulate(LAYER, a(U), method="fft"),
    "lti.simulate states": lambda a: lti.simulate(LAYER, a(U), a(V), states=True)[1],
    "lti.final_state": lambda a: lti.final_state(LAYER, a(U), a(V)),
    "lti.step": lambda a: lti.step(LAYER, a(V), a(U[0]))[0],
    "lti.step's output": lambda a: lti.step(LAYER, a(V), a(U[0]))[1],
    "lti.transfer_function": lambda a: lti.transfer_function(LAYER, a(T + 1)),
    "memory.capacity": lambda a: memory.capacity(LAYER, 9, method="fft", **a.there),
    "memory.capacity of poles": lambda a: memory.capacity(a(V), 9, method="fft"),
    "memory.reconstruct": lambda a: memory.reconstruct(a(V), W, 5),
    "memory.reconstruct from conjugates": lambda a: memory.reconstruct(a(V + 1j * W), PAIRS, 5),
}
HOST: dict = {
    "convergence.envelope": lambda a: convergence.envelope(
        a(2.0 ** np.arange(4)), a(V[0] ** T[:4])
    ),
    "convergence.observed_order": lambda a: convergence.observed_order(
        a(2.0 ** np.arange(4)), a(0.5 ** np.arange(4))
    ),
    "hankel.epsilon_rank": lambda a: hankel.epsilon_rank(a(np.array([1.0, 0.1])), 0.5),
    "hankel.hankel_matrix": lambda a: hankel.hankel_matrix(a(V)),
    "hankel.hankel_product": lambda a: hankel.hankel_product(a(V), a(W)),
    "hankel.ho_kalman": lambda a: hankel.ho_kalman(a(0.5 ** np.arange(9.0)), 1),
    "hankel.hope.to_lti": lambda a: hope.to_lti(a(V), 0.5),
    "hankel.markov_perturbation_bound": lambda a: hankel.markov_perturbation_bound(a(V)),
    "hankel.markov_singular_values": lambda a: hankel.markov_singular_values(a(V)),
    "hankel.pole_perturbation_bound": lambda a: hankel.pole_perturbation_bound(LAYER, a(1e-3 * V)),
    "learning.deep_gain": lambda a: learning.deep_gain(a(T), 0.1, 3, **RATES),
    "learning.deep_time": lambda a: learning.deep_time(a(W[:2]), 0.1, 3, **RATES),
    "learning.edge_correction": lambda a: learning.edge_correction(a(U), a(U), a(V)),
    "learning.edge_gap": lambda a: learning.edge_gap(a(V), 9),
    "learning.factors": lambda a: learning.factors(a(T), a(V), a(W), **RATES),
    "learning.flow": lambda a: learning.flow(STATS, a(V), a(W), a(T)),
    "learning.flow_limit": lambda a: learning.flow_limit(STATS, a(V), a(W)),
    "learning.frequency_error": lambda a: learning.frequency_error(PATH, a(V)),
    "learning.gain": lambda a: learning.gain(a(T), 0.1, 1.0, **RATES),
    "learning.gain_steps": lambda a: learning.gain_steps(a(V), a(W), 1.0, 1.0, 0.1, 3),
    "learning.gradient_descent": lambda a: learning.gradient_descent(
        a(U), a(U), a(V), a(V), a(W), 0.01, 3
    ),
    "learning.imbalance": lambda a: learning.imbalance(a(V), a(W)),
    "learning.invariants": lambda a: learning.invariants(a(V), a(V), a(W)),
    "learning.learning_rate_limit": lambda a: learning.learning_rate_limit(STATS, a(V), a(W)),
    "learning.loss": lambda a: learning.loss(STATS, a(V)),
    "learning.matrix_gain": lambda a: learning.matrix_gain(
        a(T), a(0.1 * np.eye(2)), a(0.1 * np.eye(2)), a(np.diag([2.0, 1.0])), 1.0
    ),
    "learning.modified_time": lambda a: learning.modified_time(
        a(W[:2]), 0.1, **RATES, learning_rate=0.01
    ),
    "learning.pole_flow": lambda a: learning.pole_flow(a(T), 0.5, 0.9, 1.0),
    "learning.pole_loss": lambda a: learning.pole_loss(a(V), 0.9, 1.0),
    "learning.pole_path": lambda a: learning.pole_path(a(T), 0.5, 0.9, 1.0),
    "learning.population_statistics": lambda a: learning.population_statistics(a(V), a(W), a(V)),
    "learning.rate": lambda a: learning.rate(a(V), a(W), **RATES),
    "learning.sgd_limit": lambda a: learning.sgd_limit(a(V**2), a(V**2)),
    "learning.sgd_variance": lambda a: learning.sgd_variance(a(V**2), 1.0, 1.0, 1.0),
    "learning.spectral_statistics": lambda a: learning.spectral_statistics(
        a(T + 1), a(U), a(V), 9.0
    ),
    "learning.statistics": lambda a: learning.statistics(a(U), a(U), a(V)),
    "learning.steps_at_limit": lambda a: learning.steps_at_limit(a(W[:2]), 0.2, 0.2, **RATES),
    "learning.time_to": lambda a: learning.time_to(a(W[:2]), 0.2, 0.2, **RATES),
    "legs.apply": lambda a: legs.apply(a(V)),
    "legs.backward_growth": lambda a: legs.backward_growth(a(V), 1.0, a(T[1:])),
    "legs.error_budget": lambda a: legs.error_budget(F, SOLUTION),
    "legs.growth_exponent": lambda a: legs.growth_exponent(a(V)),
    "legs.homogeneous_solution": lambda a: legs.homogeneous_solution(a(V), 1.0, a(T[1:])),
    "legs.initial_derivatives": lambda a: legs.initial_derivatives(a(V), 3),
    "legs.inputs.from_samples": lambda a: inputs.from_samples(a(T), a(U)),
    "legs.inputs.piecewise_polynomial": lambda a: inputs.piecewise_polynomial(
        a(T[::4]), a(np.ones((2, 2)))
    ),
    "legs.log_chirp_orbit": lambda a: legs.log_chirp_orbit(2.0, 3, a(T)),
    "legs.solve_shifted": lambda a: legs.solve_shifted(0.1, a(V)),
    "legs.solve_with_energy": lambda a: legs.solve_with_energy(a(U), a(T), 3),
    "legs.step_doubling_estimate": lambda a: legs.step_doubling_estimate(a(U), a(T), 3),
    "legs.transfer_function": lambda a: legs.transfer_function(a(T), 3),
    "lti.DPLR": lambda a: lti.DPLR(a(V), a(V), a(V), a(V), a(V)),
    "lti.DiagonalLTI": lambda a: ht.DiagonalLTI(a(V), a(V), a(V)),
    "lti.LTI": lambda a: ht.LTI(a(np.diag(V)), a(V), a(V)),
    "lti.cascade.allpass_coefficients": lambda a: cascade.allpass_coefficients(a(V), 4),
    "lti.cascade.energy": lambda a: cascade.energy(a(V), 4),
    "lti.cascade.impulse_response": lambda a: cascade.impulse_response(a(V), 4),
    "lti.cascade.matrices": lambda a: cascade.matrices(a(V)),
    "lti.cascade.readout": lambda a: cascade.readout(a(V), a(U), state_weights=a(V)),
    "lti.cascade.states": lambda a: cascade.states(a(V), a(U), initial_state=a(V)),
    "lti.discretize": lambda a: lti.discretize(
        ht.DiagonalLTI(-(W[:2, None] ** 2), np.ones(1), np.ones(1)), a(V[::2])
    ),
    "lti.family": lambda a: lti.family("legs", 3, C=a(V)),
    "lti.similarity": lambda a: lti.similarity(lti.dense(LAYER), a(np.eye(3) + 1)),
    "lti.spectrum": lambda a: lti.spectrum(a(V)),
    "lti.szego.generator_cholesky": lambda a: szego.generator_cholesky(a(V)),
    "lti.szego.gram": lambda a: szego.gram(a(V)),
    "lti.szego.log10_condition_bounds": lambda a: szego.log10_condition_bounds(a(V)),
    "lti.szego.log_determinant": lambda a: szego.log_determinant(a(V)),
    "lti.szego.log_separations": lambda a: szego.log_separations(a(V)),
    "lti.szego.triangular_factor": lambda a: szego.triangular_factor(a(V)),
    "memory.bandwidth": lambda a: memory.bandwidth(a(V), a(np.arange(3))),
    "memory.best_gradient": lambda a: memory.best_gradient(a(np.arange(1, 4))),
    "memory.best_radius": lambda a: memory.best_radius(a(np.arange(1, 4))),
    "memory.capacity_ceiling": lambda a: memory.capacity_ceiling(3, a(np.arange(3))),
    "memory.cycle_capacity": lambda a: memory.cycle_capacity(3, 0.9, a(np.arange(3))),
    "memory.design_poles": lambda a: memory.design_poles(a(memory.capacity(V, 9))),
    "memory.effective_dimension": lambda a: memory.effective_dimension(a(V), noise=0.1),
    "memory.estimate_capacity": lambda a: memory.estimate_capacity(
        a(np.random.default_rng(0).standard_normal((99, 3))),
        a(np.random.default_rng(1).standard_normal(99)),
        3,
    ),
    "memory.fisher_memory": lambda a: memory.fisher_memory(a(V), 4),
    "memory.fisher_total": lambda a: memory.fisher_total(a(V)),
    "memory.gautschi_bounds": lambda a: memory.gautschi_bounds(a(V)),
    "memory.gradient_norms": lambda a: memory.gradient_norms(a(V), a(np.arange(3))),
    "memory.gram_log10_condition": lambda a: memory.gram_log10_condition(a(V)),
    "memory.group_delay": lambda a: memory.group_delay(a(V), a(T)),
    "memory.horizon": lambda a: memory.horizon(a(V)),
    "memory.lag_distribution": lambda a: memory.lag_distribution(a(V), 4),
    "memory.lag_variance": lambda a: memory.lag_variance(a(V)),
    "memory.large_sieve_bound": lambda a: memory.large_sieve_bound(
        a(np.exp(2j * np.pi * T[:5])), 9
    ),
    "memory.noisy_capacity": lambda a: memory.noisy_capacity(a(V), 4, noise=0.1),
    "memory.noisy_capacity_bound": lambda a: memory.noisy_capacity_bound(3, a(np.arange(3)), 0.1),
    "memory.orthonormal_realization": lambda a: memory.orthonormal_realization(a(V)),
    "memory.rounding_noise": lambda a: memory.rounding_noise(a(V), "float32"),
    "memory.s4d_lin_capacity": lambda a: memory.s4d_lin_capacity(3, 0.1, a(np.arange(3))),
    "memory.simulate_rounded": lambda a: memory.simulate_rounded(
        ht.DiagonalLTI(V, V, V, dt=1.0), a(U)
    ),
    "memory.state_information": lambda a: memory.state_information(a(V), noise=0.1),
    "memory.vandermonde_log10_condition": lambda a: memory.vandermonde_log10_condition(a(V), 9),
}

CPU: dict = {  # parameters of checkpoints, which are copied from any library on the CPU
    "lti.from_lru": lambda a: lti.from_lru(
        a(V), a(V), a(V), *(a(m) for m in np.ones((2, 3, 2))), *(a(m) for m in np.ones((2, 2, 3)))
    ),
    "lti.from_s4d": lambda a: lti.from_s4d(a(V[:1]), a(V[None]), a(V[None]), a(np.ones((1, 3, 2)))),
    "lti.from_s5": lambda a: lti.from_s5(
        a(-(W**2)), a(V), a(np.ones((3, 2, 2))), a(np.ones((2, 3, 2))), a(V[:2]), a(V[:, None])
    ),
    "lti.from_s4": lambda a: lti.from_s4(
        a(V[:1]), a(V[None]), a(V[None]), *(a(m) for m in np.ones((3, 1, 1, 3, 2))), a(V[:1, None])
    )[0],
    "lti.from_hope": lambda a: lti.from_hope(a(V), a(np.ones((3, 2, 2))), a(V))[0],
    "lti.to_s4d": lambda a: lti.from_s4d(**lti.to_s4d(LAYER, a(V[:1] ** 2))),
    "lti.to_s5": lambda a: lti.from_s5(**lti.to_s5(LAYER, a(V**2))),
}


class Carry:
    """Carries arrays to a library in a precision: all of them, the one of an index, or none."""

    def __init__(self, library=None, dtype="float64", only=None):
        self.library, self.only, self.count = library, only, 0
        self.names = {"f": dtype, "c": np.result_type(dtype, np.complex64).name}
        self.there = {"dtype": dtype}
        if library and library.xp is not np:
            self.there |= {"xp": library.xp, "device": library.device}

    def __call__(self, values):
        values = np.asarray(values)
        self.count += 1
        if self.library is None or self.only not in (None, self.count - 1):
            return values
        return self.library.array(values, self.names.get(values.dtype.kind, self.names["f"]))


def public(module, path):
    """(path, function) of a room and of the rooms in it."""
    for name in getattr(module, "__all__", [n for n in vars(module) if n[0] != "_"]):
        member, where = getattr(module, name), f"{path}.{name}"
        if isinstance(member, ModuleType) and member.__name__.startswith(module.__name__):
            yield from public(member, where)
        elif inspect.isfunction(member) and member.__module__.startswith(module.__name__):
            yield where, member


ROOMS = ("convergence", "legs", "lti", "hankel", "learning", "memory")
DOORS = dict(pair for room in ROOMS for pair in public(getattr(ht, room), room))


def test_arrays_come_back_as_they_went_in(xp):
    for door, call in ANY.items():
        expected = call(Carry())
        # NumPy's signals are promoted with systems, whose arrays are NumPy's in double precision
        promoted = xp.xp is np and door.startswith(("lti.", "memory."))
        for dtype in {xp.dtype} if promoted else {xp.dtype, "float32"}:
            value = xp.host(call(Carry(xp, dtype)), dtype)
            allowed = 1e3 * np.finfo(dtype).eps * abs(expected).max()
            assert abs(value - expected).max() <= allowed, door


@pytest.mark.parametrize("door", HOST)
def test_what_needs_numpy_refuses_arrays_of_other_libraries(strict, door):
    HOST[door](count := Carry())
    for k in range(count.count):
        with pytest.raises(TypeError, match=r"must be a NumPy array, got .*; copy it to the host"):
            HOST[door](Carry(strict, strict.dtype, only=k))


@pytest.mark.parametrize("door", CPU)
def test_parameters_are_read_from_tensors_on_the_cpu(strict, door):
    same = lti.kernel(CPU[door](Carry(strict, strict.dtype)), 5)
    np.testing.assert_array_equal(same, lti.kernel(CPU[door](Carry()), 5))
    elsewhere = strict.xp.asarray(V[:1], device=strict.xp.Device("device1"))
    with pytest.raises(TypeError, match=r"must be a NumPy array, got .*; copy it to the host"):
        CPU[door](lambda values: elsewhere)


def test_every_function_of_arrays_is_in_one_of_the_tables():
    known = {name.partition(" ")[0].removesuffix("'s") for name in ANY} | set(HOST) | set(CPU)
    for door, function in DOORS.items():
        parameters = (inspect.getdoc(function) or "").partition("Returns\n---")[0]
        assert "array_like" not in parameters or door in known, door
