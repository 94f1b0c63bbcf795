"""Second factors, known devices, and what account pages keep."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON_DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    _factors()
    _devices()
    _texted_codes()
    _columns()
    _guess_counters()
    _email_changes()
    _app_logouts()
    _passwords()
    _recoveries()


def _factors() -> None:
    op.create_table(
        "factors",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("last_used_at", sa.Double(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("phone_number", sa.String(length=32), nullable=True),
        sa.Column("facts", JSON_DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_factors_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factors")),
    )
    with op.batch_alter_table("factors", schema=None) as batch_op:
        batch_op.create_index("ix_factors_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_factors_credential_id", ["credential_id"], unique=True)

    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("spent_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "tag", name=op.f("pk_recovery_codes")),
    )


def _devices() -> None:
    op.create_table(
        "remembered_devices",
        sa.Column("handle_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("user_agent_label", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("handle_digest", "account_id", name=op.f("pk_remembered_devices")),
    )
    with op.batch_alter_table("remembered_devices", schema=None) as batch_op:
        batch_op.create_index("ix_remembered_devices_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_remembered_devices_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "known_devices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("handle_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
    )
    with op.batch_alter_table("known_devices", schema=None) as batch_op:
        batch_op.create_index("ix_known_devices_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_known_devices_expires_at", ["expires_at"], unique=False)
        batch_op.create_index("ix_known_devices_handle_digest", ["handle_digest", "account_id"], unique=True)


def _texted_codes() -> None:
    op.create_table(
        "texted_codes",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("challenge_id", sa.String(length=32), nullable=False),
        sa.Column("phone_number", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("factor_id", sa.String(length=32), nullable=True),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=True),
        sa.Column("spent_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "place", name=op.f("pk_texted_codes")),
    )
    with op.batch_alter_table("texted_codes", schema=None) as batch_op:
        batch_op.create_index("ix_texted_codes_expires_at", ["expires_at"], unique=False)


def _columns() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shared_device", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shared_device", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locked_down_at", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("phrase", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("preferences", JSON_DOCUMENT, nullable=False, server_default="{}"))


def _app_logouts() -> None:
    op.create_table(
        "app_logouts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sid", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("give_up_at", sa.Double(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("last_problem", sa.String(length=160), nullable=True),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_logouts")),
    )
    with op.batch_alter_table("app_logouts", schema=None) as batch_op:
        batch_op.create_index("ix_app_logouts_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_app_logouts_settled_at", ["settled_at"], unique=False)
        batch_op.create_index("ix_app_logouts_sid", ["sid"], unique=False)
        batch_op.create_index("ix_app_logouts_state_due_at", ["state", "due_at"], unique=False)


def _email_changes() -> None:
    op.create_table(
        "email_changes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("sid", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("requested_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("former", sa.String(length=254), nullable=True),
        sa.Column("code_tag", sa.LargeBinary(length=32), nullable=True),
        sa.Column("confirmed_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_email_changes_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_changes")),
    )
    with op.batch_alter_table("email_changes", schema=None) as batch_op:
        batch_op.create_index("ix_email_changes_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_email_changes_requested_at", ["requested_at"], unique=False)


def _passwords() -> None:
    with op.batch_alter_table("password_credentials", schema=None) as batch_op:
        batch_op.add_column(sa.Column("short", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("kept_from", sa.Double(), nullable=True))


def _guess_counters() -> None:
    with op.batch_alter_table("guess_counters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consecutive", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("next_at", sa.Double(), nullable=True))


def _recoveries() -> None:
    with op.batch_alter_table("recoveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("factor_proved_at", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("factor_way", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("factor_id", sa.String(length=32), nullable=True))
