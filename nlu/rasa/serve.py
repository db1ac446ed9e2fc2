"""Serve a trained model: `serve.py MODEL [--host H] [--port N]`, by the Python of nlu/rasa/.venv.

This is `rasa run --enable-api` with our components in reach, telemetry off and no texts in the
log. Keep it on loopback or a private network: whoever reaches it can make it load a model.
"""

import argparse
import logging
import os
import socket
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# `components` is beside this file; the components share the builtin engine's reading of Korean.
sys.path.insert(0, str(HERE.parent.parent))
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# At DEBUG, Rasa writes every message to its log.
os.environ["LOG_LEVEL"] = "WARNING"
# Its libraries warn on every start of functions that will go; they are locked and stay.
logging.captureWarnings(True)
logging.getLogger("py.warnings").setLevel(logging.ERROR)


def main() -> None:
    """Read the command line and serve until the process is ended."""
    reader = argparse.ArgumentParser(description="Serve the rasa engine.")
    reader.add_argument("model", type=Path, help="what train.py printed")
    reader.add_argument("--host", default="127.0.0.1")
    reader.add_argument("--port", type=int, default=5005)
    given = reader.parse_args()
    if not given.model.is_file():
        sys.exit(f"There is no model {given.model}: train.py makes one.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((given.host, given.port))
        except OSError as error:
            sys.exit(f"Port {given.port} on {given.host} can't be used ({error.strerror}).")
    print(
        f"{given.model.name} will answer on http://{given.host}:{given.port} in about 20 seconds; "
        "`NLU_ENGINE=rasa make run` asks it. Ctrl-C ends it.",
        file=sys.stderr,
    )
    model = str(given.model.resolve())
    os.chdir(given.model.resolve().parent)  # Rasa looks for endpoints.yml where it stands
    sys.argv = [
        "rasa", "run", "--quiet", "--enable-api", "--model", model,
        "--interface", given.host, "--port", str(given.port),
    ]  # fmt: skip
    from rasa.__main__ import main as rasa

    rasa()


if __name__ == "__main__":
    main()
