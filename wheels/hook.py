"""A wheel with compiled kernels in it is for one platform; without them it is for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    """Mark the wheel by what `wheels/kernels.py` has put into the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        if any(Path(self.root, "src/normax/_kernels").glob("*.json")):
            build_data["pure_python"], build_data["infer_tag"] = False, True
