"""Poles of this room's doors: an array, or a discrete system whose conjugates are listed."""

from typing import Any

from hippo_theory import _array, _check
from hippo_theory.lti.forms import expand, spectrum
from hippo_theory.lti.systems import DiagonalLTI, System


def resolve(poles) -> tuple[Any, Any]:
    """(poles, log_poles or None), vectors inside the unit circle, from an array or a system."""
    if not isinstance(poles, System):
        return _check.poles("poles", _array.to_host(poles)), None
    single_discrete("poles", poles)
    system = expand(poles)
    logs = system.log_poles if isinstance(system, DiagonalLTI) else None
    if logs is not None:
        _check.poles("log_poles", logs, discrete=False)
        return spectrum(system), logs
    return _check.poles("poles", spectrum(system)), None


def single_discrete(name: str, system: System) -> None:
    """Refuse systems in continuous time and systems with batch axes."""
    if not system.is_discrete:
        raise ValueError(f"{name} must belong to a recurrence, got {system!r}; discretize it first")
    if system.batch_shape:
        raise ValueError(
            f"{name} must have no batch axes, got {system.batch_shape}; take one channel at a time"
        )
