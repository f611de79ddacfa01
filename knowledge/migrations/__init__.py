"""Alembic migrations, applied when the database is opened. Each is tested from the oldest schema."""
