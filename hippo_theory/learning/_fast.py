"""Compiled recurrences of the learning room."""

import numpy as np

from hippo_theory._jit import njit


@njit(cache=True)
def loss_and_gradient(u, y, a, b, c, grad_a, grad_b, grad_c):
    """Half the sum of squared errors of D cascaded layers, and its gradients 2 d loss / d conj(.).

    Specification, with v the input of a layer and e = prediction - y at the top:
        x_j[t] = a_j x_j[t-1] + b_j v[t],            output[t] = sum_j c_j x_j[t]
        n_j[t] = conj(a_j) n_j[t+1] + conj(c_j) e[t], e below  = sum_j conj(b_j) n_j[t]
        grad_c = sum conj(x) e,  grad_b = sum conj(v) n,  grad_a = sum conj(x[t-1]) n.
    """
    D, N = a.shape
    L = u.shape[1]
    x = np.empty((D, N, L), a.dtype)
    signal = np.empty((D + 1, L), a.dtype)
    error = np.empty(L, a.dtype)
    grad_a[:], grad_b[:], grad_c[:] = 0, 0, 0
    loss = 0.0
    for p in range(u.shape[0]):
        signal[0] = u[p]
        for d in range(D):
            signal[d + 1] = 0
            for j in range(N):
                state = a[d, j] * 0
                for t in range(L):
                    state = a[d, j] * state + b[d, j] * signal[d, t]
                    x[d, j, t] = state
                    signal[d + 1, t] += c[d, j] * state
        for t in range(L):
            error[t] = signal[D, t] - y[p, t]
            loss += 0.5 * abs(error[t]) ** 2
        for d in range(D - 1, -1, -1):
            _pull_back(x[d], signal[d], error, a[d], b[d], c[d], grad_a[d], grad_b[d], grad_c[d])
    return loss


@njit(cache=True)
def _pull_back(x, v, error, a, b, c, grad_a, grad_b, grad_c):
    """Adjoint of one layer; `error` is replaced by that of the layer below."""
    L = v.size
    below = np.zeros(L, error.dtype)
    for j in range(a.size):
        state = a[j] * 0
        conj_a, conj_b, conj_c = np.conj(a[j]), np.conj(b[j]), np.conj(c[j])
        for t in range(L - 1, -1, -1):
            state = conj_a * state + conj_c * error[t]
            grad_c[j] += np.conj(x[j, t]) * error[t]
            grad_b[j] += np.conj(v[t]) * state
            if t > 0:
                grad_a[j] += np.conj(x[j, t - 1]) * state
            below[t] += conj_b * state
    error[:] = below


@njit(cache=True)
def descend(u, y, batches, rates, a_path, b_path, c_path, loss):
    """Gradient descent: parameters[k+1] = parameters[k] - rate * gradient on batch k, from row 0.

    `batches` (K, n) holds row numbers and is read cyclically; `rates` are those of a, b, c. The
    step at which the loss left the finite numbers is returned, else -1.
    """
    steps = loss.size - 1
    shape, dtype = a_path[0].shape, a_path.dtype
    grad_a, grad_b, grad_c = np.zeros(shape, dtype), np.zeros(shape, dtype), np.zeros(shape, dtype)
    for k in range(steps + 1):
        rows = batches[k % batches.shape[0]]
        loss[k] = loss_and_gradient(
            u[rows], y[rows], a_path[k], b_path[k], c_path[k], grad_a, grad_b, grad_c
        )
        if not np.isfinite(loss[k]):
            return k
        if k < steps:
            a_path[k + 1] = a_path[k] - rates[0] * grad_a
            b_path[k + 1] = b_path[k] - rates[1] * grad_b
            c_path[k + 1] = c_path[k] - rates[2] * grad_c
    return -1


@njit(cache=True)
def gain_and_norm(w0, S0, sigma, eta, alpha, steps):
    """w -> w + alpha e S + alpha^2 e^2 conj(w), S -> S (1 + alpha^2 |e|^2) + 4 alpha Re(conj(w) e).

    e = sigma - eta w. Returns w, S and the product of 1 - alpha^2 |e|^2, from 1.
    """
    w, S = np.empty(steps + 1, np.complex128), np.empty(steps + 1)
    shrink = np.ones(steps + 1)
    w[0], S[0] = w0, S0
    for k in range(steps):
        e = alpha * (sigma - eta * w[k])
        size = e.real**2 + e.imag**2
        w[k + 1] = w[k] + e * S[k] + e * e * np.conj(w[k])
        S[k + 1] = S[k] * (1 + size) + 4 * (np.conj(w[k]) * e).real
        shrink[k + 1] = shrink[k] * (1 - size)
    return w, S, shrink


@njit(cache=True)
def two_numbers(p, q, sigma, eta, alpha, steps):
    """P, Q -> P (1 + alpha r)^2, Q (1 - alpha r)^2 with r = sigma - eta (P - Q) / 4, by roots.

    Returns the products prod (1 + alpha r) and prod (1 - alpha r), from 1, and the gains.
    """
    up, down = np.ones(steps + 1), np.ones(steps + 1)
    w = np.empty(steps + 1)
    for k in range(steps + 1):
        w[k] = (p * up[k] ** 2 - q * down[k] ** 2) / 4
        if k < steps:
            r = alpha * (sigma - eta * w[k])
            up[k + 1] = up[k] * (1 + r)
            down[k + 1] = down[k] * (1 - r)
    return up, down, w
