"""Makes the data folder of an older program, for ever: `python tests/older/write.py COMMIT NAME`.

The program of that commit is laid out in a folder of its own and keeps a made-up office there: people, a device,
numbers and calls, a note, an applicant. What it left, with what it knew of it, becomes NAME.zip beside this file. How
those that are there were made stands in README.md; they are never made again, since that would not be what was.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent


def main(commit: str, name: str) -> None:
    """Lays the program out, has it keep an office, and packs that."""
    packed = subprocess.run(["git", "archive", commit], cwd=PROJECT, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        program, data = Path(folder, "program"), Path(folder, "office")
        with tarfile.open(fileobj=BytesIO(packed)) as files:
            files.extractall(program, filter="data")
        environ = {"PYTHONPATH": str(program), "LC_ALL": "C.UTF-8"}
        subprocess.run([sys.executable, HERE / "keep.py", data], cwd=program, env=environ, check=True)
        with ZipFile(HERE / f"{name}.zip", "w", ZIP_DEFLATED) as kept:
            for file in sorted(data.iterdir()):
                if file.is_file() and not file.name.endswith(("-wal", "-shm")):
                    kept.write(file, file.name)
        print(name, commit, json.loads((data / "known.json").read_text("utf-8"))["numbers"])  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
