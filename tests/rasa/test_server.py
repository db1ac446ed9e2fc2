"""The real server behind the client and behind the commands of operators."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend.cli import rasa
from backend.config import ROOT
from nlu.rasa_client import RasaError, RasaParser
from tests.city import free_port

pytestmark = pytest.mark.rasa
BANK = """
nlu:
- intent: balance
  examples: |
    - what is my balance
    - how much money do I have
    - show the balance of my account
- intent: lost_card
  examples: |
    - my card was stolen
    - I lost my card
    - block my card, it is gone
- intent: transfer
  examples: |
    - send money to my sister
    - transfer 100 dollars to Anna
    - I want to send money abroad
"""
EUNGDAP = Path(sys.executable).parent / "eungdap"
REPORT = ROOT / "tests" / "nlu" / "report.jsonl"


def eungdap(url: str, *arguments: str) -> dict[str, object]:
    """Run a command of ours against the Rasa server at `url` and return the JSON it prints."""
    environment = os.environ | {"RASA_URL": url, "NLU_ENGINE": "rasa"}
    done = subprocess.run(
        [EUNGDAP, *arguments, "--json"], cwd=ROOT, env=environment, check=True, timeout=600,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    printed: dict[str, object] = json.loads(done.stdout)
    return printed


async def test_entities_are_normalised_by_the_rules_of_builtin(rasa_server: rasa.Server) -> None:
    client = RasaParser(rasa_server.url, None)
    try:
        asked = {
            "마포 망원시장 입구에 쓰레기가 쌓였어요": {"district": ["마포구"]},
            "이공이육에 영영영영일이삼 어떻게 됐어요": {"petition_id": ["P-2026-0000123"]},
            "정보공개 청구 D-2026-0000007 어떻게 됐나요": {"disclosure_id": ["D-2026-0000007"]},
            "  /둘째 거에 투표할게요": {"choice": ["2"]},
        }
        for text, wanted in asked.items():
            parse = await client.parse(text)
            assert parse.engine == "rasa"
            for kind, values in wanted.items():
                assert parse.values(kind) == values
            assert all(text[e.start : e.end] == e.text for e in parse.entities)
    finally:
        await client.close()


async def test_a_model_is_changed_while_the_server_runs(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "rasa-other.tar.gz"
    shutil.copyfile(model, other)
    broken = tmp_path / "rasa-broken.tar.gz"
    broken.write_bytes(b"no model")
    with rasa.serving(model) as server:
        client = RasaParser(server.url, None)
        try:
            first = model.name.removesuffix(".tar.gz")
            assert (await client.parse("안녕하세요")).model == first
            for bad in (broken, tmp_path / "absent.tar.gz"):
                with pytest.raises(RasaError):
                    await client.reload(bad)
                assert (await client.parse("안녕하세요")).model == first
            await client.reload(other)
            assert (await client.parse("안녕하세요")).model == "rasa-other"
        finally:
            await client.close()


def test_the_commands_reach_the_server(rasa_server: rasa.Server, tmp_path: Path) -> None:
    parse = eungdap(rasa_server.url, "nlu", "parse", "상담원 바꿔 주세요")
    assert parse["engine"] == "rasa"
    some = tmp_path / "some.jsonl"
    some.write_text("".join(REPORT.open(encoding="utf-8").readlines()[::3]), encoding="utf-8")
    result = eungdap(rasa_server.url, "nlu", "evaluate", str(some), "--engine", "rasa")
    assert float(str(result["accuracy"])) > 0.85  # docs/engines.md has the real figures


def test_data_of_other_intents_is_trained_and_served_for_one_command(tmp_path: Path) -> None:
    data, out, asked = tmp_path / "bank.yml", tmp_path / "models", tmp_path / "asked.jsonl"
    data.write_text(BANK, encoding="utf-8")
    nobody = f"http://127.0.0.1:{free_port()}"
    trained = eungdap(nobody, "nlu", "train", "--data", str(data), "--out", str(out))
    assert (trained["loaded"], Path(str(trained["path"])).parent) == (False, out)
    lines = [
        {"text": "what is my balance", "intent": "balance"},
        {"text": "my card was stolen", "intent": "lost_card"},
        {"text": "send money to my sister", "intent": "transfer"},
    ]
    asked.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    result = eungdap(nobody, "nlu", "evaluate", str(asked), "--model", str(out))
    assert (result["n"], result["accuracy"]) == (3, 1.0)
