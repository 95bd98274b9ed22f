"""What every command does before the database is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_what_is_written_in_a_folder_that_stands_open_is_still_no_strangers(tmp_path: Path) -> None:
    home = tmp_path / "made by hand"
    home.mkdir(mode=0o755)
    code = "from tocsin.platform.start import migrate; migrate()"
    environment = {**os.environ, "TOCSIN_HOME": str(home), "DATABASE_URL": ""}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert [path.name for path in home.iterdir() if path.stat().st_mode & 0o007] == []


def test_a_damaged_database_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "tocsin.sqlite3").write_bytes(b"nonsense" * 500)
    environment = {**os.environ, "TOCSIN_HOME": str(tmp_path), "DATABASE_URL": ""}
    for arguments in (["audit", "verify"], ["up"], ["whose", "192.0.2.1"], ["backup", str(tmp_path.parent / "b.gz")]):
        command = [sys.executable, "-m", "tocsin", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, "database" in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr
