"""The calls that users' scripts rely on work as they are written, with the shapes they promise."""

import numpy as np

import hippo_theory as ht

rng = np.random.default_rng(0)


def test_the_doors_of_legs():
    A, B = ht.legs.matrices(6)
    assert A.shape == (6, 6)
    assert B.shape == (6,)
    c = rng.standard_normal((2, 3, 6))
    assert ht.legs.apply(c).shape == ht.legs.solve_shifted(0.1, c).shape == (2, 3, 6)
    assert ht.legs.propagator(0.5, 6).shape == (6, 6)
    assert ht.legs.transfer_function(1j, 6).shape == (6,)
    f = ht.legs.inputs.cosine(6.0)
    t = np.linspace(0, 1, 33)
    assert f(t).shape == (33,)
    assert (2 * f + f).project(t, 6).shape == (33, 6)
    assert "cosine" in ht.legs.INPUTS
    assert "midpoint" in repr(ht.legs.SCHEMES)
    for source in (f, np.cos, f(t), np.stack([f(t), t])):
        solution = ht.legs.solve(source, t, 6, scheme="midpoint")
        assert solution.coefficients.shape[-2:] == (33, 6)
        assert (solution.t == t).all()
        assert solution.scheme is ht.legs.SCHEMES["midpoint"]
    assert ht.legs.solve(f, t, 6, scheme="foh", store="final").shape == (6,)
    averages = (f(t)[1:] + f(t)[:-1]) / 2
    solution = ht.legs.solve(averages, t, 6, scheme="zoh", samples="averages")
    assert ht.legs.step(c, 0.5, 0.6, 1.0, 1.1, scheme="midpoint").shape == c.shape
    assert ht.legs.reconstruct(solution, [0.2, 0.4]).shape == (2,)
    assert ht.legs.reconstruct(c, 1.0, [0.2, 0.4]).shape == (2, 3, 2)
    solution = ht.legs.solve(f, t, 6, scheme="foh")
    assert ht.legs.energy_error(f(t), solution) >= 0
    assert ht.legs.input_error_bound(f, solution) > 0
    order = ht.convergence.observed_order([8, 16], [1.0, 0.5])
    assert abs(order.order - 1) < 1e-14
    assert len(order.interval) == 2
    ht.convergence.envelope([8, 16], [1.0, 0.5])


def test_the_doors_of_lti():
    A, B, C = -np.eye(3), np.ones(3), np.ones(3)
    assert ht.LTI(A, B, C, D=0.0, dt=None).poles.shape == (3,)
    poles = np.array([-1 + 1j, -2 + 2j])
    system = ht.DiagonalLTI(poles, B[:2], C[:2], D=0.0, dt=None, conjugate=True)
    ht.lti.DPLR(poles, B[:2], B[:2], B[:2], C[:2], D=0.0, dt=None)
    for name in ht.lti.FAMILIES:
        assert ht.lti.family(name, 8, rng=rng) is not None
    structured = ht.lti.family("legs", 8, form="dplr")
    scipy_system = ht.lti.to_scipy(ht.LTI(A, B, C))
    assert ht.lti.from_scipy(scipy_system).state_dim == 3
    for scheme in ht.lti.SCHEMES:
        ht.lti.discretize(
            system, 0.1, scheme=scheme, layer=False, alpha=0.6 if "gen" in scheme else None
        )
    discrete = ht.lti.discretize(system, 0.1)
    ht.lti.layer(discrete)
    assert ht.lti.transfer_function(system, [[1j, 2j]]).shape == (1, 2)
    assert ht.lti.markov_parameters(discrete, 7).shape == (7,)
    kernel = ht.lti.kernel(system, 32, dt=0.1, scheme="bilinear", layer=False, method="auto")
    assert kernel.shape == (32,)
    for method in ("naive", "krylov", "s4"):
        assert ht.lti.kernel(structured, 32, dt=0.1, method=method).shape == (32,)
    ht.lti.kernel_vjp(system, kernel, dt=0.1, scheme="bilinear", layer=False)
    u = rng.standard_normal((5, 32))
    assert abs(ht.lti.convolve(kernel, u) - ht.lti.simulate(discrete, u)).max() < 1e-12
    y, x = ht.lti.simulate(discrete, u, initial_state=None, states=True, method="auto")
    assert y.shape == (5, 32)
    assert x.shape == (5, 32, 2)
    state, newest = ht.lti.step(discrete, x[:, 0], u[:, 0])
    assert abs(state - x[:, 1]).max() < 1e-14
    assert abs(newest - y[:, 0]).max() < 1e-14
    assert ht.lti.final_state(discrete, u, initial_state=None).shape == (5, 2)
    wide = ht.LTI(A, np.ones((3, 2)), np.ones((4, 3)))
    assert ht.lti.select(wide, outputs=[0, 2], inputs=1).channel_shape == (2, 1)
    layer = ht.DiagonalLTI(np.full((3, 1), 0.5), np.ones((3, 1)), np.ones((3, 1)), dt=1.0)
    assert layer[1].batch_shape == ()
    assert layer[1:].batch_shape == (2,)


def test_the_doors_of_hankel():
    system = ht.lti.discretize(ht.lti.family("s4d_lin", 4), 0.2)
    P, Q = ht.hankel.gramians(system)
    assert P.shape == Q.shape
    spectrum = ht.hankel.singular_values(system)
    assert (np.diff(spectrum.values) <= 0).all()
    assert spectrum.log_values.shape == spectrum.relative_error.shape == spectrum.values.shape
    assert isinstance(spectrum.method, str)
    assert ht.hankel.epsilon_rank(spectrum, 1e-3) >= 1
    plain = ht.LTI(np.diag([0.9, 0.5, -0.3]), np.ones(3), np.array([1.0, 2.0, 3.0]), dt=1.0)
    reduced = ht.hankel.balanced_truncation(plain, order=2)
    assert reduced.system.state_dim == 2
    assert reduced.error_bound >= 0
    assert reduced.singular_values.values.shape == (3,)
    best = ht.hankel.optimal_approximation(plain, 1)
    sigma = ht.hankel.singular_values(plain).values
    assert abs(best.error - sigma[1]) <= 1e-9 * sigma[0]
    assert ht.hankel.h2_norm(plain) > 0
    value, lower, upper = ht.hankel.hinf_norm(plain, certificate=True)
    assert lower <= value <= upper
    assert abs(ht.hankel.hankel_norm(plain) - sigma[0]) <= 1e-12 * sigma[0]
    h = ht.lti.markov_parameters(plain, 401)[1:]
    assert abs(ht.hankel.markov_singular_values(h, k=2) - sigma[:2]).max() <= 1e-9
    hope = ht.hankel.hope
    assert hope.frequency_response(h[:8], 64, 0.5).shape == (64,)
    kernel, u = hope.kernel(h[:8], 64, 0.5), rng.standard_normal(64)
    assert abs(hope.simulate(h[:8], u, 0.5) - ht.lti.convolve(kernel, u)).max() <= 1e-10
    assert abs(ht.lti.kernel(hope.to_lti(h[:8], 0.5), 64) - kernel).max() <= 1e-10


def test_the_doors_of_learning():
    u, poles = rng.standard_normal((3, 64)), np.array([0.5, 0.9])
    y = rng.standard_normal((3, 64))
    stats = ht.learning.statistics(u, y, poles, boundary="causal")
    assert stats.s.shape == (2,)
    assert stats.M.shape == (2, 2)
    assert stats.energy > 0
    t = np.linspace(0, 3, 11)
    w = ht.learning.gain(t, 0.01, 0.5, sigma=1.0, eta=2.0, tau=1.0)
    assert w.shape == (11,)
    assert ht.learning.gain(t, sigma=1.0, eta=2.0, b0=0.1, c0=0.2).shape == (11,)
    assert ht.learning.time_to(0.4, 0.1, 0.2, 1.0, 2.0, tau=1.0) > 0
    b0, c0 = np.full(2, 0.1), np.full(2, 0.2)
    path = ht.learning.flow(stats, b0, c0, t, tau=1.0, train="both")
    assert path.w.shape == (11, 2)
    assert isinstance(path.method, str)
    assert ht.learning.flow(stats, b0, c0, t, train="c").w.shape == (11, 2)
    run = ht.learning.gradient_descent(u, y, poles, b0, c0, 1e-4, 20)
    assert run.w.shape == (21, 2)
    assert run.loss.shape == (21,)
    assert ht.learning.deep_time(0.5, 0.1, 2, 1.0, 1.0, tau=1.0) > 0
    assert ht.learning.pole_path(t, 0.1, 0.9, 1.0, tau=1.0).shape == (11,)
    assert ht.learning.learning_rate_limit(stats, b0, c0) > 0


def test_the_doors_of_memory():
    system = ht.lti.family("lru_ring", 6, rng=rng)
    for poles in (np.array([0.9, 0.5j, -0.4]), system):
        curve = ht.memory.capacity(poles, 20)
        assert curve.shape == (20,)
        assert ht.memory.lag_variance(poles) > 0
        assert ht.memory.effective_dimension(poles, precision="bfloat16") > 0
        assert ht.memory.effective_dimension(poles, noise=0.1) > 0
        lower, upper = ht.memory.gram_log10_condition(poles)
        assert lower <= upper
        assert ht.memory.vandermonde_log10_condition(poles, 20) >= 0
    assert ht.memory.capacity_ceiling(6, 11) == 0.5
    poles = np.array([0.9, 0.5j, -0.4])
    assert ht.memory.orthonormal_realization(poles, block=None) is not None
    states = rng.standard_normal((4, 3)) + 0j
    assert ht.memory.reconstruct(states, poles, 2).shape == (4, 2)
    assert ht.memory.fisher_memory(system, 10).shape == (10,)
    inputs = rng.standard_normal(400)
    _, x = ht.lti.simulate(
        ht.DiagonalLTI(poles, np.ones(3), np.ones(3), dt=1.0), inputs, states=True
    )
    assert ht.memory.estimate_capacity(x[1:], inputs[:-1], 5) is not None
    assert ht.memory.design_poles(np.exp(-np.arange(64) / 8)) is not None
