"""What holds for every test."""

import os

import pytest
from hypothesis import HealthCheck, settings

# No test asserts a time: a busy machine breaks no law.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep whoever runs the tests from choosing their server, data folder or secrets."""
    for name in list(os.environ):
        if name.startswith(("TEMPORAL_", "Q2C_")):
            monkeypatch.delenv(name)
