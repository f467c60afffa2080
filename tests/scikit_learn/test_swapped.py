"""scikit-learn's own tests, as installed, on normax's estimators: what fails is a known difference, and only that.

`differences/*.toml` knows of each of its test files, of which `only` may name some of the tests as pytest's -k does,

- `private`: tests of scikit-learn's inner functions, which say nothing of behaviour and are left out of the count;
- `[[difference]]`: tests that fail since normax decides otherwise, with scikit-learn's way, normax's and the reason,
  which is a row of the table in docs/coming-from-scikit-learn.md;
- `missing`: tests that fail for want of something, the work that is left.

The table is written by `python tests/scikit_learn/table.py`. A test is named by its node
id without the file; a name without brackets means all its parameters, `*` anything.
"""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = runpy.run_path(str(HERE / "table.py"))
KNOWN = TABLE["known"]()


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


@pytest.mark.parametrize("language", TABLE["PAGES"])
def test_the_documentation_lists_every_known_difference(language):
    text = TABLE["PAGES"][language].read_text(encoding="utf-8")
    assert text == TABLE["written"](text, language), "run python tests/scikit_learn/table.py"
    assert len(TABLE["rows"]("zh")) == len(TABLE["rows"]("en"))


def test_a_list_that_tells_too_much_or_too_little_is_found_out():
    known = {
        "private": ["test_a"],
        "missing": ["test_b"],
        "difference": [{"tests": ["test_c[x*]", "test_d"]}],
    }
    good = {
        "test_a[1]": "passed",
        "test_b": "failed",
        "test_c[x1]": "failed",
        "test_c[y]": "passed",
        "test_d": "failed",
    }
    speaking, found = faults(known, good)
    assert len(speaking) == 4
    assert not any(found.values())
    _, found = faults(
        known, {"test_a": "failed", "test_b": "passed", "test_c[x1]": "failed", "test_e": "failed"}
    )
    assert list(found.values()) == [["test_e"], ["test_b"], ["test_d"]]
