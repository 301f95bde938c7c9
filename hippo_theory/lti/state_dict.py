"""Layers from the parameters of a checkpoint under the names of the reference implementations."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.lti import layers_in, layers_s4
from hippo_theory.lti._parameters import on_host

IGNORED = ("omega", "z", "L", "l_kernel")  # buffers of layers that do not read them


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The parameters of one implementation.

    Attributes
    ----------
    kind : str
    required, optional : tuple of str
        Names directly below the prefix; "D" is looked for above it too.
    settings : tuple of str
        What a file does not tell.
    read : callable
        (values of the names found and of D, settings) to the layer.
    """

    kind: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    settings: tuple[str, ...]
    read: Callable[[dict[str, Any], dict[str, Any]], Any]


def from_state_dict(mapping, kind: str, prefix: str = "", **settings) -> Any:
    """A trained layer from the entries of a checkpoint, under the names of its implementation.

    Use it on `torch_model.state_dict()`, on what `numpy.load` or `safetensors.numpy.load_file`
    return, or on the nested parameters of a flax module.

    Parameters
    ----------
    mapping : Mapping
        From names to arrays, lists or tensors on the CPU, of bfloat16 too; or nested.
    kind : {"s4", "s4d", "s5", "lru", "hope"}
    prefix : str
        Of the names, as "layers.3.layer.kernel"; "D" may stand above it. It may be shortened as
        long as one layer fits.
    **settings
        What a file does not tell, handed to `from_s4`, `from_s4d`, `from_s5`: "scheme", "sign",
        "transforms", "conj_sym", "clip_eigs", "step_rescale". By default as published.

    Returns
    -------
    DiagonalLTI, or tuple of DPLR or LTI
        As `from_s4d`, `from_s5` and `from_lru` return it, or `from_s4` and `from_hope`. Of a
        bidirectional S4, S4D or S5 layer a pair of those, (forward, backward).

    Raises
    ------
    ValueError
        If names are missing, more than one layer fits, or an entry beside them is not understood.

    Notes
    -----
    S4 and S4D: the names of the state-spaces/s4 repository in its fourth version ("inv_dt",
    "A_real", "A_imag", "B", "C"; "P", "l_kernel"), in its second and third ("log_dt", "inv_w_real",
    "w_imag", "L"; "inv_A_real", "A_imag") and of the minimal S4D ("log_dt", "log_A_real",
    "A_imag", "C").
    The backward half of a bidirectional S4 or S4D layer has no D and is strictly anticausal,
    y_k += sum_j K_j u_{k+1+j}; that of S5 has no D and reads the present too, y_k += sum_j K_j
    u_{k+j}. docs/theory.md (5.4), (5.19).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> one = np.ones((2, 1))
    >>> checkpoint = {"layer.kernel.log_dt": [-2.0, -3.0], "layer.kernel.log_A_real": one,
    ...               "layer.kernel.A_imag": one, "layer.kernel.C": np.ones((2, 1, 2)),
    ...               "layer.D": [1.0, 1.0]}
    >>> ht.lti.from_state_dict(checkpoint, "s4d")
    <DiagonalLTI: 1 conjugate pairs, SISO, 2 systems (2,), dt from 0.0497871 to 0.135335>
    """
    if not isinstance(mapping, Mapping):
        raise TypeError(f"mapping must be a mapping of names, got {_check.shown(mapping)}")
    if not isinstance(prefix, str):
        raise TypeError(f"prefix must be a str, got {_check.shown(prefix)}")
    _check.option("kind", kind, list(dict.fromkeys(row.kind for row in KINDS)))
    flat = _flat(mapping)
    row, where = _found(flat, kind, prefix)
    _refuse_unknown(flat, row, where)
    for name in settings:
        _check.option("setting", name, row.settings)
    names = [name for name in row.required + row.optional if where + name in flat]
    values = {name: flat[where + name] for name in names} | {"D": _feedthrough(flat, where)}
    return row.read(values, settings)


def _flat(mapping: Mapping, above: str = "") -> dict[str, Any]:
    """Return the entries under dotted names, nested ones and those with slashes too."""
    entries = {}
    for key, value in mapping.items():
        name = f"{above}{key}".replace("/", ".")
        entries |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return entries


