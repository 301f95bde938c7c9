"""One valid, cheap call of every public function, for the sweeps over all doors.

A new public function needs a line here: its name below `hippo_theory` and its arguments.
"""
# ruff: noqa: C408 - keywords read as a call does

import inspect

import numpy as np

import hippo_theory as ht

ROOMS = {
    "legs": ht.legs,
    "legs.inputs": ht.legs.inputs,
    "legs.symbolic": ht.legs.symbolic,
    "lti": ht.lti,
    "lti.cascade": ht.lti.cascade,
    "lti.szego": ht.lti.szego,
    "hankel": ht.hankel,
    "hankel.hope": ht.hankel.hope,
    "memory": ht.memory,
    "learning": ht.learning,
    "convergence": ht.convergence,
}

POLES = [0.5, -0.3]
T = np.linspace(0.0, 1.0, 9)
F = np.array([0.0, 0.3, 0.5, 0.4, 0.1, -0.2, -0.3, -0.1, 0.2])
H = np.array([1.0, 0.5, 0.25, 0.125, 0.0625])
WAVE = ht.legs.inputs.cosine(3.0)
SOLUTION = ht.legs.solve(F, T, 3)
HELD = ht.legs.solve(WAVE, T, 3, scheme="foh")
STILL = ht.LTI([[-1.0, 0.5], [0.0, -2.0]], [1.0, 1.0], [1.0, 2.0])
SYSTEM = ht.LTI([[0.5, 0.2], [0.1, -0.3]], [1.0, 1.0], [1.0, 2.0], dt=1.0)
SPACE = ht.lti.to_scipy(STILL)
MIMO = ht.LTI([[0.5, 0.2], [0.1, -0.3]], np.eye(2), np.eye(2), dt=1.0)
DIAGONAL = ht.DiagonalLTI(POLES, [1.0, 1.0], [1.0, 2.0], dt=1.0)
DIAGONAL_LAYER = ht.lti.layer(DIAGONAL)
PAIRED_LAYER = ht.lti.layer(
    ht.DiagonalLTI([0.5 + 0.3j, -0.4 + 0.2j], [1.0, 1.0], [1.0, 2.0], dt=1.0, conjugate=True)
)
STILL_DIAGONAL = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 2.0])
U, Y = F[:8], np.array([0.1, 0.2, -0.1, 0.3, 0.5, 0.2, 0.1, -0.2])
STATS = ht.learning.statistics(U, Y, POLES)
STATES = np.array([[1.0, 0.2], [0.5, -0.3], [0.1, 0.4], [-0.6, 0.5], [0.3, -0.9], [0.2, 0.7]])
PAIRS = np.stack([np.eye(2), np.zeros((2, 2))], axis=-1)
CHECKPOINT = {"log_dt": [-2.0], "log_A_real": [[0.0]], "A_imag": [[1.0]], "C": [[[1.0, 0.0]]]}
START = {"b0": [0.1, 0.2], "c0": [0.2, 0.1]}
PATH = ht.learning.flow(STATS, [0.1, 0.2], [0.2, 0.1], T)
GAIN = {"sigma": 1.0, "eta": 2.0}

