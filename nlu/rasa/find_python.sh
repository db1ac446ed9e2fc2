#!/bin/sh
# Prints the path of a Python 3.10, the last version that Rasa Open Source runs on.
for candidate in "$RASA_PYTHON" python3.10 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10*/bin/python3.10; do
    [ -n "$candidate" ] || continue
    # A shim of pyenv is on PATH even where that version is not chosen: only an answer counts.
    found=$("$candidate" -c 'import sys, venv; sys.version_info[:2] == (3, 10) and print(sys.executable)' 2>/dev/null)
    if [ -n "$found" ]; then echo "$found"; exit 0; fi
done
if command -v uv >/dev/null 2>&1; then
    found=$(uv python find 3.10 2>/dev/null) || { uv python install -q 3.10 && found=$(uv python find 3.10); }
    if [ -n "$found" ]; then echo "$found"; exit 0; fi
fi
cat >&2 <<'MESSAGE'
The rasa engine needs Python 3.10, and there is none on PATH, under pyenv or by uv.
Install one (`pyenv install 3.10`, `uv python install 3.10`), or name it as in
RASA_PYTHON=/path/to/python3.10 make rasa. The builtin engine needs none of this: make run.
MESSAGE
exit 1
