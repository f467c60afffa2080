"""Every test and every docstring's example starts from the same seed."""

import pytest

import normax as nx


@pytest.fixture(autouse=True)
def _seed():
    nx.manual_seed(0)