def _found(flat: dict, kind: str, prefix: str) -> tuple[Names, str]:
    """Return the implementation and the prefix of the one layer whose names are all there."""
    rows = [row for row in KINDS if row.kind == kind]
    prefix = prefix.replace("/", ".").removesuffix(".")
    inside = [n for n in flat if not prefix or n.startswith(f"{prefix}.")]
    places = dict.fromkeys(n.rpartition(".")[0] + "." * ("." in n) for n in inside)
    fits = [
        (row, place)
        for place in places
        for row in rows
        if all(place + name in flat for name in row.required)
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        several = sorted({place for _, place in fits})
        raise ValueError(f"prefix must name one layer, got {_check.shown(prefix)}; {several} fit")
    leaves = {name.rpartition(".")[2] for name in inside}
    nearest = max(rows, key=lambda row: len(leaves & {*row.required}))
    missing = [name for name in nearest.required if name not in leaves]
    close = [n for m in missing for n in difflib.get_close_matches(m, leaves, n=1, cutoff=0.4)]
    wanted = " or ".join(str(list(row.required)) for row in rows)
    what = f"none of {missing} but {close or 'nothing near'}" if missing else "them scattered"
    raise ValueError(f"mapping must hold {wanted} below one prefix for kind {kind!r}, got {what}")


def _refuse_unknown(flat: dict, row: Names, where: str) -> None:
    """Refuse entries beside the parameters that might change the map."""
    known = {*row.required, *row.optional, "D", *IGNORED}
    beside = [n.removeprefix(where) for n in flat if n.startswith(where)]
    unknown = [n for n in beside if "." not in n and n not in known]
    if unknown:
        raise ValueError(
            _check.unknown(f"entry below {where!r}", unknown[0], sorted(known - {*IGNORED}))
            + "; leave it out of mapping if it does not change the layer"
        )


def _feedthrough(flat: dict, where: str) -> Any:
    """Return the D nearest above a prefix; 0 if there is none."""
    while True:
        if where + "D" in flat:
            return flat[where + "D"]
        if not where:
            return 0.0
        where = where.rstrip(".").rpartition(".")[0]
        where += "." if where else ""


def _both_ways(read: Callable) -> Callable:
    """Make a reader of layers whose C may hold backward halves behind the forward ones."""

    def both(values, settings):
        D = _check.array("D", on_host("D", values["D"]), real=True)
        C = _check.array("C", on_host("C", values["C"]), minimum_ndim=3)
        D = np.broadcast_to(D, C.shape[1]) if D.ndim == 0 else D
        D = D[None] if D.ndim == 1 else D
        if len(C) != 2 * len(D):
            return read(values | {"C": C, "D": D}, settings)
        forward = read(values | {"C": C[: len(D)], "D": D}, settings)
        return forward, read(values | {"C": C[len(D) :], "D": 0.0}, settings)

    return both


def _published(names: dict[str, str], sign: int, read: Callable) -> Callable:
    """Make a reader of another version: its names and sign for those of the fourth."""

    def version(values, settings):
        return read({names.get(n, n): v for n, v in values.items()}, {"sign": sign} | settings)

    return version


@_both_ways
def _s4(values, settings):
    """Read S4, whose buffer is the length that C was multiplied for."""
    length = _check.array("l_kernel", on_host("l_kernel", values.get("l_kernel", 0)), ndim=0)
    return layers_s4.from_s4(**(values | {"l_kernel": int(length)} | settings))


@_both_ways
def _s4d(values, settings):
    """Read S4D with shared states; without imaginary parts it is real."""
    return layers_s4.diagonal(**({"A_imag": None} | values | settings))


def _s5(values, settings):
    """Read S5; a layer of two directions has C1 and C2, or C of 2P columns."""
    P = len(_check.array("Lambda_re", on_host("Lambda_re", values["Lambda_re"]), ndim=1))
    halves = [values.pop(name, None) for name in ("C", "C1", "C2")]
    forward, backward = halves[0], None
    if forward is None:
        forward, backward = halves[1:]
    else:
        C = _check.array("C", on_host("C", forward), minimum_ndim=2)
        forward, backward = (C[:, :P], C[:, P:]) if C.shape[1] == 2 * P else (C, None)
    if forward is None:
        raise ValueError("mapping must hold C, or C1 and C2, for kind 's5', got neither")
    there = layers_in.from_s5(**values, C=forward, **settings)
    if backward is None:
        return there
    return there, layers_in.from_s5(**(values | {"D": 0.0}), C=backward, **settings)


SHARED = ("sign", "transforms")
OLD_S4 = {"log_dt": "inv_dt", "inv_w_real": "A_real", "w_imag": "A_imag", "L": "l_kernel"}
OLD_S4D = {"log_dt": "inv_dt", "inv_A_real": "A_real"}
LRU = ("nu_log", "theta_log", "gamma_log", "B_re", "B_im", "C_re", "C_im")

KINDS = (
    Names("s4", ("inv_dt", "A_real", "A_imag", "B", "C", "P"), ("l_kernel",), SHARED, _s4),
    Names(
        "s4",
        ("log_dt", "inv_w_real", "w_imag", "B", "C", "P"),
        ("L",),
        SHARED,
        _published(OLD_S4, 1, _s4),
    ),
    Names(
        "s4d",
        ("log_dt", "log_A_real", "A_imag", "C"),
        ("B",),
        ("scheme",),
        lambda values, settings: layers_in.from_s4d(**values, **settings),
    ),
    Names("s4d", ("inv_dt", "A_real", "B", "C"), ("A_imag",), (*SHARED, "scheme"), _s4d),
    Names(
        "s4d",
        ("log_dt", "inv_A_real", "A_imag", "B", "C"),
        (),
        (*SHARED, "scheme"),
        _published(OLD_S4D, 1, _s4d),
    ),
    Names(
        "s5",
        ("Lambda_re", "Lambda_im", "B", "log_step"),
        ("C", "C1", "C2"),
        ("scheme", "conj_sym", "clip_eigs", "step_rescale"),
        _s5,
    ),
    Names("lru", LRU, (), (), lambda values, _: layers_in.from_lru(**values)),
    Names("hope", ("log_dt", "H"), (), (), lambda values, _: layers_s4.from_hope(**values)),
)
