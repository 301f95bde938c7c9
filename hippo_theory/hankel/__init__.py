"""Hankel operators of linear time-invariant systems."""

from hippo_theory.hankel import hope
from hippo_theory.hankel.gramians import gramian_factors, gramians
from hippo_theory.hankel.h2_optimal import H2Optimum, h2_optimal
from hippo_theory.hankel.hinf import Peak, hinf_norm, hinf_peak, linf_norm
from hippo_theory.hankel.markov import (
    hankel_matrix,
    hankel_product,
    ho_kalman,
    markov_singular_values,
)
from hippo_theory.hankel.norms import h2_norm, hankel_norm, mode_scores
from hippo_theory.hankel.optimal import OptimalApproximation, optimal_approximation
from hippo_theory.hankel.reduce_layer import LayerReduction, reduce_layer
from hippo_theory.hankel.reduction import (
    METHODS,
    Method,
    Reduction,
    balanced_realization,
    balanced_truncation,
)
from hippo_theory.hankel.sensitivity import (
    amplification,
    gradients,
    markov_perturbation_bound,
    pole_perturbation_bound,
    worst_pole_change,
)
from hippo_theory.hankel.spectrum import (
    Spectrum,
    epsilon_rank,
    rank_exponent,
    singular_values,
)

__all__ = [
    "METHODS",
    "H2Optimum",
    "LayerReduction",
    "Method",
    "OptimalApproximation",
    "Peak",
    "Reduction",
    "Spectrum",
    "amplification",
    "balanced_realization",
    "balanced_truncation",
    "epsilon_rank",
    "gradients",
    "gramian_factors",
    "gramians",
    "h2_norm",
    "h2_optimal",
    "hankel_matrix",
    "hankel_norm",
    "hankel_product",
    "hinf_norm",
    "hinf_peak",
    "ho_kalman",
    "hope",
    "linf_norm",
    "markov_perturbation_bound",
    "markov_singular_values",
    "mode_scores",
    "optimal_approximation",
    "pole_perturbation_bound",
    "rank_exponent",
    "reduce_layer",
    "singular_values",
    "worst_pole_change",
]


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
