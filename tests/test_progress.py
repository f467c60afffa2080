"""What a progress bar shows of names is text: nothing in it moves the cursor, nothing is taken for markup."""

from normax.progress import progress_bar


def test_names_are_shown_as_they_are(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("fit", 2, True) as report:
        report(1, lambda: "loss[bold] 1.0 \x1b[2J")
    said = capsys.readouterr().err
    assert "loss[bold]" in said
    assert "\x1b[2J" not in said
