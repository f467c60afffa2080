"""What moves on the page moves by mouse and by keys, and says what Python says."""

import csv

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from normax.report.strength_axis import number

pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def shown(window):
    """Names and coefficients in the table's order."""
    rows = window.js(
        "return [...document.querySelectorAll('table.long tbody tr:not(.gap)')].map((r) => [...r.cells].map((c) => c.textContent))"
    )
    return {row[0]: row[2].replace("−", "-").replace(",", "") for row in rows}


def test_the_slider_takes_everything_with_it(window, made):
    path, weight = made.lasso.path, made.lasso.path.weights["weight"][:, 0]
    window.open(made.lasso.file)
    for place in (path.best.index, 0, 24, 7):
        window.go(place)
        assert window.text(".facts .strength") == number(path.strengths[place])
        assert window.text(".facts .left") == str(path.nonzero[place])
        assert window.text(".facts .train") == number(path.train_mean[place])
        assert window.text(".facts .error") == f"{number(path.cv_mean[place])} ± {number(path.cv_se[place])}"
        table = shown(window)
        order = np.argsort(-abs(weight[place]), kind="stable")
        assert list(table) == [path.feature_names[j] for j in order]
        told = [float(table[name]) for name in path.feature_names]
        assert np.allclose(told, weight[place], rtol=6e-3)
        held = path.held_out(place)
        rmse = np.sqrt(np.mean((held - made.lasso.y) ** 2))
        assert f"RMSE {number(rmse)}" in window.text("[data-part=answers] p")
    assert window.complaints() == []


def test_keys_and_buttons_move_too(window, made):
    path = made.lasso.path
    window.open(made.lasso.file)
    best = path.best.index
    body, slider = window.find("body"), window.find(".range input")
    body.send_keys(Keys.ARROW_RIGHT)
    assert window.text(".facts .strength") == number(path.strengths[best + 1])
    body.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert window.text(".facts .strength") == number(path.strengths[best - 1])
    slider.send_keys(Keys.END)
    assert window.text(".facts .strength") == number(path.strengths[-1])
    slider.send_keys(Keys.ARROW_LEFT)
    assert window.text(".facts .strength") == number(path.strengths[-2])
    assert number(path.strengths[-2]) in slider.get_attribute("aria-valuetext")
    window.find("[data-go=minimum]").send_keys(Keys.ENTER)
    assert window.text(".facts .strength") == number(path.minimum.strength)
    assert window.find("[data-go=minimum]").get_attribute("aria-pressed") == "true"


def test_a_press_on_a_plot_goes_there_and_hovering_names_what_is_under(window, made):
    path = made.lasso.path
    window.open(made.lasso.file)
    window.point("[data-part=traces] .plot", 0.12, 0.5, press=True)
    assert float(window.text(".facts .strength")) > path.strengths[3]
    window.go(24)
    largest = int(np.argmax(path.weights["weight"][24, 0]))
    ring = "const c = [...document.querySelectorAll('[data-part=traces] circle.ring')].reduce((a, b) => (+b.getAttribute('cy') < +a.getAttribute('cy') ? b : a)); const s = c.ownerSVGElement; return [c.getAttribute('cx') / s.clientWidth, c.getAttribute('cy') / s.clientHeight]"
    window.point("[data-part=traces] .plot", *window.js(ring))
    told = window.texts(".tooltip b, .tooltip span")
    assert told[0] == path.feature_names[largest]
    assert told[1] == number(path.weights["weight"][24, 0, largest])
    window.point("[data-part=errors] .plot", 0.3, 0.5)
    assert window.text(".tooltip").startswith("s = ")


def test_a_search_finds_and_heads_sort(window, made):
    window.open(made.lasso.file)
    search = window.find("input[type=search]")
    search.send_keys("BM")
    assert list(shown(window)) == ["bmi"]
    assert window.js("return document.querySelectorAll('.accent').length") == 1
    search.clear()
    search.send_keys(Keys.SPACE, Keys.BACKSPACE)
    head = window.find("table.long th button")
    head.click()
    names = list(shown(window))
    assert names == ["age", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "sex"]
    assert (
        window.js("return document.querySelector('table.long th').getAttribute('aria-sort')") == "ascending"
    )
    window.driver.find_elements("css selector", "table.long th button")[1].click()
    values = [float(v) for v in shown(window).values()]
    assert values == sorted(values, reverse=True)
    heads = "[...document.querySelectorAll('table[data-file=baselines] th button')]"
    window.js(f"{heads}[3].click()")
    errors = [t.replace(",", "") for t in window.texts("table[data-file=baselines] td:nth-child(4)")]
    assert [float(e) for e in errors] == sorted(map(float, errors), reverse=True)


def test_a_table_goes_home_as_csv(window, made):
    window.open(made.hostile.file)
    window.find("[data-part=coefficients] .tools button").click()
    file = window.downloads / "coefficients.csv"
    WebDriverWait(window.driver, 20).until(lambda _: file.exists() and file.stat().st_size > 0)
    text = file.read_text(encoding="utf-8-sig")
    rows = {row["feature"]: float(row["coefficient"]) for row in csv.DictReader(text.splitlines())}
    path = made.hostile.path
    weight = dict(zip(path.feature_names, path.weights["weight"][path.best.index, 0]))
    assert rows.pop("'=cmd|' /C calc'!A0") == pytest.approx(weight.pop("=cmd|' /C calc'!A0"))
    assert rows == pytest.approx(weight)


def test_classes_have_curves_and_a_threshold_like_scikit_learns(window, made):
    path, y = made.classes.path, made.classes.y
    window.open(made.classes.file)
    logits = path.held_out()
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert f"AUC {number(roc_auc_score(y == 1, p[:, 1]))}" in window.texts("[data-part=answers] .plot text")
    cells = [int(t) for t in window.texts("[data-part=answers] .matrix td")]
    assert cells == confusion_matrix(y, p.argmax(1)).ravel().tolist()
    precision, recall, f, support = precision_recall_fscore_support(y, p.argmax(1))
    rows = np.reshape(window.texts("[data-part=answers] table:not(.matrix) td"), (3, 5))
    for k, row in enumerate(rows):
        assert row[1:].tolist() == [str(support[k]), *(number(v[k]) for v in (precision, recall, f))]
    range_ = window.find("[data-part=answers] input[type=range]")
    range_.send_keys(Keys.HOME)
    assert window.text("[data-part=answers] output") == "0.000"


def test_a_row_is_predicted_as_the_command_does(window, table):
    window.open(table.file)
    fill = """
    for (const one of document.querySelectorAll('[data-part=row] .one')) {
      const box = one.lastElementChild, cell = arguments[0][one.querySelector('label').title];
      const words = [...(box.options ?? [])].find((o) => o.text === cell);
      box.value = words ? words.value : cell;
      box.dispatchEvent(new Event(box.options ? 'change' : 'input'));
    }
    return Number(document.querySelector('.answer b').dataset.value)
    """
    for i in range(25):
        found = window.js(fill, {name: cells[i] for name, cells in table.rows.items()})
        assert found == pytest.approx(table.predicted[i], rel=1e-12)
    added = [float(t.replace("−", "-")) for t in window.texts("[data-part=row] table td:nth-child(3)")]
    assert sum(added) == pytest.approx(found, rel=1e-3)


def test_the_constraint_picture_holds_the_fit_at_a_corner(window, made):
    path = made.lasso.path
    window.open(made.lasso.file)
    assert "exactly zero" in window.text("[data-part=constraint] [role=status]")
    touching = "const p = document.querySelector('[data-part=constraint] .ring'); return [p.getAttribute('cx'), p.getAttribute('cy')].map(Number)"
    corner = "return document.querySelector('[data-part=constraint] .allowed').getAttribute('d').match(/[-\\d.]+ [-\\d.]+/g).map((t) => t.split(' ').map(Number))"
    x, y = window.js(touching)
    nearest = min(np.hypot(a - x, b - y) for a, b in window.js(corner))
    assert nearest < 0.2  # pixels
    window.go(int(np.argmax(path.nonzero > 8)))
    assert "exactly zero" not in window.text("[data-part=constraint] [role=status]")
