"""Give the wheel the dependencies of requirements.txt, so that they are written down once."""

from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


class RequirementsHook(MetadataHookInterface):
    """Fill ``project.dependencies`` from requirements.txt when a wheel or an editable install is built."""

    def update(self, metadata: dict[str, object]) -> None:
        lines = (Path(self.root) / "requirements.txt").read_text(encoding="utf-8").splitlines()
        metadata["dependencies"] = [line for line in map(str.strip, lines) if line and not line.startswith("#")]
