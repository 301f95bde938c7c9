"""Each study is one claim, one table and one figure; `python -m studies list` names them."""

import pkgutil


def names() -> list[str]:
    """Return the names of all studies: the modules here without a leading underscore."""
    return sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )
