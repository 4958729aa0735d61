#!/bin/bash
# Make the Airflow connections that lead to the vendor simulator at the address given.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python -m vendor_simulator connections --base-url "$1" >"$folder/simulator.json"
# Airflow's import wants the extra as text
python - "$folder" <<'PYTHON'
import json, pathlib, sys

folder = pathlib.Path(sys.argv[1])
connections = json.loads((folder / "simulator.json").read_text())
for fields in connections.values():
    if not isinstance(fields.get("extra", ""), str):
        fields["extra"] = json.dumps(fields["extra"])
(folder / "airflow.json").write_text(json.dumps(connections))
PYTHON
airflow connections import --overwrite "$folder/airflow.json"
