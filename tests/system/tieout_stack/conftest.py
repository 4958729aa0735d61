"""Folders that the user who runs Postgres can enter."""

from tests.folders import open_folder, open_module_folder

__all__ = ["open_folder", "open_module_folder"]
