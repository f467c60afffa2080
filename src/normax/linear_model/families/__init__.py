"""Loss families, one a file; `Family` says what each must tell."""

from normax.linear_model.families.base import Family
from normax.linear_model.families.binomial import Binomial
from normax.linear_model.families.gaussian import Gaussian
from normax.linear_model.families.multinomial import Multinomial
from normax.linear_model.families.poisson import Poisson

__all__ = ["FAMILIES", "Binomial", "Family", "Gaussian", "Multinomial", "Poisson"]

FAMILIES: dict[str, type[Family]] = {f.name: f for f in (Gaussian, Binomial, Multinomial, Poisson)}
