"""Run the whole suite on SQLite, then what touches a database again on PostgreSQL, where there is one.

``TOCSIN_TEST_POSTGRESQL`` names a PostgreSQL server that tests may make databases on.
"""

from __future__ import annotations

import os
import subprocess
import sys

ON_BOTH = ["tests/platform", "tests/rooms", "tests/commands", "tests/architecture", "tests/flows"]


def suite(title: str, *arguments: str, database_url: str = "") -> bool:
    """Run pytest once; True when all passed."""
    print(f"\n== {title} ==", flush=True)
    environment = {**os.environ, "DATABASE_URL": database_url}
    return (
        subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], env=environment, check=False).returncode == 0
    )


def main(workers: str) -> int:
    """Run both; 0 when everything passed."""
    parallel = ["-n", workers, "--dist", "loadfile"] if workers != "1" else []
    passed = suite("everything, on SQLite", *parallel, "--ignore=tests/soak")
    url = os.environ.get("TOCSIN_TEST_POSTGRESQL", "")
    if url:
        passed &= suite("what touches a database, on PostgreSQL", *parallel, *ON_BOTH, database_url=url)
    elif os.environ.get("TOCSIN_TEST_REQUIRE") == "all":
        print("PostgreSQL is required here: TOCSIN_TEST_POSTGRESQL names no server")
        passed = False
    else:
        print("Not run on PostgreSQL: TOCSIN_TEST_POSTGRESQL names no server. docs/howto/test.md says how to give one.")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "1"))
