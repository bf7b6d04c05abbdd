"""What the tests of the extensions share."""

import pytest
from sphinx import locale


@pytest.fixture(autouse=True)
def fresh_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the catalogues of the last site: Sphinx keeps them for the whole process."""
    monkeypatch.setattr(locale, "translators", {})