CALLS = {
    "legs.apply": dict(c=[1.0, 2.0, 3.0]),
    "legs.backward_growth": dict(v=[1.0, 2.0], t=1.0, s=[0.5, 0.1]),
    "legs.energy_error": dict(f_values=F, solution=SOLUTION),
    "legs.error_budget": dict(f=WAVE, solution=HELD),
    "legs.growth_exponent": dict(v=[1.0, 2.0]),
    "legs.homogeneous_mode": dict(k=1, N=3),
    "legs.homogeneous_solution": dict(v=[1.0, 2.0], t=1.0, s=[0.5, 0.1]),
    "legs.initial_derivatives": dict(f_derivatives=[1.0, 2.0], N=3),
    "legs.input_error_bound": dict(f=WAVE, solution=HELD),
    "legs.log_chirp_orbit": dict(omega=1.0, N=3, phase=[0.0, 1.0]),
    "legs.matrices": dict(N=3),
    "legs.propagator": dict(r=0.5, N=3),
    "legs.reconstruct": dict(state=[1.0, 2.0], t=1.0, s=[0.5, 0.1]),
    "legs.solve": dict(f=F, t=T, N=3, scheme="midpoint", samples="values", store="all"),
    "legs.solve_shifted": dict(alpha=0.1, v=[1.0, 2.0]),
    "legs.solve_with_energy": dict(f=F, t=T, N=3, scheme="foh"),
    "legs.step": dict(c=[1.0, 2.0], t0=0.5, t1=0.6, f0=1.0, f1=1.1, scheme="midpoint"),
    "legs.step_doubling_estimate": dict(f=F, t=T, N=3, scheme="midpoint"),
    "legs.transfer_function": dict(s=[1.0, 2.0j], N=3),
    "legs.inputs.cosine": dict(omega=3.0, phase=0.1),
    "legs.inputs.dirichlet": {},
    "legs.inputs.exponential": dict(rate=-1.0),
    "legs.inputs.from_samples": dict(t=T, values=F),
    "legs.inputs.log_chirp": dict(omega=3.0),
    "legs.inputs.monomial": dict(p=0.5),
    "legs.inputs.piecewise_polynomial": dict(breaks=[0.0, 0.5, 1.0], coefficients=[[1.0, 2.0]]),
    "legs.inputs.power_singularity": dict(a=0.3, p=0.5),
    "legs.inputs.ramp": dict(a=0.3),
    "legs.inputs.rational_neighbourhood": dict(denominators=[4], measure=0.1),
    "legs.inputs.read_fraction": dict(x=0.25),
    "legs.inputs.sine": dict(omega=3.0, phase=0.1),
    "legs.inputs.step": dict(a=0.3, at_jump=1.0),
    "legs.inputs.thomae": {},
    "legs.inputs.weierstrass": dict(alpha=0.5, b=2, terms=None),
    "legs.symbolic.identities": dict(N=2),
    "legs.symbolic.matrices": dict(N=2),
    "legs.symbolic.modes": dict(N=2),
    "legs.symbolic.propagator": dict(r=0.5, N=2),
    "legs.symbolic.transfer_function": dict(s=0.5, N=2),
    "lti.continuous": dict(system=DIAGONAL_LAYER, scheme="bilinear", layer=True),
    "lti.resample": dict(layer=DIAGONAL_LAYER, factor=2.0, scheme="bilinear"),
    "lti.convolve": dict(kernel=H, u=F, multichannel=None),
    "lti.dense": dict(system=DIAGONAL),
    "lti.discretize": dict(system=STILL, dt=0.1, scheme="bilinear", layer=False, alpha=None),
    "lti.expand": dict(system=DIAGONAL),
    "lti.family": dict(name="legs", N=3, C=None, rng=None, form=None),
    "lti.from_hope": dict(log_dt=[-1.0], H=[[[1.0, 0.0], [0.5, 0.0]]], D=0.0),
    "lti.from_s4": dict(
        inv_dt=[-2.0], A_real=[[0.0]], A_imag=[[1.0]], B=[[[[1.0, 0.0]]]], C=[[[[1.0, 0.5]]]],
        P=[[[[0.5, 0.0]]]], D=0.0, l_kernel=8, sign=-1, transforms=("exp", "none", "exp"),
    ),
    "lti.from_state_dict": dict(mapping=CHECKPOINT, kind="s4d", prefix=""),
    "lti.from_lru": dict(
        nu_log=[-2.0], theta_log=[0.0], gamma_log=[0.0], B_re=[[1.0]], B_im=[[1.0]], C_re=[[1.0]],
        C_im=[[1.0]], D=0.0,
    ),
    "lti.from_s4d": dict(
        log_dt=[-2.0], log_A_real=[[0.0]], A_imag=[[1.0]], C=[[[1.0, 0.0]]], D=0.0, B=None,
        scheme="zoh",
    ),
    "lti.from_s5": dict(
        Lambda_re=[-1.0, -2.0], Lambda_im=[1.0, 2.0], B=PAIRS, C=PAIRS, D=0.0,
        log_step=[-2.0, -2.0], scheme="zoh", conj_sym=True, clip_eigs=False, step_rescale=1.0,
    ),
    "lti.from_scipy": dict(statespace=SPACE),
    "lti.generalized_bilinear": dict(alpha=0.5),
    "lti.kernel": dict(
        system=STILL, L=5, dt=0.1, scheme="bilinear", layer=False, method="auto", dtype=None,
        device=None,
    ),
    "lti.kernel_vjp": dict(system=STILL_DIAGONAL, cotangent=H, dt=0.1, scheme="zoh", layer=False),
    "lti.layer": dict(system=SYSTEM),
    "lti.markov_parameters": dict(system=SYSTEM, L=5),
    "lti.matrices": dict(system=DIAGONAL),
    "lti.minimal_realization": dict(system=SYSTEM, tolerance=None),
    "lti.final_state": dict(system=SYSTEM, u=F, initial_state=[1.0, 0.0]),
    "lti.select": dict(system=MIMO, outputs=[0], inputs=[1]),
    "lti.split_stable": dict(system=SYSTEM),
    "lti.similarity": dict(system=SYSTEM, T=[[1.0, 0.5], [0.0, 1.0]]),
    "lti.simulate": dict(
        system=STILL, u=F, initial_state=[1.0, 0.0], states=False, method="auto", times=T,
        scheme="foh",
    ),
    "lti.spectrum": dict(poles_or_system=DIAGONAL),
    "lti.step": dict(system=SYSTEM, state=[1.0, 0.0], u=1.0),
    "lti.to_lru": dict(system=DIAGONAL),
    "lti.to_s4d": dict(system=DIAGONAL, dt=0.1, scheme="zoh"),
    "lti.to_s5": dict(system=DIAGONAL, step=0.1, scheme="zoh"),
    "lti.to_scipy": dict(system=SYSTEM),
    "lti.transfer_function": dict(system=SYSTEM, z=[1.0, 2.0]),
    "lti.cascade.allpass_coefficients": dict(poles=POLES, L=5, log_poles=None),
    "lti.cascade.energy": dict(poles=POLES, L=5, log_poles=None),
    "lti.cascade.impulse_response": dict(poles=POLES, L=5, log_poles=None),
    "lti.cascade.matrices": dict(poles=POLES, log_poles=None),
    "lti.cascade.readout": dict(
        poles=POLES, u=F, state_weights=[1.0, 2.0], tap_weights=[1.0, 2.0, 3.0],
        initial_state=[0.0, 1.0], log_poles=None,
    ),
    "lti.cascade.states": dict(poles=POLES, u=F, initial_state=[0.0, 1.0], log_poles=None),
    "lti.szego.generator_cholesky": dict(
        poles=POLES, weights=[1.0, 2.0], discrete=True, log_poles=None, pivoted=True,
        tolerance=0.0,
    ),
    "lti.szego.gram": dict(poles=POLES, discrete=True, log_poles=None, unit_diagonal=False),
    "lti.szego.log10_condition_bounds": dict(poles=POLES, discrete=True, log_poles=None),
    "lti.szego.log_determinant": dict(poles=POLES, discrete=True, log_poles=None),
    "lti.szego.log_separations": dict(poles=POLES, discrete=True, log_poles=None),
    "lti.szego.pairings": dict(poles=POLES, discrete=True, log_poles=None),
    "lti.szego.triangular_factor": dict(poles=POLES, discrete=True, log_poles=None),
    "hankel.h2_optimal": dict(system=DIAGONAL, order=1),
    "hankel.reduce_layer": dict(layer=PAIRED_LAYER, order=2, method="h2"),
    "hankel.amplification": dict(system=SYSTEM, perturbed=SYSTEM, size=0.1),
    "hankel.balanced_truncation": dict(system=SYSTEM, order=1, tolerance=None, method="truncation"),
    "hankel.balanced_realization": dict(system=SYSTEM),
    "hankel.epsilon_rank": dict(spectrum=[1.0, 0.5, 0.1], eps=0.2),
    "hankel.gradients": dict(system=DIAGONAL),
    "hankel.gramian_factors": dict(system=SYSTEM),
    "hankel.gramians": dict(system=DIAGONAL, horizon=None, band=[0.1, 0.2]),
    "hankel.h2_norm": dict(system=SYSTEM),
    "hankel.hankel_matrix": dict(h=H),
    "hankel.hankel_norm": dict(system=SYSTEM),
    "hankel.hankel_product": dict(h=H, x=H),
    "hankel.hinf_norm": dict(system=SYSTEM, certificate=False, rtol=1e-6),
    "hankel.hinf_peak": dict(system=SYSTEM, rtol=1e-6),
    "hankel.linf_norm": dict(system=SYSTEM, certificate=False, rtol=1e-6),
    "hankel.ho_kalman": dict(h=H, order=1, dt=1.0),
    "hankel.markov_perturbation_bound": dict(change=[0.1, 0.2]),
    "hankel.markov_singular_values": dict(h=H, k=1),
    "hankel.mode_scores": dict(system=DIAGONAL, norm="hinf"),
    "hankel.optimal_approximation": dict(system=SYSTEM, order=1, rtol=1e-9),
    "hankel.pole_perturbation_bound": dict(system=DIAGONAL, change=[0.01, 0.01]),
    "hankel.rank_exponent": dict(alpha=0.5),
    "hankel.singular_values": dict(system=SYSTEM, digits=None),
    "hankel.worst_pole_change": dict(system=DIAGONAL, size=0.01),
    "hankel.hope.frequency_response": dict(h=H, L=8, dt=0.5),
    "hankel.hope.kernel": dict(h=H, L=8, dt=0.5),
    "hankel.hope.simulate": dict(h=H, u=F, dt=0.5),
    "hankel.hope.to_lti": dict(h=H, dt=0.5),
    "memory.bandwidth": dict(poles=POLES, k=[0.0, 1.0], resolution=8),
    "memory.beckermann_bound": dict(N=3),
    "memory.best_gradient": dict(lag=[0.0, 3.0]),
    "memory.best_radius": dict(lag=[0.0, 3.0]),
    "memory.capacity": dict(
        poles=POLES, K=4, method="cascade", start=None, colour=None, device=None, dtype=None
    ),
    "memory.capacity_ceiling": dict(N=3, k=[0, 5]),
    "memory.cycle_capacity": dict(N=2, radius=0.5, k=[0, 1]),
    "memory.design_poles": dict(
        target=[0.9, 0.5, 0.3, 0.1], N=None, lag=None, damping=0.4
    ),
    "memory.effective_dimension": dict(poles=POLES, precision="bfloat16", noise=None, block=None),
    "memory.estimate_capacity": dict(states=STATES, inputs=U[:6], K=2),
    "memory.fisher_memory": dict(system=DIAGONAL, K=4, noise=1.0),
    "memory.fisher_total": dict(system=DIAGONAL, noise=1.0),
    "memory.gautschi_bounds": dict(poles=POLES),
    "memory.gradient_norms": dict(poles=POLES, lag=[0.0, 3.0], unit_variance=True),
    "memory.gram_log10_condition": dict(poles=POLES),
    "memory.group_delay": dict(poles=POLES, omega=[0.0, 1.0]),
    "memory.horizon": dict(poles=POLES, level=0.5),
    "memory.lag_distribution": dict(poles=POLES, K=4),
    "memory.lag_variance": dict(poles=POLES),
    "memory.large_sieve_bound": dict(poles=[1.0, -1.0], L=10),
    "memory.noisy_capacity": dict(poles=POLES, K=4, precision="bfloat16", noise=None),
    "memory.noisy_capacity_bound": dict(N=2, lag=[0.0, 3.0], noise=0.1),
    "memory.orthonormal_realization": dict(poles=POLES, block=None),
    "memory.real_log_determinant": dict(N=3),
    "memory.reconstruct": dict(states=STATES, poles=POLES, L=2, past="none"),
    "memory.ring_lag_variance": dict(N=3, r_min=0.1, r_max=0.9),
    "memory.ring_log_determinant": dict(N=3, r_min=0.1, r_max=0.9),
    "memory.rounding_noise": dict(poles=POLES, precision="bfloat16"),
    "memory.s4d_lin_capacity": dict(N=4, dt=0.1, k=[0, 1], decay=0.5),
    "memory.simulate_rounded": dict(system=SYSTEM, u=F, precision="bfloat16", rng=None),
    "memory.state_information": dict(poles=POLES, precision="bfloat16", noise=None),
    "memory.vandermonde_log10_condition": dict(poles=POLES, L=4, normalized=False, digits=None),
    "learning.activation_schedule": dict(stats=STATS),
    "learning.batch_curvature": dict(pole=0.5, L=4, batch_size=1),
    "learning.coherence": dict(stats=STATS),
    "learning.crossover_width": dict(scale=0.1, **GAIN),
    "learning.deep_gain": dict(t=T, w0=0.1, layers=2, tau=1.0, b0=None, c0=None, **GAIN),
    "learning.frequency_error": dict(path=PATH, omega=[0.1, 1.0], target=None, stats=STATS),
    "learning.pole_curvature": dict(
        a_star=0.5, w_star=1.0, coordinate="pole", correlation=0.0
    ),
    "learning.pole_flow": dict(
        t=T, a0=0.3, a_star=0.5, w_star=1.0, tau=1.0, coordinate="pole", b0=None, c0=None,
        correlation=0.0, rtol=1e-9,
    ),
    "learning.sobolev_weight": dict(beta=0.5),
    "learning.deep_time": dict(w=0.4, w0=0.1, layers=2, tau=1.0, **GAIN),
    "learning.edge_correction": dict(u=U, y=Y, poles=POLES),
    "learning.edge_gap": dict(poles=POLES, L=4),
    "learning.factors": dict(t=T, b0=[0.1], c0=[0.2], tau=1.0, **GAIN),
    "learning.flow": dict(stats=STATS, t=T, tau=1.0, train="both", rtol=1e-9, **START),
    "learning.flow_limit": dict(stats=STATS, **START),
    "learning.gain": dict(t=T, w0=0.1, S0=0.5, tau=1.0, b0=None, c0=None, **GAIN),
    "learning.gain_steps": dict(b0=[0.1], c0=[0.2], learning_rate=0.01, steps=4, **GAIN),
    "learning.gradient_descent": dict(
        u=U, y=Y, poles=POLES, learning_rate=0.01, steps=3, train="both", batch_size=None,
        rng=None, **START,
    ),
    "learning.imbalance": dict(b=[0.1, 0.2], c=[0.2, 0.1]),
    "learning.invariants": dict(poles=POLES, b=[0.1, 0.2], c=[0.2, 0.1]),
    "learning.learning_rate_limit": dict(stats=STATS, b=[0.1, 0.2], c=[0.2, 0.1], train="both"),
    "learning.loss": dict(stats=STATS, w=[0.1, 0.2]),
    "learning.matrix_gain": dict(
        t=T, B0=0.1 * np.eye(2), C0=0.1 * np.eye(2), sigma=[[2.0, 0.0], [0.0, 1.0]], eta=1.0,
        tau=1.0,
    ),
    "learning.modified_time": dict(w=0.4, w0=0.1, learning_rate=0.01, **GAIN),
    "learning.pole_loss": dict(a=0.3, a_star=0.9, w_star=1.0),
    "learning.pole_path": dict(t=T, a0=0.3, a_star=0.9, w_star=1.0, tau=1.0),
    "learning.population_statistics": dict(
        poles=POLES, target_poles=[0.9], target_weights=[1.0], correlation=0.0, noise=0.0,
        samples=1.0,
    ),
    "learning.rate": dict(b0=0.1, c0=0.2, tau=1.0, **GAIN),
    "learning.sgd_limit": dict(eta=1.0, curvature_variance=1.0),
    "learning.sgd_variance": dict(
        learning_rate=0.1, eta=1.0, curvature_variance=0.5, gradient_variance=1.0
    ),
    "learning.spectral_statistics": dict(
        power=np.ones(8), cross=np.ones(8), poles=POLES, energy=1.0, boundary="periodic"
    ),
    "learning.statistics": dict(u=U, y=Y, poles=POLES, boundary="causal"),
    "learning.steps_at_limit": dict(w=0.4, b0=0.1, c0=0.2, **GAIN),
    "learning.time_to": dict(w=0.4, b0=0.1, c0=0.2, tau=1.0, **GAIN),
    "learning.widen": dict(width="tied", N=4, b=0.1, c=0.2, rng=None),
    "convergence.envelope": dict(steps=[8, 16, 32], errors=[1.0, 0.5, 0.25], order=1.0),
    "convergence.observed_order": dict(steps=[8, 16, 32], errors=[1.0, 0.5, 0.25]),
}  # fmt: skip


def door(name: str):
    """The public function of a name below `hippo_theory`."""
    room, _, function = name.rpartition(".")
    return getattr(ROOMS[room], function)


def doors() -> set[str]:
    """The names of all public functions of all rooms."""
    return {
        f"{room}.{name}"
        for room, module in ROOMS.items()
        for name in module.__all__
        if inspect.isfunction(getattr(module, name))
    }
