"""Estimators of squared error fit and predict rows beyond memory as they do tables."""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from normax.errors import InputError
from normax.linear_model import ElasticNet, ElasticNetCV, Lasso, LassoCV, Ridge, RidgeCV, cv_path, row_source

N, P = 240, 5
NAMES = list("abcde")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P)) @ rng.normal(size=(P, P))
    return X, X @ rng.normal(size=(P, 2)) + rng.normal(size=(N, 2)), rng.random(N)


@pytest.fixture(scope="module")
def frame(table):
    pd = pytest.importorskip("pandas")
    X, Y, w = table
    return pd.DataFrame(X, columns=NAMES).assign(t=Y[:, 0], u=Y[:, 1], w=w)


@pytest.fixture(scope="module")
def folder(frame, tmp_path_factory):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    place = tmp_path_factory.mktemp("parquet")
    for i in range(2):
        part = frame.iloc[i * 120 : (i + 1) * 120]
        pq.write_table(pa.Table.from_pandas(part, preserve_index=False), place / f"{i}.parquet")
    return place


MODELS = [
    Lasso(0.1),
    ElasticNet(0.1, penalty_factor=[0, 1, 2, 1, 1]),
    Ridge(3.0),
    LassoCV(alphas=20),
    ElasticNetCV(alphas=[0.1, 0.01], l1_ratio=[0.5, 0.9], cv=3, select="1se"),
    LassoCV(alphas=[0.1, 0.01], cv=KFold(4, shuffle=True, random_state=0)),
    RidgeCV(cv=4),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_a_folder_and_a_dask_frame_are_the_table(model, table, frame, folder):
    dd = pytest.importorskip("dask.dataframe")
    Y, w = table[1], table[2]
    whole = type(model)(**model.get_params()).fit(frame[NAMES], Y[:, 0], sample_weight=w)
    collection = dd.from_pandas(frame, npartitions=3)
    for data in (folder, collection):
        rows = row_source(data, "t", sample_weight="w", features=NAMES)
        parts = type(model)(**model.get_params()).fit(rows, None)
        np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(parts.intercept_, whole.intercept_, rtol=1e-9, atol=1e-11)
        assert parts.gap_ < 1e-12
        assert getattr(parts, "alpha_", 0) == pytest.approx(getattr(whole, "alpha_", 0), rel=1e-12)
        if hasattr(whole, "mse_path_"):
            np.testing.assert_allclose(parts.mse_path_, whole.mse_path_, rtol=1e-10)
        assert list(parts.feature_names_in_) == NAMES
        assert parts.n_features_in_ == P
        told, known = parts.summary(), whole.summary()
        assert told.facts["rows, features"] == known.facts["rows, features"] == f"{N}, {P}"
        assert told.facts["deviance explained"] == known.facts["deviance explained"]
        predictions = parts.predict(data) if data is folder else parts.predict(data).compute()
        np.testing.assert_allclose(predictions, whole.predict(frame[NAMES]), rtol=1e-9)


def test_several_outputs_of_dask_arrays(table):
    da = pytest.importorskip("dask.array")
    X, Y, _ = table
    for whole, parts in (
        (Lasso(0.1), Lasso(0.1)),
        (Ridge([1.0, 2.0]), Ridge([1.0, 2.0])),
        (RidgeCV(cv=3), RidgeCV(cv=3)),
    ):
        whole.fit(X, Y)
        parts.fit(da.from_array(X, chunks=(70, 3)), da.from_array(Y, chunks=(50, 1)))
        np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-10, atol=1e-12)
        lazy = parts.predict(da.from_array(X, chunks=(70, 3)))
        assert lazy.shape == (N, 2)
        assert hasattr(lazy, "dask")
        np.testing.assert_allclose(lazy.compute(), whole.predict(X), rtol=1e-9)


