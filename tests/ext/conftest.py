"""What the tests of the extensions share."""

import pytest
from sphinx import locale


@pytest.fixture(autouse=True, scope="module")
def fresh_messages() -> None:
    """Forget the catalogues of other tests' sites: Sphinx keeps them for the whole process."""
    locale.translators.clear()
