"""The stable part of a system, which has a Hankel operator, and the rest, which is kept."""

from hippo_theory.lti.forms import expand
from hippo_theory.lti.splitting import split_stable


def parts(system):
    """(stable, rest): rest is None where the system is stable."""
    return (system, None) if system.is_stable else split_stable(system)


def order_left(order: int, rest) -> int:
    """How many of `order` states are left for the stable part."""
    if rest is None:
        return order
    kept = expand(rest).state_dim
    if order < kept:
        region = "inside the unit circle" if rest.is_discrete else "in the open left half-plane"
        raise ValueError(
            f"order must be at least {kept}, the states whose poles are not {region}, got {order}"
        )
    return order - kept


def joined(reduced, rest):
    """A reduced stable part with the rest beside it."""
    return reduced if rest is None else reduced + rest
