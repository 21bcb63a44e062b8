"""The photo's decoder runs in a process of its own."""

from pathlib import Path

import pytest

from integrations.devices.wlt import NoWltDecoder, ProgramWltDecoder
from integrations.ports import Rejected, Unavailable, WltPhotoDecoder

PHOTO = bytes(1024)


def program(folder: Path, body: str) -> Path:
    path = folder / "decoder"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return path


async def test_without_a_library_there_is_no_picture() -> None:
    decoder: WltPhotoDecoder = NoWltDecoder()
    assert await decoder.decode(PHOTO) is None


async def test_the_programs_picture_is_taken(tmp_path: Path) -> None:
    path = program(tmp_path, 'printf "BM%s" "$(wc -c | tr -d " ")"')
    decoder: WltPhotoDecoder = ProgramWltDecoder(path)
    assert await decoder.decode(PHOTO) == b"BM1024"


@pytest.mark.parametrize("body", ["cat >/dev/null; exit 3", "cat", "kill -SEGV $$", "exit 0"])
async def test_a_program_that_fails_or_gives_no_picture_is_refused(
    tmp_path: Path, body: str
) -> None:
    with pytest.raises(Rejected):
        await ProgramWltDecoder(program(tmp_path, body)).decode(PHOTO)


async def test_a_program_that_hangs_or_is_missing_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        path = program(tmp_path, "exec sleep 60")
        await ProgramWltDecoder(path, timeout_s=0.3).decode(PHOTO)
    with pytest.raises(Unavailable):
        await ProgramWltDecoder(tmp_path / "none").decode(PHOTO)


async def test_other_bytes_than_a_photo_are_not_handed_over(tmp_path: Path) -> None:
    with pytest.raises(Rejected):
        await ProgramWltDecoder(program(tmp_path, "exit 0")).decode(b"short")
