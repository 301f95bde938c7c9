"""kernel_vjp against derivatives of the kernel: central differences, complex steps, 50 digits."""

import dataclasses

import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import SCHEMES

EPS = np.finfo(float).eps
L = 40


def system(conjugate, channels=(), batch=(), discrete=False, seed=0):
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.normal(size=shape) + 1j * rng.normal(size=shape)

    p, m = channels or (1, 1)
    B, C, D = draw(*batch, 3, m), draw(1 if batch else p, p, 3), rng.normal(size=(*batch, p, m))
    C = C if batch else C[0]
    if not channels:
        B, C, D = B[..., 0], C[..., 0, :], D[..., 0, 0]
    poles = -rng.uniform(0.2, 2, (*batch, 3)) + 1j * rng.normal(size=(*batch, 3))
    if discrete:
        poles = 0.4 * poles
    return ht.DiagonalLTI(poles, B, C, D, dt=1.0 if discrete else None, conjugate=conjugate)


def directional(loss, value, name, direction, step=2e-3):
    """Fourth-order central difference of the loss along a direction of one parameter."""
    base = getattr(value, name)

    def at(t):
        return loss(dataclasses.replace(value, **{name: base + t * step * direction}))

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)


def agrees(value, dt=None, **options):
    """Every parameter, along a random direction and along i times it, and dt."""
    rng = np.random.default_rng(9)
    args = {} if dt is None else {"dt": dt, **options}
    h = ht.lti.kernel(value, L, **args)
    g = rng.normal(size=h.shape) + (1j * rng.normal(size=h.shape) if np.iscomplexobj(h) else 0)

    def loss(v, **changed):
        return float(np.real(np.conj(g) * ht.lti.kernel(v, L, **{**args, **changed})).sum())

    gradient = ht.lti.kernel_vjp(value, g, **args)
    for name in ("poles", "B", "C", "D"):
        parameter = getattr(value, name)
        got = getattr(gradient, name)
        assert got.shape == parameter.shape
        assert np.iscomplexobj(got) == np.iscomplexobj(parameter)
        for unit in [1, 1j] if np.iscomplexobj(parameter) else [1]:
            direction = unit * rng.normal(size=parameter.shape)
            exact = directional(loss, value, name, direction)
            scale = (abs(got) * abs(direction)).sum() + abs(g).sum()
            found = np.real(np.conj(got) * direction).sum()
            np.testing.assert_allclose(found, exact, rtol=0, atol=1e-8 * scale)
    if dt is None:
        assert gradient.dt is None
        return
    direction, step = rng.normal(size=np.shape(dt)), 1e-3 * np.min(dt)
    f = [loss(value, dt=dt + t * step * direction) for t in (-2, -1, 1, 2)]
    exact = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * step)
    assert np.shape(gradient.dt) == np.shape(dt)
    found = (gradient.dt * direction).sum()
    np.testing.assert_allclose(found, exact, rtol=1e-8, atol=1e-8 * abs(gradient.dt).sum())


@pytest.mark.parametrize("channels", [(), (2, 3)])
@pytest.mark.parametrize("conjugate", [False, True])
@pytest.mark.parametrize("layer", [False, True])
@pytest.mark.parametrize("scheme", [row for row in SCHEMES if not SCHEMES[row].takes_alpha])
def test_gradients_are_the_derivatives_of_the_kernel(scheme, layer, conjugate, channels):
    if layer and not SCHEMES[scheme].has_layer:
        pytest.skip(f"{scheme} has no layer reading")
    agrees(system(conjugate, channels), dt=0.1, scheme=scheme, layer=layer)


@pytest.mark.parametrize("channels", [(), (2, 3)])
@pytest.mark.parametrize("conjugate", [False, True])
def test_gradients_of_a_discrete_system_are_in_its_own_poles(conjugate, channels):
    agrees(system(conjugate, channels, discrete=True))


@pytest.mark.parametrize("dt", [0.1, np.array([0.05, 0.1, 0.2])])
@pytest.mark.parametrize("conjugate", [False, True])
def test_what_channels_share_is_summed_over_them(conjugate, dt):
    value = system(conjugate, batch=(3,))
    assert value.C.shape == (1, 3)
    agrees(value, dt=dt)
    agrees(system(conjugate, (2, 1), batch=(3,)), dt=dt)


def test_gradients_of_real_parameters_are_real():
    value = ht.DiagonalLTI([-1.0, -2.0], [1.0, 0.5], [0.3, -1.0], 0.2)
    agrees(value, dt=0.2)


def test_gradients_of_the_generalized_rule():
    agrees(system(True), dt=0.1, scheme=ht.lti.generalized_bilinear(0.7))


@pytest.mark.parametrize("scheme", ["bilinear", "zoh"])
def test_gradients_in_real_parameters_agree_with_complex_steps(scheme):
    """Complex steps h(p + i t) lose nothing to subtraction: the digits are compared in full."""
    poles, B, C = np.array([-0.5, -1.5]), np.array([1.0, 0.5]), np.array([0.3, -1.0])
    g = np.random.default_rng(0).normal(size=L)
    gradient = ht.lti.kernel_vjp(ht.DiagonalLTI(poles, B, C), g, dt=0.2, scheme=scheme)
    tiny = 1e-30
    for name, base in (("poles", poles), ("B", B), ("C", C)):
        for n in range(2):
            given = {"poles": poles, "B": B, "C": C}
            given[name] = base + 1j * tiny * (np.arange(2) == n)
            value = ht.DiagonalLTI(given["poles"] + 0j, given["B"], given["C"])
            if name == "poles" and scheme == "zoh":
                continue  # expm1 of SciPy drops an imaginary part of 1e-30
            slope = (g @ ht.lti.kernel(value, L, dt=0.2, scheme=scheme)).imag / tiny
            scale = abs(getattr(gradient, name)).max() + abs(g).sum()
            np.testing.assert_allclose(getattr(gradient, name)[n], slope, atol=1e3 * EPS * scale)


def test_gradients_near_the_circle_agree_with_fifty_digits():
    """sum_k g_k (k-1) c l^(k-2) over 2000 terms, in mpmath."""
    K, pole, c = 2000, 0.9995 * np.exp(0.3j), 0.7 - 0.2j
    g = np.random.default_rng(1).normal(size=K)
    value = ht.DiagonalLTI([pole], [1.0 + 0j], [c], dt=1.0)
    with mpmath.workdps(50):
        z = mpmath.mpmathify(complex(pole)).conjugate()
        terms = [mpmath.mpf(g[k]) * (k - 1) * z ** (k - 2) for k in range(2, K)]
        exact = complex(mpmath.fsum(terms) * mpmath.mpmathify(complex(c)).conjugate())
        size = float(mpmath.fsum(abs(t) for t in terms))
    got = ht.lti.kernel_vjp(value, g + 0j).poles[0]
    assert abs(got - exact) < 20 * EPS * size


def test_a_pole_at_zero_has_a_finite_gradient():
    gradient = ht.lti.kernel_vjp(ht.DiagonalLTI([0.0], [2.0], [3.0], dt=1.0), [1.0, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal([gradient.poles, gradient.B, gradient.C], [[6.0], [3.0], [2.0]])


def test_a_kernel_of_length_one_is_the_feedthrough():
    G = ht.DiagonalLTI([0.5, 0.2j], [1.0, 2.0], [3.0, 1.0], dt=1.0)
    gradient = ht.lti.kernel_vjp(G, [2.0])
    assert gradient.D == 2.0
    assert not any(part.any() for part in (gradient.poles, gradient.B, gradient.C))
