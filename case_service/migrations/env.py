"""How Alembic reaches the database: over the engine that `case_service.database` hands it."""

from alembic import context

from case_service.tables import Base

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        # What one migration locks is free again before the next one begins.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
