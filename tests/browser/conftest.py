"""What the tests in a browser share."""

import pytest
from served import launch


@pytest.fixture(scope="session")
def chromium():
    """Give the browser, started once."""
    with launch() as browser:
        yield browser
