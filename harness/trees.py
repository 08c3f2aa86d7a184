"""Removing a folder that a job could fill as it liked."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: Path) -> bool:
    """Remove ``folder`` and all in it, however deep it is; returns whether it is gone.

    A folder found inside is emptied upwards: its own folders move to the top before it is removed.
    So nothing recurs, no path grows too long, and no more than two folders are open at a time. No
    link is followed. What cannot be removed (an immutable file, a mount) stays, with its folders.
    """
    try:
        top = os.open(folder, _FOLDER)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        with contextlib.suppress(OSError):
            folder.unlink()  # something that is no folder
        return not os.path.lexists(folder)
    try:
        _open_to_us(top)
        stuck: set[str] = set()
        while _empty_once(top, stuck):
            pass
    finally:
        os.close(top)
    with contextlib.suppress(OSError):
        folder.rmdir()
    return not os.path.lexists(folder)


def _empty_once(top: int, stuck: set[str]) -> bool:
    """Remove what is in ``top``, folders that can be; whether another round may remove more."""
    progress = False
    for name in os.listdir(top):
        if name in stuck:
            continue
        if not _is_folder(name, top):
            progress |= _unlink(name, top, stuck)
            continue
        try:
            inner = os.open(name, _FOLDER, dir_fd=top)
        except OSError:
            # One that we may not read: its modes are ours to change, or it is lost.
            try:
                os.chmod(name, 0o700, dir_fd=top)
                inner = os.open(name, _FOLDER, dir_fd=top)
            except OSError:
                stuck.add(name)
                continue
        try:
            _open_to_us(inner)
            _move_up(inner, top)
        finally:
            os.close(inner)
        try:
            os.rmdir(name, dir_fd=top)
        except OSError:
            stuck.add(name)
        progress = True
    return progress


def _move_up(inner: int, top: int) -> None:
    """Unlink the files of ``inner``; its folders become folders of ``top``."""
    for name in os.listdir(inner):
        with contextlib.suppress(OSError):
            if _is_folder(name, inner):
                os.rename(name, secrets.token_hex(12), src_dir_fd=inner, dst_dir_fd=top)
            else:
                os.unlink(name, dir_fd=inner)


def _unlink(name: str, top: int, stuck: set[str]) -> bool:
    try:
        os.unlink(name, dir_fd=top)
    except OSError:
        stuck.add(name)
        return False
    return True


def _is_folder(name: str, within: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _open_to_us(handle: int) -> None:
    with contextlib.suppress(OSError):
        os.fchmod(handle, 0o700)
