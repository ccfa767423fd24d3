"""A Jupyter that knows nothing of the user's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


@pytest.fixture(scope="module", autouse=True)
def _jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")  # else jupyter_core warns that it will be so
        for name in FOLDERS:
            patch.setenv(name, str(home / name.lower()))
        patch.setenv("PYTHONPATH", str(ROOT))  # of kernels that start in another folder
        yield
