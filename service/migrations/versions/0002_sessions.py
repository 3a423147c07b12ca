"""Sessions: who is signed in, so that signing out ends a session everywhere."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open_session",
        sa.Column("key_sha256", sa.String(64), primary_key=True),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("organisation_code", sa.String(12), nullable=False),
        sa.Column("organisation_name", sa.String(120), nullable=False),
        sa.Column("opened_at", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("open_session")
