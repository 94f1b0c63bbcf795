"""Hatch's hook that places templates, config and examples inside `idp` when a wheel is built.

An editable install must not get copies: they would go stale beside the folders that a developer edits, so it reads
those at the root of the checkout instead. Migrations need no placing; they live in `idp/storage/migrations`.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACED = ("config", "examples", "templates")


class PlaceResources(BuildHookInterface[Any]):
    """Adds the folders of the root to a wheel, and to nothing else."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add each folder under the name by which installed code asks for it."""
        if version == "standard":
            build_data["force_include"] |= {str(Path(self.root) / name): f"idp/{name}" for name in PLACED}
