"""The log becomes a signed Merkle tree whose contents can be erased; runs become live by a recorded act."""

import sqlalchemy as sa
from alembic import op

from risk_model.errors import UserError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REFUSAL = "the log is append-only"
NEVER_CHANGED = ("audit_leaf", "publication", "erasure")
CHANGED_BY_ERASURE_ALONE = {"audit_entry": "sequence", "review": "review_id"}


def upgrade() -> None:
    _refuse_what_would_be_lost(
        "It holds a log as it was kept before logs were signed, and a log cannot be rewritten. "
        "Keep that database as it is, and start with a new one: name it with --database."
    )
    _drop_old_triggers()
    op.drop_table("audit_entry")
    op.add_column("review", sa.Column("request_digest", sa.String(64), nullable=False, server_default=""))
    _add_log()
    _add_publication()
    for table in NEVER_CHANGED:
        _refuse(table, ("UPDATE", "DELETE"))
    for table, number in CHANGED_BY_ERASURE_ALONE.items():
        _refuse(table, ("UPDATE",))
        _refuse(
            table,
            ("DELETE",),
            f"NOT EXISTS (SELECT 1 FROM erasure WHERE erased_table = '{table}' AND number = OLD.{number})",
        )


def downgrade() -> None:
    _refuse_what_would_be_lost(
        "It holds a signed log, which an earlier version cannot keep. Nothing was changed."
    )
    raise UserError(
        "The database cannot be brought back to an earlier version. Put back a backup of that version."
    )


def _refuse_what_would_be_lost(words: str) -> None:
    if op.get_bind().execute(sa.text("SELECT count(*) FROM audit_entry")).scalar():
        raise UserError(f"The database cannot be changed to this version. {words}")


def _drop_old_triggers() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER review_no_{verb}")
        return
    for table in ("review", "audit_entry"):
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(f"DROP FUNCTION {table}_refuse()")


def _add_log() -> None:
    op.create_table(
        "audit_leaf",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("person_name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("organisation_code", sa.String(12), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("run", sa.String(40)),
        sa.Column("service_id", sa.String(120)),
        sa.Column("referral_id", sa.String(40)),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("entry_key", sa.LargeBinary(32), nullable=False),
    )
    op.create_index("audit_by_child", "audit_entry", ["service_id", "referral_id", "sequence"])
    op.create_index("audit_by_run", "audit_entry", ["run", "sequence"])
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("is_kept", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "erasure",
        sa.Column("erased_table", sa.String(20), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    )


def _add_publication() -> None:
    op.create_table(
        "publication",
        sa.Column("publication_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("run", sa.String(40), nullable=False),
        sa.Column("provenance_sha256", sa.String(64), nullable=False),
        sa.Column("policy_sha256", sa.String(64), nullable=False),
        sa.Column("model_sha256", sa.String(64)),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("seconded_by", sa.String(120)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("before_id", sa.Integer),
    )


def _refuse(table: str, verbs: tuple[str, ...], when: str = "TRUE") -> None:
    """Stop accidents; whoever may change the tables may drop this too, and only the signed heads show it then."""
    for verb in verbs:
        name = f"{table}_no_{verb.lower()}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
            continue
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {when} THEN RAISE EXCEPTION '{REFUSAL}'; END IF; RETURN OLD; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    if op.get_bind().dialect.name != "sqlite" and "DELETE" in verbs:
        op.execute(
            f"CREATE FUNCTION {table}_no_truncate() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_truncate()"
        )
