"""Write requirements/*.lock anew: every package with its hashes, and no address of an index."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ADDRESS = re.compile(r"https?://|--index-url|--find-links")


def main() -> None:
    """Compile the locks with uv, from an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        bin_ = Path(folder) / "bin"
        subprocess.run([bin_ / "pip", "install", "-q", "uv"], check=True)
        for name, extra in (
            ("main", []), ("dev", ["--extra", "dev"]), ("bench", ["--extra", "bench"]),
        ):  # fmt: skip
            out = Path("requirements") / f"{name}.lock"
            subprocess.run(
                [bin_ / "uv", "pip", "compile", "--universal", "--python-version", "3.11",
                 "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url",
                 "--upgrade", "-q", *extra, "pyproject.toml", "-o", out],
                check=True,
            )  # fmt: skip
            if ADDRESS.search(out.read_text()):
                raise SystemExit(f"{out} holds an address; a lock must not.")


if __name__ == "__main__":
    main()
