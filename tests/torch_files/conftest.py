"""The files in `models` are written for PyTorch: nothing of them is collected here."""

collect_ignore_glob = ["models/*", "regenerate.py", "without_torch.py"]
