"""scikit-learn's own tests, as installed, on normax's estimators: what fails is a known difference, and only that.

`differences/*.toml` knows of each of its test files, of which `only` may name some of the tests as pytest's -k does,

- `private`: tests of scikit-learn's inner functions, which say nothing of behaviour and are left out of the count;
- `[[difference]]`: tests that fail since normax decides otherwise, with scikit-learn's way, normax's and the reason,
  which is a row of the table in docs/coming-from-scikit-learn.md;
- `missing`: tests that fail for want of something, the work that is left.

A test is named by its node id without the file; a name without brackets means all its parameters, `*` anything.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KNOWN = {file.stem: tomllib.loads(file.read_text()) for file in sorted((HERE / "differences").glob("*.toml"))}


def matches(pattern, name):
    return (
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))) + r"(\[.*)?", name, re.DOTALL) is not None
    )


def outcomes_of(module, only, folder):
    """How each test of a module of scikit-learn's goes with the names swapped; `only` is pytest's -k."""
    told = folder / "outcomes.json"
    command = [sys.executable, "-m", "pytest", "--pyargs", module, "-p", "swapped", "-p", "no:cacheprovider"]
    command += [
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
        "--outcomes",
        str(told),
        "-q",
        "--tb=line",
        "-k",
        only,
    ]
    path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert told.exists(), done.stdout + done.stderr
    return json.loads(told.read_text())


def faults(known, outcomes):
    """What the list of known differences does not tell, or tells wrongly."""
    patterns = [*known["missing"], *(test for row in known.get("difference", []) for test in row["tests"])]
    speaking = {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome != "skipped" and not any(matches(p, name) for p in known["private"])
    }
    unknown = [
        name
        for name, outcome in speaking.items()
        if outcome == "failed" and not any(matches(p, name) for p in patterns)
    ]
    gone = [p for p in known["private"] + patterns if not any(matches(p, name) for name in outcomes)]
    mended = [
        name
        for name, outcome in speaking.items()
        if outcome == "passed" and any(matches(p, name) for p in patterns)
    ]
    return speaking, {
        "fails, and is not listed": unknown,
        "is listed, and passes": mended,
        "is not there": gone,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_scikit_learns_own_tests_pass_but_for_the_known_differences(name, tmp_path, record_property):
    known = KNOWN[name]
    speaking, found = faults(known, outcomes_of(known["module"], known.get("only", ""), tmp_path))
    passed = sum(outcome == "passed" for outcome in speaking.values())
    record_property(
        "scikit-learn", f"{known['module']}: {passed} of {len(speaking)} pass on normax's estimators"
    )
    wrong = [f"{test}: {what}" for what, tests in found.items() for test in tests]
    assert not wrong, "\n".join([f"{name}.toml", *wrong])
