"""Every test and every docstring's example starts from the same seed, in English."""

import pytest

import normax as nx
from normax.language import speak


@pytest.fixture(autouse=True)
def _seed():
    nx.manual_seed(0)
    speak("en")


def pytest_terminal_summary(terminalreporter):
    """Say what a test wants to be read, though it passed: how many of scikit-learn's own tests pass."""
    for report in (r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])):
        for name, told in report.user_properties:
            terminalreporter.write_line(f"{name}: {told}")
