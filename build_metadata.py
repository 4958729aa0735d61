"""Fill the wheel's dependencies and extras from the requirements files, so that each package is named once."""

from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


class RequirementsHook(MetadataHookInterface):
    """Set ``dependencies`` and ``optional-dependencies`` when a wheel, an sdist or an editable install is built."""

    def update(self, metadata: dict[str, object]) -> None:
        """Store the lines of the requirements files in ``metadata``."""
        simulator = self._lines("requirements-simulator.txt")
        metadata["dependencies"] = self._lines("requirements.txt")
        metadata["optional-dependencies"] = {
            "simulator": simulator,
            "demo": [*simulator, *self._lines("requirements-demo.txt")],
        }

    def _lines(self, name: str) -> list[str]:
        lines = (Path(self.root) / name).read_text(encoding="utf-8").splitlines()
        return [line for line in map(str.strip, lines) if line and not line.startswith("#")]
