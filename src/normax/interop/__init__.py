"""Weights in files: safetensors of our own, PyTorch's to read."""

from normax.interop.weights import load, save

__all__ = ["load", "save"]
