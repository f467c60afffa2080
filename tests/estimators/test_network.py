"""Network estimators: what scikit-learn's users do with an estimator, and what normax's expect of a penalty."""

import pickle
from functools import partial

import jax
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import normax as nx
from normax import InputError, NetworkClassifier, NetworkRegressor, nn
from normax.estimators.modules import make
from normax.penalties import L1, L2

pytestmark = pytest.mark.filterwarnings("ignore::normax.errors.Notice")
SHORT = {"epochs": 40, "batch_size": 64, "learning_rate": 0.03, "random_state": 0}


def mlp(in_features, out_features, width=8):
    return nn.Sequential(nn.Linear(in_features, width), nn.ReLU(), nn.Linear(width, out_features))


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    X = random.normal(size=(90, 4))
    return X, 10 * X[:, 0] * X[:, 1] + 100 + random.normal(size=90)


def test_the_path_inside_chooses_and_its_strength_given_fits_the_same(table):
    X, y = table
    chosen = NetworkRegressor(mlp, "l1", strengths=4, cv=3, **SHORT).fit(X, y)
    assert chosen.strength_ == chosen.path_.best.strength
    assert not hasattr(chosen, "history_")
    assert np.allclose(chosen.predict(X), chosen.path_.predict(X), rtol=1e-6)
    given = clone(chosen).set_params(strength=chosen.strength_).fit(X, y)
    assert np.allclose(given.predict(X), chosen.predict(X), rtol=1e-3)
    assert (np.asarray(given.net_[0].weight) == 0).sum() == (np.asarray(chosen.net_[0].weight) == 0).sum()
    assert not hasattr(chosen.set_params(strength=0.0).fit(X, y), "path_")


def test_labels_of_any_kind_with_one_output_two_or_three(table):
    X, y = table
    for labels, outputs in (
        (np.array(["low", "high"])[(y > 100).astype(int)], None),
        (y > 100, 2),
        (pd.cut(pd.Series(y), 3, labels=["a", "b", "c"]).astype(str).to_numpy(dtype=object), None),
    ):
        module = mlp if outputs is None else mlp(4, outputs)
        model = NetworkClassifier(module, L2(1e-3), class_weight="balanced", **SHORT).fit(X, labels)
        P = model.predict_proba(X)
        assert P.shape == (90, len(set(labels)))
        assert np.allclose(P.sum(1), 1, atol=1e-6)
        assert np.array_equal(model.classes_[P.argmax(1)], model.predict(X))
        assert np.allclose(np.log(P), model.predict_log_proba(X), atol=1e-5)
        assert model.score(X, labels) > 0.8
        assert model.predict(X).dtype == labels.dtype


def test_early_stopping_keeps_the_best_epoch(table):
    X, y = table
    stopping = NetworkRegressor(
        mlp, None, early_stopping=True, n_iter_no_change=3, **SHORT | {"epochs": 500}
    ).fit(X, y)
    assert stopping.n_iter_ == len(stopping.history_.loss) < 500
    chosen = clone(stopping).set_params(penalty="l2", strengths=[0.1, 1e-3], cv=2).fit(X, y)
    assert not hasattr(chosen, "history_")
    epochs = chosen.path_.epochs[:, chosen.path_.best.index]
    assert chosen.n_iter_ == epochs[-1] == np.floor(np.median(epochs[:-1]) + 0.5) < 500
    again = pickle.loads(pickle.dumps(chosen))
    assert np.array_equal(again.predict(X), chosen.predict(X))
    best = int(np.argmin(stopping.history_.validation_loss))
    assert stopping.n_iter_ == best + 1 + 3


