import numpy as np
import scipy.linalg

from normax.linear_model import Ridge
from normax.linear_model.design import factors


def test_a_failure_of_divide_and_conquer_ends_no_fit(monkeypatch):
    """LAPACK's failure depends on the machine; here it is made."""
    X = np.random.default_rng(0).normal(size=(20, 5))
    expected = Ridge(alpha=0.0).fit(X, X[:, 0]).coef_
    drivers = []

    def svd(Z, lapack_driver="gesdd", **options):
        drivers.append(lapack_driver)
        if lapack_driver == "gesdd":
            raise scipy.linalg.LinAlgError("SVD did not converge")
        return scipy.linalg.svd(Z, lapack_driver=lapack_driver, **options)

    monkeypatch.setattr(factors, "svd", svd)
    np.testing.assert_allclose(Ridge(alpha=0.0).fit(X, X[:, 0]).coef_, expected, atol=1e-12)
    U, sigma, Vt = factors.thin_svd(X)
    np.testing.assert_allclose(U * sigma @ Vt, X, atol=1e-12)
    assert set(drivers) == {"gesdd", "gesvd"}


def test_a_failure_of_eigenvalues_ends_no_fit(monkeypatch):
    X = np.random.default_rng(0).normal(size=(20, 5))
    expected = Ridge(alpha=1.0).fit(X, X[:, 0]).coef_

    def eigh(K):
        raise np.linalg.LinAlgError("Eigenvalues did not converge")

    monkeypatch.setattr(np.linalg, "eigh", eigh)
    np.testing.assert_allclose(Ridge(alpha=1.0).fit(X, X[:, 0]).coef_, expected, atol=1e-12)
    values, V = factors.eigen(X.T @ X)
    np.testing.assert_allclose(V * values @ V.T, X.T @ X, atol=1e-12)
    assert (np.diff(values) >= 0).all()
