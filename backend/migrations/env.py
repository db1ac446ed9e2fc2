"""How Alembic reaches the database: on the connection that `migrate` holds the lock with."""

from alembic import context

from backend import models  # noqa: F401 - registers the tables
from backend.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
