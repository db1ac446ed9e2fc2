"""Make sure that a Chromium and a Korean font are here for the browser tests.

On Debian and as root they are installed; elsewhere one sentence says what to do.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("chromium", "fonts-noto-cjk")
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def main() -> int:
    """Return 0 when both are here, 1 when they can't be had and CI must not go on without."""
    if shutil.which("chromium") and FONT.exists():
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium and a Korean font for the browser tests (once).")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", *PACKAGES]):
            done = subprocess.run(
                ["apt-get", *command], env=environment, check=False, capture_output=True, text=True
            )
            if done.returncode:
                print(done.stderr.strip()[-500:], file=sys.stderr)
    if shutil.which("chromium"):
        return 0
    print(
        "The browser tests need Chromium: install it (on Debian: apt-get install chromium "
        "fonts-noto-cjk). Without it they are skipped here, and fail in CI.",
        file=sys.stderr,
    )
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
