"""What a folder holds, file by file, so that two folders can be compared to the byte."""

import hashlib
from pathlib import Path


def digests(folder: Path) -> dict[str, str]:
    files = sorted(item for item in folder.rglob("*") if item.is_file())
    return {str(item.relative_to(folder)): hashlib.sha256(item.read_bytes()).hexdigest() for item in files}
