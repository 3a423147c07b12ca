"""Decisions and the log; the log refuses to be changed or shortened."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSAL = "the log is append-only"


def upgrade() -> None:
    _add_review()
    _add_log()
    for table in ("audit_entry", "review"):
        _refuse_changes(table)


def downgrade() -> None:
    op.drop_table("audit_entry")
    op.drop_table("review")


def _add_review() -> None:
    op.create_table(
        "review",
        sa.Column("review_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("idempotency_key", sa.String(64), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("run", sa.String(40), nullable=False),
        sa.Column("service_id", sa.String(120), nullable=False),
        sa.Column("referral_id", sa.String(40), nullable=False),
        sa.Column("child_reference", sa.String(16), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("tier", sa.Integer, nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("person_name", sa.String(120), nullable=False),
        sa.Column("choice", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("own_words", sa.Text, nullable=False),
        sa.Column("pin_to_tier", sa.Integer),
        sa.Column("ends_on", sa.Date),
        sa.Column("needs_second", sa.Boolean, nullable=False),
        sa.Column("seconds_review_id", sa.Integer),
        sa.Column("second_agrees", sa.Boolean),
        sa.UniqueConstraint("person_id", "idempotency_key", name="one_decision_per_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("review_by_child", "review", ["service_id", "referral_id", "review_id"])


def _add_log() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("person_name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("organisation_code", sa.String(12), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("run", sa.String(40)),
        sa.Column("service_id", sa.String(120)),
        sa.Column("referral_id", sa.String(40)),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_by_child", "audit_entry", ["service_id", "referral_id", "sequence"])


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )
