"""Write requirements.lock anew from pyproject.toml, with hashes; run by any Python with venv."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ADDRESS = re.compile(r"https?://|--index-url|--find-links")
# uv repeats on each line what pyproject.toml says of them all.
ALWAYS_TRUE = re.compile(
    r"(?: ; python_full_version < '3\.11' and | and )"
    r"\(sys_platform == 'darwin' or sys_platform == 'linux'\)"
)


def main() -> None:
    """Compile the lock with uv, from an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        bin_ = Path(folder) / "bin"
        subprocess.run([bin_ / "pip", "install", "-q", "uv"], check=True)
        out = Path(folder) / "requirements.lock"
        subprocess.run(
            [bin_ / "uv", "pip", "compile", "--universal", "--python-version", "3.10",
             "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url",
             "--upgrade", "-q", "pyproject.toml", "-o", out],
            check=True, cwd=HERE,
        )  # fmt: skip
        lock = ALWAYS_TRUE.sub("", out.read_text())
    if ADDRESS.search(lock):
        raise SystemExit("The lock holds an address; it must not.")
    (HERE / "requirements.lock").write_text(lock)


if __name__ == "__main__":
    main()