def test_in_a_pipeline_with_names_in_a_search_and_pickled(table):
    X, y = table
    frame = pd.DataFrame(X, columns=list("abcd")).assign(town=np.where(X[:, 0] > 0, "Oslo", "Bergen"))
    columns = make_column_transformer(
        (StandardScaler(), list("abcd")), (OneHotEncoder(sparse_output=False), ["town"])
    ).set_output(transform="pandas")
    pipeline = make_pipeline(columns, NetworkRegressor(penalty=L1(), strength=0.01, **SHORT))
    grid = {"networkregressor__module": [partial(mlp, width=4)]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(frame, y)
    best = search.best_estimator_[-1]
    assert list(best.feature_names_in_)[:2] == ["standardscaler__a", "standardscaler__b"]
    assert best.n_features_in_ == 6
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert np.array_equal(again.predict(frame), search.predict(frame))


@pytest.mark.slow
def test_counts_columns_and_images(table):
    X, y = table
    counts = np.round(np.exp(X[:, 0] + 1))
    rates = NetworkRegressor(mlp, L2(1e-3), loss="poisson", **SHORT).fit(X, counts).predict(X)
    assert (rates > 0).all()
    assert np.corrcoef(rates, counts)[0, 1] > 0.9
    both = (
        NetworkRegressor(mlp, L2(1e-3), **SHORT).fit(X, np.stack([X[:, 0], 50 + 5 * X[:, 1]], 1)).predict(X)
    )
    assert both.shape == (90, 2)
    assert abs(both.mean(0) - [0, 50]).max() < 1
    images = X.reshape(90, 1, 2, 2)
    convolve = lambda: nn.Sequential(nn.LazyConv2d(4, 2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(1))  # noqa: E731
    assert (
        NetworkClassifier(convolve, None, **SHORT).fit(images, X[:, 0] > 0).score(images, X[:, 0] > 0) > 0.9
    )


def test_a_second_fit_compiles_nothing(table):
    X, y = table
    compiled = []

    def listen(event, seconds, **_):
        if "backend_compile" in event:
            compiled.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        for options in ({"penalty": L1(1e-3)}, {"penalty": "l1", "strengths": 3, "cv": 3}):
            model = NetworkRegressor(mlp, **{**SHORT, "epochs": 6}, **options)
            model.fit(X, y).predict(X)
            assert compiled
            compiled.clear()
            first = clone(model).fit(X, y)
            other = (
                clone(model).set_params(random_state=1).fit(X, -y)
            )  # other data, folds and starting weights
            assert first.score(X, y) != other.score(X, y)
            assert compiled == []
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def test_frozen_weights_are_ones_own_in_networks_built_alike(table):
    X, y = table
    for seed in (0, 1):
        nx.manual_seed(seed)
        net = mlp(4, 1)
        net[0].requires_grad_(False)
        model = NetworkRegressor(net, L2(1e-3), **SHORT).fit(X, y)
        assert np.array_equal(np.asarray(model.net_[0].weight), np.asarray(net[0].weight))
        hidden = np.maximum(
            model._member.transform.transform(X) @ np.asarray(net[0].weight).T + net[0].bias, 0
        )
        last = model.net_[2]
        scaled = hidden @ np.asarray(last.weight).T + np.asarray(last.bias)
        found = model._member.centre + model._member.scale * scaled[:, 0]
        np.testing.assert_allclose(model.predict(X), found, rtol=1e-4, atol=1e-4)
        assert model.history_.loss[-1] < model.history_.loss[0]


def test_an_instance_is_copied_and_every_fit_starts_from_its_weights(table):
    X, y = table
    nx.manual_seed(3)
    net = nx.penalize(mlp(4, 1), L1(10.0))  # its own penalty adds
    before = np.asarray(net[0].weight).copy()
    model = NetworkRegressor(net, L2(1e-3), **SHORT).fit(X, y)
    assert np.array_equal(np.asarray(net[0].weight), before)
    assert not np.asarray(model.net_[0].weight).any()
    assert np.array_equal(model.predict(X), clone(model).fit(X, y).predict(X))


def test_what_cannot_be_used_is_said(table):
    X, y = table
    with pytest.raises(InputError, match=r"expected \(rows, 1\).* got \(2, 3\)"):
        NetworkRegressor(mlp(4, 3), L2(0.1)).fit(X, y)
    with pytest.raises(InputError, match="cannot be called on 2 rows"):
        NetworkRegressor(mlp(5, 1), L2(0.1)).fit(X, y)
    with pytest.raises(InputError, match="str in column c"):
        NetworkRegressor(mlp, **SHORT).fit(pd.DataFrame(X, columns=list("abde")).assign(c="x"), y)
    with pytest.raises(InputError, match=r"take nx\.NetworkClassifier"):
        NetworkRegressor(mlp, **SHORT).fit(X, np.where(y > 0, "more", "less"))
    with pytest.raises(InputError, match="no class 'Big'; did you mean 'big'"):
        NetworkClassifier(mlp, class_weight={"Big": 2.0}, **SHORT).fit(X, np.where(y > 100, "big", "small"))
    with pytest.raises(InputError, match="also needs depth"):
        make(lambda in_features, out_features, depth: None, X, [1])
    with pytest.raises(InputError, match=r"penalty: unknown 'l3'.*did you mean 'l"):
        NetworkRegressor(mlp, "l3", strength=0.1).fit(X, y)
    with pytest.raises(InputError, match="'cv' needs a penalty"):
        NetworkRegressor(mlp, None, strength="cv").fit(X, y)
    with pytest.raises(InputError, match=r"optax has no 'adm'; did you mean 'adam'"):
        NetworkRegressor(mlp, L2(0.1), optimizer="adm").fit(X, y)
    with pytest.raises(InputError, match="rows of shape"):
        NetworkRegressor().fit(X.reshape(90, 2, 2), y)
    with pytest.raises(InputError, match="epochs: expected a whole number"):
        NetworkRegressor(mlp, L2(0.1), epochs=0).fit(X, y)
    stopping = NetworkRegressor(mlp, L2(0.1), early_stopping=True)
    with pytest.raises(InputError, match=r"groups: expected one for each of 90 rows, got shape \(3,\)"):
        stopping.fit(X, y, groups=[1, 2, 3])
    with pytest.raises(InputError, match=r"^validation_fraction: all training rows are of one group"):
        stopping.fit(X, y, groups=[1] * 90)
    for strength in (1.0, "cv"):
        stopping.set_params(penalty="l2", strength=strength, validation_fraction=0.001)
        with pytest.raises(InputError, match=r"^validation_fraction: a share of 0\.001 of \d+ training rows"):
            stopping.fit(X, y)
