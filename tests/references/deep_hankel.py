"""Hankel singular values over 110 to 230 decades; `python tests/references/deep_hankel.py` writes
their digits to deep_hankel.json from eigenvalues in some 500 digits, in minutes.

sigma are the moduli of the eigenvalues of b_i b_j / w_ij with b = sqrt(r), which for real poles is
real symmetric where r > 0 and complex symmetric otherwise: then sigma^2 belong to conj(P) P.
"""

import json
from pathlib import Path

import numpy as np

DIGITS = Path(__file__).with_suffix(".json")
CASES = {
    # name: (n, least, largest |pole|, discrete, random signs and sizes, digits to work with)
    "positive, 64": (64, 0.1, 1.0, False, False, 300),
    "random residues, 64": (64, 0.1, 1.0, False, True, 500),
    "discrete, positive, 96": (96, 0.2, 0.95, True, False, 400),
    "discrete, random residues, 72": (72, 0.3, 0.9, True, True, 500),
    "positive, 128": (128, 0.1, 1.0, False, False, 500),
    "narrow, positive, 96": (96, 0.3, 1.0, False, False, 500),
}


def data(name):
    """Real poles and residues, and whether they are of a discrete system."""
    n, low, high, discrete, random, _ = CASES[name]
    rng = np.random.default_rng(2)
    poles = rng.uniform(low, high, n) * (1 if discrete else -1)
    return poles, rng.normal(size=n) if random else np.ones(n), discrete


def singular_values(name):
    import flint

    flint.ctx.dps = CASES[name][-1]
    poles, residues, discrete = data(name)
    z = [flint.arb(x) for x in poles]
    b = [flint.acb(r).sqrt() for r in residues]

    def entry(i, j):
        return b[i] * b[j].conjugate() / ((1 - z[i] * z[j]) if discrete else -(z[i] + z[j]))

    n = len(z)
    P = flint.acb_mat(n, n, [entry(i, j) for i in range(n) for j in range(n)])
    if (residues > 0).all():
        values = [x.real.mid() for x in P.eig(algorithm="approx")]
    else:
        Q = flint.acb_mat(n, n, [P[j, i] for i in range(n) for j in range(n)])
        values = [x.real.mid().sqrt() for x in (Q * P).eig(algorithm="approx")]
    return sorted(values, key=lambda x: -float(x.log()))


if __name__ == "__main__":
    table = {name: [x.str(20, radius=False) for x in singular_values(name)] for name in CASES}
    DIGITS.write_text(json.dumps(table, indent=0) + "\n")
