"""What a wheel holds; everything else about the package is in pyproject.toml.

``harness/_root`` in a wheel is what a checkout is to benchdl: the images' sources, the runner as
jobs get it, and the documentation that messages name. Only setup.py can add packages of other
folders to those that are found.
"""

import shutil

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

_CARRIED = {f"harness._root.{folder}": folder for folder in ("docker", "docs", "runner")}


class _BuildAfresh(build_py):
    """Of a folder that was built before, setuptools would install what has been removed since."""

    def run(self) -> None:
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(
    cmdclass={"build_py": _BuildAfresh},
    packages=[*find_packages(include=["benchdl*", "harness*", "runner*"]), *_CARRIED],
    package_dir=_CARRIED,
    package_data={
        "benchdl": ["py.typed"],
        "harness.bundle": ["*.txt"],
        "harness.gallery": ["templates/*.j2", "static/*.css", "static/*.js"],
        "harness.report": ["templates/*.j2", "static/*.css", "static/*.js"],
        "harness._root.docker": ["**/*"],
        "harness._root.docs": ["*.md"],
        "harness._root.runner": ["**/*.py", "requirements.txt"],
    },
    exclude_package_data={"harness._root.docker": ["**/__pycache__/*"]},
)
