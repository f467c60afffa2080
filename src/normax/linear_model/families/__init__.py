"""Loss families, one a file; `Family` says what each must tell."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError, suggest
from normax.linear_model.families.base import Family
from normax.linear_model.families.binomial import Binomial
from normax.linear_model.families.cox import Cox
from normax.linear_model.families.gaussian import Gaussian
from normax.linear_model.families.huber import Huber
from normax.linear_model.families.multinomial import Multinomial
from normax.linear_model.families.negative_binomial import NegativeBinomial
from normax.linear_model.families.ordinal import Ordinal
from normax.linear_model.families.poisson import Poisson
from normax.linear_model.families.quantile import Quantile
from normax.linear_model.families.quasi import Quasi
from normax.linear_model.families.tweedie import Gamma, Tweedie

__all__ = [
    "FAMILIES",
    "Binomial",
    "Cox",
    "Family",
    "Gamma",
    "Gaussian",
    "Huber",
    "Multinomial",
    "NegativeBinomial",
    "Ordinal",
    "Poisson",
    "Quantile",
    "Quasi",
    "Tweedie",
    "family_of",
]

FAMILIES: dict[str, type[Family]] = {
    f.name: f
    for f in (
        *(Gaussian, Binomial, Multinomial, Poisson, NegativeBinomial, Gamma, Tweedie),
        *(Huber, Quantile, Ordinal, Cox),
    )
}


def family_of(family: Any) -> Family:
    """The family of a name, a class, or as it is.

    Raises:
        InputError: for anything else.

    Example:
        >>> family_of("quantile"), family_of(Quantile(0.9))
        (Quantile(level=0.5), Quantile(level=0.9))
    """
    if isinstance(family, Family):
        return family
    if isinstance(family, type) and issubclass(family, Family):
        return family()
    if not isinstance(family, str) or family not in FAMILIES:
        raise InputError(
            f"family: expected one of {', '.join(FAMILIES)}, or a Family such as Quantile(0.9), got {family!r}"
            f"{suggest(family, FAMILIES) if isinstance(family, str) else ''}"
        )
    return FAMILIES[family]()
