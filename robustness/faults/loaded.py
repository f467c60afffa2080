"""What every work imports, once: the processes that are forked from here begin with it. No device is touched."""

import joblib
import matplotlib.figure
import sklearn.linear_model

import normax.cli.model.saved
import normax.cli.runs.path
import normax.interop
import normax.linear_model
import normax.paths.network
import normax.training.fit

__all__ = ["joblib", "matplotlib", "normax", "sklearn"]
