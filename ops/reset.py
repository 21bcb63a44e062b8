"""`make reset`: delete all data of this installation, to begin anew."""

import argparse
import shutil
import sys

from ops.env import process_environment, var_dir
from ops.stack import running_supervisor


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make reset", description=__doc__)
    parser.add_argument("--force", action="store_true", help="do not ask")
    options = parser.parse_args()
    folder = var_dir()
    if running_supervisor(folder):
        print("小政 is running: stop it first (make down).", file=sys.stderr)
        return 1
    environment = process_environment()
    if environment.get("XZ_MODE", "demo") != "demo" or environment.get("XZ_DATABASE_URL"):
        print("make reset only deletes a demonstration with its own SQLite.", file=sys.stderr)
        return 1
    if not folder.is_dir():
        print(f"There is no {folder}; nothing to do.")
        return 0
    doomed = sorted(entry for entry in folder.iterdir() if entry.name != "backups")
    print(f"This deletes, in {folder}: {', '.join(entry.name for entry in doomed) or 'nothing'}")
    if not options.force and input("Delete all of it? [y/N] ") != "y":
        print("Nothing was deleted.")
        return 1
    for entry in doomed:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    print("Deleted. `make up` begins anew; backups were kept.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
