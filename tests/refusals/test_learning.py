"""Every refusal of the learning room, word for word."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import learning

STATS = learning.population_statistics([0.9, 0.5], [0.9], [1.0])
SINGULAR = learning.Statistics([1.0, 1.0], np.ones((2, 2)), 1.0)
SIGNAL = np.ones((2, 8))

CONTINUOUS = ht.DiagonalLTI([-1.0], [1.0], [1.0])
UNDISCRETE = (
    "{} must belong to a recurrence, got <DiagonalLTI: 1 poles, SISO, continuous time>; discretize "
    "it first"
)
NOT_STATISTICS = "stats must be a Statistics, got list; learning.statistics makes one"
TOO_SMALL = "eta (|b0|^2 + |c0|^2) must be at least 1e-135 |sigma|, got about 1e-399 times it"

CALLS = [
    (lambda: learning.statistics(SIGNAL, SIGNAL, CONTINUOUS),
     ValueError, UNDISCRETE.format("poles")),
    (lambda: learning.spectral_statistics([1.0], [1.0], CONTINUOUS, 1.0),
     ValueError, UNDISCRETE.format("poles")),
    (lambda: learning.edge_correction(SIGNAL, SIGNAL, CONTINUOUS),
     ValueError, UNDISCRETE.format("poles")),
    (lambda: learning.edge_gap(CONTINUOUS, 4), ValueError, UNDISCRETE.format("poles")),
    (lambda: learning.invariants(CONTINUOUS, [1.0], [1.0]),
     ValueError, UNDISCRETE.format("poles")),
    (lambda: learning.population_statistics([0.5], CONTINUOUS, [1.0]),
     ValueError, UNDISCRETE.format("target_poles")),
    (lambda: learning.gradient_descent(SIGNAL, SIGNAL, CONTINUOUS, [1.0], [1.0], 0.1, 5),
     ValueError, UNDISCRETE.format("poles")),
    (lambda: learning.flow([0.1], [0.1], STATS, [1.0]), TypeError, NOT_STATISTICS),
    (lambda: learning.loss([0.1], [0.1]), TypeError, NOT_STATISTICS),
    (lambda: learning.coherence([0.1]), TypeError, NOT_STATISTICS),
    (lambda: learning.learning_rate_limit([0.1], [0.1], [0.1]), TypeError, NOT_STATISTICS),
    (lambda: learning.gain([0, 1e3], b0=[1e-145], c0=[1e-145], sigma=1, eta=1e-160),
     ValueError, TOO_SMALL.replace("135", "436").replace("399", "450")),
    (lambda: learning.factors([0, 500.0], [1e-200], [1e-200], 1, 1), ValueError, TOO_SMALL),
    (lambda: learning.time_to(0.5, [1e-200], [1e-200], 1, 1), ValueError, TOO_SMALL),
    (lambda: learning.gain(1.0, b0=[1.0, 1e-200], c0=[-1.0, 0.0], sigma=1, eta=1),
     ValueError, "b0 must be the opposite of conj(c0), turned by the phase of sigma, or differ "
     "from it by 1e-67 of its size, got 5e-201"),
    (lambda: learning.imbalance([1e200], [1.0]),
     np.linalg.LinAlgError, "Lambda must stay below 1e308, got more; rescale the problem"),
    (lambda: learning.rate([1e200], [1.0], 1, 1),
     np.linalg.LinAlgError, "Lambda must stay below 1e308, got more; rescale the problem"),
    (lambda: learning.gain_steps([1e200], [1.0], 1.0, 1.0, 0.1, 3),
     ValueError, "b0 must be smaller than 1e150, got 1e+200"),
    (lambda: learning.statistics(SIGNAL, np.ones((2, 7)), [0.5]),
     ValueError, "y must have shape (2, 8), got (2, 7); u and y are paired sample by sample"),
    (lambda: learning.statistics([1.0, np.nan], [1.0, 1.0], [0.5]),
     ValueError, "u must be finite, got nan at index 1"),
    (lambda: learning.statistics(SIGNAL, SIGNAL, [0.5], "circular"),
     ValueError, "unknown boundary 'circular', expected one of ['causal', 'periodic', "
     "'truncated']"),
    (lambda: learning.statistics(SIGNAL, SIGNAL, [0.5, 1.0], "periodic"),
     ValueError, "poles must lie inside the unit circle, got |pole| = 1 at index 1"),
    (lambda: learning.statistics(np.ones(2000), np.ones(2000), [2.0]),
     np.linalg.LinAlgError, "the regressors overflow: a pole is too far outside the circle"),
    (lambda: learning.statistics(np.ones((2, 0)), np.ones((2, 0)), [0.5]),
     ValueError, "u must hold at least one sample, got shape (2, 0)"),
    (lambda: learning.statistics(SIGNAL, SIGNAL, []),
     ValueError, "poles must hold at least one pole, got shape (0,)"),
    (lambda: learning.spectral_statistics([1.0, -1.0], [1.0, 1.0], 0.5, 1.0),
     ValueError, "power must be non-negative, got -1 at index 1"),
    (lambda: learning.population_statistics([0.5], [0.5], [1.0, 2.0]),
     ValueError, "target_weights must have shape (1,), got (2,)"),
    (lambda: learning.population_statistics([0.5], [1.5], [1.0]),
     ValueError, "target_poles must lie inside the unit circle, got |pole| = 1.5 at index 0"),
    (lambda: learning.population_statistics([0.5], [0.5], [1.0], correlation=1.0),
     ValueError, "correlation must be less than 1, got 1"),
    (lambda: learning.population_statistics([0.5], [0.5], [1.0], weight=[1.0, 1.0]),
     ValueError, "weight must be non-negative at every frequency, got -1 at omega = 3.14"),
    (lambda: learning.statistics(SIGNAL, SIGNAL, [0.5], weight=1.0),
     TypeError, "weight must be a filter (b, a) in powers of e^(-i omega), got 1.0"),
    (lambda: learning.statistics(SIGNAL, SIGNAL, [0.5], weight=([1.0], [1.0, -2.0])),
     ValueError, "poles of the weight must lie inside the unit circle, got |pole| = 2 at index 0"),
    (lambda: learning.sobolev_weight(31.0), ValueError, "beta must be at most 30, got 31"),
    (lambda: learning.frequency_error(learning.flow(SINGULAR, [1.0, 1.0], [0.0, 1.0], [1.0]), [0]),
     ValueError, "poles must be known; make the statistics from signals or a teacher"),
    (lambda: learning.Statistics([1.0, 1.0], [[1.0, 2.0], [0.0, 1.0]], 1.0),
     ValueError, "M must be Hermitian, got |M - M^*| = 2"),
    (lambda: learning.Statistics([1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]], 1.0),
     ValueError, "M must be positive semidefinite, got the eigenvalue -1"),
    (lambda: learning.Statistics([2.0], [[1.0]], 1.0),
     ValueError, "energy must be at least |s_i|^2 / M_ii = 4, got 1 at index 0"),
    (lambda: learning.edge_gap(0.5, 0), ValueError, "L must be a positive integer, got 0"),
    (lambda: learning.gain(1.0, 0.1, 0.2, 1.0, 0.0), ValueError, "eta must be positive, got 0"),
    (lambda: learning.gain(1.0, 0.1, 0.2, 1.0, -1.0), ValueError, "eta must be positive, got -1"),
    (lambda: learning.gain(1.0, 0.1, 0.2, 1.0, 1.0, tau=0.0),
     ValueError, "tau must be positive, got 0"),
    (lambda: learning.gain([0.0, -1.0], 0.1, 0.2, 1.0, 1.0),
     ValueError, "t must be non-negative, got -1 at index 1"),
    (lambda: learning.gain(1.0, 0.1, 0.1, 1.0, 1.0),
     ValueError, "S0 must be at least 2 |w0|, since |b|^2 + |c|^2 >= 2 |sum b c|, got "
     "-0.1 for S0 - 2 |w0|"),
    (lambda: learning.gain(1.0, 0.1, 0.2, np.nan, 1.0), ValueError,
     "sigma must be finite, got nan"),
    (lambda: learning.time_to(0.5, 0.1, 0.1, STATS),
     ValueError, f"sigma must be of one pole, got {STATS!r}; flow takes many"),
    (lambda: learning.rate(0.1, 0.1, STATS, 1.0),
     TypeError, "eta must be left out where sigma is a Statistics"),
    (lambda: learning.gain(1.0, 0.1, 0.2), TypeError, "sigma and eta must be given"),
    (lambda: learning.gain(1.0, 0.1, 0.2, 1.0, 1.0, b0=[1.0], c0=[1.0]),
     TypeError, "the start must be given as w0 and S0 or as b0 and c0"),
    (lambda: learning.gain(1.0, sigma=1.0, eta=1.0, b0=[1.0], c0=[1.0, 2.0]),
     ValueError, "c0 must have shape (1,), got (2,)"),
    (lambda: learning.factors([1.0], [1j], [1.0], 1.0, 1.0),
     TypeError, "b0 must be real, got dtype complex128"),
    (lambda: learning.time_to([0.5, 0.1], [0.5], [0.5], 1.0, 1.0),
     ValueError, "w must lie between the start 0.25 and the limit 1, which flow "
     "approaches and never reaches, got 0.1 at index 1"),
    (lambda: learning.time_to(1.0, [0.5], [0.5], 1.0, 1.0),
     ValueError, "w must lie between the start 0.25 and the limit 1, which flow "
     "approaches and never reaches, got 1"),
    (lambda: learning.time_to(0.5, [0.5], [-0.5], 1.0, 1.0),
     ValueError, "w must lie between the start -0.25 and the limit 0, which flow "
     "approaches and never reaches, got 0.5"),
    (lambda: learning.time_to(0.5, [0.5], [0.5], 1.0, 0.0),
     ValueError, "eta must be positive, got 0"),
    (lambda: learning.deep_time(0.1, 0.2, 2, 1.0, 0.5),
     ValueError, "w must lie between w0 = 0.2 and sigma / eta = 2, which flow "
     "approaches and never reaches, got 0.1"),
    (lambda: learning.deep_time(0.5, -0.2, 2, 1.0, 1.0),
     ValueError, "w0 must have the sign of sigma = 1, got -0.2"),
    (lambda: learning.deep_time(0.5, 0.2, 0, 1.0, 1.0),
     ValueError, "layers must be a positive integer, got 0"),
    (lambda: learning.deep_gain(1.0, 0.1, 0, 1.0, 1.0),
     ValueError, "layers must be a positive integer, got 0"),
    (lambda: learning.deep_gain(1.0, sigma=1.0, eta=1.0),
     TypeError, "the start must be given as w0 and layers or as b0 and c0"),
    (lambda: learning.deep_gain(1.0, sigma=1.0, eta=1.0, b0=[1.0], c0=[1.0]),
     ValueError, "b0 must have shape (D, N), got (1,)"),
    (lambda: learning.deep_gain(1.0, 0.1), TypeError, "sigma and eta must be given"),
    (lambda: learning.flow(STATS, [1.0], [1.0], [1.0]),
     ValueError, "b0 must have shape (..., 2), got (1,)"),
    (lambda: learning.flow(STATS, [1.0, 1.0], [1.0, 1.0], [1.0], train="a"),
     ValueError, "unknown train 'a', expected one of ['both', 'b', 'c']"),
    (lambda: learning.flow(STATS, [1.0, 1.0], [1.0, 1.0], [1.0, 0.5]),
     ValueError, "t must be strictly increasing, got 0.5 after 1 at index 1"),
    (lambda: learning.flow_limit(SINGULAR, [1j, 1.0], [1.0, 1.0]),
     ValueError, "M must be regular where weights or statistics are complex"),
    (lambda: learning.matrix_gain([1.0], np.eye(2), [[1.0, 2.0]], [[1.0, 1.0]], 1.0),
     ValueError, "C0^* C0 - B0 B0^* must be a multiple of the identity, got 2 off; "
     "gradient_descent takes any start"),
    (lambda: learning.flow_limit(SINGULAR, [1.0, 1.0], [0.0, 1.0]),
     ValueError, "b0 must differ from c0 and -c0 where M is singular, got b0 = 1, c0 = 1 at index "
     "1"),
    (lambda: learning.activation_schedule(SINGULAR),
     ValueError, "M must be regular, got the eigenvalues 0 to 2"),
    (lambda: learning.pole_path(1.0, 1.0, 0.5, 1.0),
     ValueError, "a0 must lie inside the unit circle, got |pole| = 1 at index 0"),
    (lambda: learning.pole_path(1.0, 0.1, 0.5, 0.0),
     ValueError, "w_star must not be zero, got 0: the teacher would have no pole"),
    (lambda: learning.pole_flow([1.0], 0.1, 0.5, 1.0, coordinate="tan"),
     ValueError, "unknown coordinate 'tan', expected one of ['pole', 'tanh', 'exp-exp', "
     "'softplus', 'stable']; did you mean 'tanh'?"),
    (lambda: learning.pole_flow([1.0], -0.1, 0.5, 1.0, coordinate="exp-exp"),
     ValueError, "a0 must be greater than 0 in the coordinate 'exp-exp', got -0.1"),
    (lambda: learning.pole_flow([1.0], 0.1, 0.5, 1.0, b0=1.0),
     TypeError, "b0 and c0 must be given together or not at all"),
    (lambda: learning.pole_curvature(1.0, 1.0),
     ValueError, "a_star must lie inside the unit circle, got |pole| = 1 at index 0"),
    (lambda: learning.learning_rate_limit(STATS, [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
     ValueError, "b must have shape (..., 2), got (3,)"),
    (lambda: learning.gain_steps([1.0], [1.0], 1.0, 1.0, -0.1, 5),
     ValueError, "learning_rate must be greater than 0, got -0.1"),
    (lambda: learning.gain_steps([9.0], [1.0], 1.0, 1.0, 5.0, 50),
     np.linalg.LinAlgError, "gradient descent diverged: the gain is 2.66694e+127 at step 4 and not "
     "finite after; lower learning_rate = 5"),
    (lambda: learning.modified_time(0.5, 0.1, 1.0, 1.0, 2.0),
     ValueError, "learning_rate must be below 2 / sigma = 2, got 2"),
    (lambda: learning.modified_time(0.05, 0.1, 1.0, 1.0, 0.1),
     ValueError, "w must lie between w0 = 0.1 and sigma / eta = 1, got 0.05"),
    (lambda: learning.sgd_variance(1.5, 1.0, 1.0, 1.0),
     ValueError, "learning_rate must be below the mean-square limit 1, got 1.5"),
    (lambda: learning.sgd_limit(0.0, 1.0), ValueError, "eta must be positive, got 0"),
    (lambda: learning.batch_curvature(1.0, 8),
     ValueError, "pole must lie inside the unit circle, got |pole| = 1 at index 0"),
    (lambda: learning.widen("tide", 4, 0.1, 0.1),
     ValueError, "unknown width 'tide', expected one of ['tied', 'independent', "
     "'random']; did you mean 'tied'?"),
    (lambda: learning.widen("random", 4, 0.1, 0.1),
     TypeError, "rng must be a numpy.random.Generator for 'random', got None"),
    (lambda: learning.crossover_width(0.0, 1.0, 1.0),
     ValueError, "scale must be greater than 0, got 0"),
    (lambda: learning.gradient_descent(SIGNAL, SIGNAL, [0.5], [1.0], [1.0], -0.1, 5),
     ValueError, "learning_rate must be greater than 0, got -0.1"),
    (lambda: learning.gradient_descent(SIGNAL, SIGNAL, [0.5], [1.0, 2.0], [1.0], 0.1, 5),
     ValueError, "b0 must have shape (1, 1), got (1, 2)"),
    (lambda: learning.gradient_descent(SIGNAL, SIGNAL, [0.5], [1.0], [1.0], 0.1, 5, batch_size=1),
     TypeError, "rng must be a numpy.random.Generator with batch_size, got None"),
    (lambda: learning.gradient_descent(
        SIGNAL, SIGNAL, [0.5], [1.0], [1.0], 0.1, 5, train="all", method="triangular"),
     ValueError, "method must be 'recurrence' where poles, layers or batches vary"),
    (lambda: learning.gradient_descent(SIGNAL, SIGNAL, [0.5], [3.0], [1.0], 10.0, 50),
     np.linalg.LinAlgError, "training diverged: the loss is inf at step 4; lower learning_rate = "
     "10"),
]  # fmt: skip


@pytest.mark.parametrize("call, kind, sentence", CALLS, ids=[s for *_, s in CALLS])
def test_refusal(call, kind, sentence):
    with pytest.raises(kind) as error:
        call()
    assert str(error.value) == sentence


def test_inputs_are_not_modified():
    u, y, poles = np.random.default_rng(0).normal(size=(3, 2, 8))
    poles = poles[0, :2] / 4
    b, c, t = np.array([0.1, 0.2]), np.array([0.3, -0.1]), np.array([0.0, 1.0])
    before = [v.copy() for v in (u, y, poles, b, c, t)]
    stats = learning.statistics(u, y, poles)
    M = stats.M.copy()
    learning.flow(stats, b, c, t)
    learning.gain(t, sigma=1.0, eta=1.0, b0=b, c0=c)
    learning.gradient_descent(u, y, poles, b, c, 1e-3, 3, train="all")
    learning.coherence(stats)
    for array, copy in zip((u, y, poles, b, c, t, stats.M), (*before, M), strict=True):
        np.testing.assert_array_equal(array, copy)
