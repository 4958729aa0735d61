"""
Make a new vendor from templates/vendor, as a working example to be replaced: its folder, simulator, tests and account.

    make vendor NAME=acme

The template is a vendor called Acme. What is made reads its example's answers, waits, stores and passes its control.
"""

from __future__ import annotations

import argparse
import keyword
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "templates" / "vendor"
VENDORS = ROOT / "plugins" / "billing_vendors"
ACCOUNTS = Path("include", "accounts.yaml")
ENTRY = Path("accounts.yaml")
TAKEN = {"base", "web"}  # folders next to the vendors' own


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a new vendor from templates/vendor.")
    parser.add_argument("name", help="its folder: lower-case letters, digits and underscores, e.g. acme or blue_sky")
    name = parser.parse_args().name
    if error := fault_of(name):
        sys.exit(f"{name}: {error}")
    made = list(render(renamer(name, free_prefix(name))))
    finish(made)
    print(*(path.relative_to(ROOT) for path in made), sep="\n")
    print(f"Example account {name.replace('_', '-')}-example added to {ACCOUNTS}; go on with docs/add-a-vendor.md")


def fault_of(name: str) -> str:
    """Return why a vendor cannot have this name; empty if it can."""
    if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        return "a vendor's name is lower-case letters, digits and underscores, and no keyword of Python"
    if name in TAKEN or (VENDORS / name).exists():
        return "there is such a folder already"
    return ""


def free_prefix(name: str) -> str:
    """Return the shortest beginning of the name, in capital letters, that no vendor's controls have as a prefix."""
    sources = (path.read_text(encoding="utf-8") for path in VENDORS.glob("*/vendor.py"))
    used = {prefix for source in sources for prefix in re.findall(r'control_prefix="(\w+)"', source)}
    letters = re.sub("[^A-Z]", "", name.upper())
    return next(
        prefix
        for prefix in (*(letters[:length] for length in range(1, len(letters) + 1)), f"{letters}X")
        if prefix not in used
    )


def renamer(name: str, prefix: str) -> Callable[[str], str]:
    """
    Return what turns the template's texts and paths into the new vendor's.

        AcmeBillingHook, ACME, acme, Acme  -> BlueSkyBillingHook, BLUE_SKY, blue_sky, Blue Sky
        acme-example, api.acme.example     -> blue-sky-example, api.blue-sky.example
        A1, a01_customer_id                -> B1, b01_customer_id
    """
    words = [word.capitalize() for word in name.split("_")]
    replacements = (
        (r"\bacme(?=[-.]example)", name.replace("_", "-")),
        (r"acme", name),
        (r"ACME", name.upper()),
        (r"Acme(?=[A-Z])", "".join(words)),
        (r"Acme", " ".join(words)),
        (r"\bA1\b", f"{prefix}1"),
        (r"\ba01_", f"{prefix.lower()}01_"),
        (r'control_prefix="A"', f'control_prefix="{prefix}"'),
    )

    def rename(text: str) -> str:
        for pattern, replacement in replacements:
            text = re.sub(pattern, replacement, text)
        return text

    return rename


def render(rename: Callable[[str], str]) -> Iterator[Path]:
    """Write the new vendor's files and its entry in accounts.yaml; yield the paths of the files."""
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        relative, text = source.relative_to(TEMPLATE), rename(source.read_text(encoding="utf-8"))
        if relative == ENTRY:
            with (ROOT / ACCOUNTS).open("a", encoding="utf-8") as file:
                file.write(text)
            continue
        path = ROOT / rename(str(relative))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        yield path


def finish(paths: list[Path]) -> None:
    """Sort imports and wrap lines as the new name wants it, and write the page of its controls."""
    python = [sys.executable, "-m"]
    sources = [str(path) for path in paths if path.suffix == ".py"]
    for command in (["ruff", "check", "--quiet", "--select", "I", "--fix"], ["ruff", "format", "--quiet"]):
        subprocess.run([*python, *command, *sources], cwd=ROOT, check=True)
    subprocess.run([*python, "billing_vendors.controls_page"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
