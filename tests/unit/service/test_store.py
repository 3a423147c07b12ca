"""The migrations make the tables that the code expects."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from service.store import Base, Store, migrate, newest_version


def test_migrations_and_models_agree(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/service.db"
    assert migrate(address) == newest_version()
    store = Store(address)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    assert store.answers()
    store.engine.dispose()


def test_a_database_without_tables_is_not_ready(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/empty.db")
    assert not store.answers()
    store.engine.dispose()
