"""Every kind of source gives the rows it was made of, in blocks, and tells what is wrong with them."""

import numpy as np
import pytest
from scipy.sparse import issparse, random_array

from normax.errors import InputError
from normax.linear_model import row_source

N, P = 300, 5
SIZE = 8 * P * 64  # bytes of a block of 64 rows


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, P)), rng.normal(size=N), rng.random(N)


def frame_of(X, y, w):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(X, columns=[f"f{j}" for j in range(P)]).assign(target=y, w=w)


def parquet_of(X, y, w, folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {f"f{j}": X[:, j] for j in range(P)} | {"target": y, "w": w}
    table = pa.table(columns)
    for i in range(3):
        pq.write_table(table.slice(i * 100, 100), folder / f"part-{i}.parquet", row_group_size=17)
    return folder


def made(kind, X, y, w, folder):
    if kind == "array":
        return row_source(X, y, sample_weight=w, block_size=SIZE)
    if kind == "memmap":
        held = np.memmap(folder / "X.bin", dtype=np.float64, mode="w+", shape=X.shape)
        held[:] = X
        return row_source(held, y, sample_weight=w, block_size=SIZE)
    if kind == "parquet":
        return row_source(parquet_of(X, y, w, folder), "target", sample_weight="w", block_size=SIZE)
    if kind == "dataset":
        from pyarrow import dataset

        data = dataset.dataset(parquet_of(X, y, w, folder))
        return row_source(data, "target", sample_weight="w", block_size=SIZE)
    if kind == "function":
        return row_source(
            lambda: ((X[i : i + 70], y[i : i + 70], w[i : i + 70]) for i in range(0, N, 70)), block_size=SIZE
        )
    if kind == "dask array":
        da = pytest.importorskip("dask.array")
        chunked = da.from_array(X, chunks=(77, 3))
        return row_source(chunked, da.from_array(y, chunks=50), sample_weight=w, block_size=SIZE)
    dd = pytest.importorskip("dask.dataframe")
    frame = dd.from_pandas(frame_of(X, y, w), npartitions=3)
    return row_source(frame, "target", sample_weight="w", block_size=SIZE)


KINDS = ("array", "memmap", "parquet", "dataset", "function", "dask array", "dask frame")


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_are_the_rows_in_every_pass(kind, rows, tmp_path):
    X, y, w = rows
    source = made(kind, X, y, w, tmp_path)
    before = source.passes
    for _ in range(2):
        blocks = list(source.blocks())
        for found, given in (("X", X), ("y", y), ("weights", w)):
            np.testing.assert_array_equal(np.concatenate([getattr(b, found) for b in blocks]), given)
        assert [b.start for b in blocks] == np.cumsum([0, *(b.rows for b in blocks)])[:-1].tolist()
        assert max(b.X.nbytes for b in blocks) <= SIZE
    assert source.passes == before + 2
    assert source.shape == (N, P)


def test_compressed_rows_stay_compressed():
    X = random_array((200, 50), density=0.1, rng=np.random.default_rng(0), format="csr")
    blocks = list(row_source(X, block_size=1000).blocks())
    assert len(blocks) > 5
    assert all(issparse(b.X) and b.y is None for b in blocks)
    np.testing.assert_array_equal(np.vstack([b.X.toarray() for b in blocks]), X.toarray())


def test_sources_of_one_column_name_and_several_responses(rows, tmp_path):
    X, y, w = rows
    source = row_source(parquet_of(X, y, w, tmp_path), ["target", "w"], features=["f3", "f0"])
    (block,) = source.blocks()
    np.testing.assert_array_equal(block.y, np.column_stack([y, w]))
    np.testing.assert_array_equal(block.X, X[:, [3, 0]])
    assert source.names == ("f3", "f0")


def test_a_cell_that_is_not_finite_is_told_by_row_and_column(rows, tmp_path):
    X, y, w = rows
    X[213, 2] = np.nan
    for kind, where in (("memmap", "columns 2"), ("parquet", "columns 'f2'"), ("function", "columns 2")):
        folder = tmp_path / kind
        folder.mkdir()
        with pytest.raises(InputError, match=f"NaN in {where}, first at row 213"):
            list(made(kind, X, y, w, folder).blocks())
    X[213, 2], y[77] = 0.0, np.inf
    with pytest.raises(InputError, match=r"y: .*infinity at rows 77"):
        list(made("function", X, y, w, tmp_path).blocks())


def test_rows_that_change_between_passes_are_refused(rows):
    X, y, _ = rows
    calls = []

    def make():
        calls.append(None)
        for i in range(0, N, 50):
            yield X[i : i + 50] + (i == 150 and len(calls) > 3) * 1e-12, y[i : i + 50]

    source = row_source(make)  # which asks for the first block
    for _ in range(2):
        assert sum(b.rows for b in source.blocks()) == N
    with pytest.raises(InputError, match="rows 150 to 199 are not those of the first pass"):
        list(source.blocks())


def test_a_pass_of_fewer_rows_is_refused(rows):
    X, y, _ = rows
    lengths = iter([1, 3, 2])

    def make():
        return [(X[:50], y[:50])] * next(lengths)

    source = row_source(make)
    assert source.shape == (150, P)
    with pytest.raises(InputError, match="expected 150 rows as before, got 100"):
        list(source.blocks())


@pytest.mark.parametrize(
    ("give", "told"),
    [
        (lambda X, y: row_source(X, y[:-1]), "y: expected 300 rows as in X"),
        (lambda X, y: row_source(X.astype(str), y), "expected numbers in X, got dtype <U"),
        (
            lambda X, y: row_source(lambda: [(X, y), (X[:, :3], y)]),
            r"shape \(rows, 5\), got shape \(300, 3\) at row 300",
        ),
        (lambda X, y: row_source(lambda: [(X, y[:7])]), "expected y of 300 rows"),
        (lambda X, y: row_source(lambda: []), "expected blocks"),
        (lambda X, y: row_source((x for x in [(X, y)]).__iter__), "fresh pass at every call"),
        (lambda X, y: row_source(X, y, sample_weight=y), "weights >= 0"),
        (lambda X, y: row_source(3, y), "expected an array"),
        (lambda X, y: row_source("no such folder", "y"), "no such folder: cannot be read as Parquet"),
    ],
)
def test_what_is_no_source_is_refused(give, told, rows):
    X, y, _ = rows
    with pytest.raises(InputError, match=told):
        list(give(X, y).blocks())


def test_columns_of_text_are_refused_with_what_to_do(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": [1.0], "city": ["x"], "y": [0.0]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"got 'city' \(string\); leave them out"):
        row_source(tmp_path, "y")
    with pytest.raises(InputError, match="no column is 'Y'; did you mean 'y'"):
        row_source(tmp_path, "Y")