def test_cv_path_of_blocks_is_that_of_the_table(table):
    X, Y, w = table
    rows = row_source(X, Y[:, 0], sample_weight=w, block_size=2000)
    for options in ({"foldid": np.arange(N) % 4, "strengths": [0.5, 0.1, 0.01]}, {"cv": 3, "l1_ratio": 0.5}):
        whole = cv_path(X, Y[:, 0], sample_weight=w, **options)
        found = cv_path(rows, None, **options)
        for name in ("strengths", "mean", "se", "fold_errors"):
            np.testing.assert_allclose(getattr(found, name), getattr(whole, name), rtol=1e-9, err_msg=name)
        assert (found.min, found.one_se) == (whole.min, whole.one_se)
        np.testing.assert_array_equal(found.foldid, whole.foldid)
        np.testing.assert_allclose(found.predict(X), whole.predict(X), rtol=1e-9)
    with pytest.raises(InputError, match="keep, measure='mae': a source"):
        cv_path(rows, None, measure="mae", keep=True)


def test_what_sources_cannot_do_is_refused(table, frame, folder):
    X, Y, _ = table
    source = row_source(X, Y[:, 0])
    for fit, told in (
        (lambda: RidgeCV().fit(source, None), "cv: .*give cv=10"),
        (lambda: RidgeCV(cv=3, scoring="r2").fit(source, None), "scoring: .*a scorer asks for all rows"),
        (lambda: LassoCV(cv=N + 1).fit(source, None), "cv: expected from 2 to 240 folds"),
        (
            lambda: LassoCV(cv=[(np.arange(50), np.arange(50, 100))]).fit(source, None),
            "does not train on all rows",
        ),
        (lambda: Lasso().fit(source, None, offset=np.zeros(N)), "offset: expected None beside a source"),
        (
            lambda: Lasso().fit(source, None).predict(row_source(X[:, :3])),
            "expected the 5 columns of the fit, got 3",
        ),
        (lambda: Lasso().fit(folder, "T"), "no column is 'T'; did you mean 't'"),
    ):
        with pytest.raises(InputError, match=told):
            fit()


def test_a_memory_map_larger_than_a_block_is_read_in_blocks(table, tmp_path, monkeypatch):
    from normax.linear_model.estimators import blockwise

    X, Y, w = table
    held = np.memmap(tmp_path / "X", dtype=np.float64, mode="w+", shape=X.shape)
    held[:] = X
    read = []
    gathered = blockwise.OfSources._gathered
    monkeypatch.setattr(blockwise, "BLOCK", 1000)
    monkeypatch.setattr(blockwise.OfSources, "_gathered", lambda *a: read.append(a[1]) or gathered(*a))
    for model in (Lasso(0.1), LassoCV(alphas=10), Ridge(1.0), RidgeCV(cv=3)):
        for y in (Y[:, 0], Y[:, :1]) if not isinstance(model, LassoCV) else (Y[:, 0],):
            whole = type(model)(**model.get_params()).fit(X, y, sample_weight=w)
            blocks = type(model)(**model.get_params()).fit(held, y, sample_weight=w)
            np.testing.assert_allclose(blocks.coef_, whole.coef_, rtol=1e-9, atol=1e-11)
            assert np.shape(blocks.intercept_) == np.shape(whole.intercept_)
            np.testing.assert_allclose(blocks.predict(held), whole.predict(X), rtol=1e-9)
    assert len(read) == 7
    LassoCV(alphas=5, cv=KFold(3, shuffle=True)).fit(held, Y[:, 0])  # any splitter, as of a table
    Lasso(0.1).fit(held, Y[:, 0], offset=np.ones(N))
    assert len(read) == 7


@pytest.mark.slow
def test_a_cluster_reduces_partitions_where_they_lie(table):
    """Two processes of Dask: what comes back is moments, and the answer is that of the table."""
    distributed, da = pytest.importorskip("distributed"), pytest.importorskip("dask.array")
    X, Y, w = table
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        cluster.get_client(),
    ):
        rows = row_source(
            da.from_array(X, chunks=(40, P)), da.from_array(Y[:, 0], chunks=40), sample_weight=w
        )
        parts = LassoCV(alphas=10).fit(rows, None)
        changed = row_source(da.random.random((80, P), chunks=(40, P)), np.arange(80.0))
        changed._seen, changed._whole = [(40, 0, 0), (40, 0, 0)], True
        with pytest.raises(InputError, match="not those of the first pass"):
            Ridge().fit(changed, None)
    whole = LassoCV(alphas=10).fit(X, Y[:, 0], sample_weight=w)
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-10)
    np.testing.assert_allclose(parts.mse_path_, whole.mse_path_, rtol=1e-10)
    assert rows.passes == 2
