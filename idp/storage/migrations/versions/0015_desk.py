"""The support desk: call codes, and callers who have proved themselves by one."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_codes",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("desk_sid", sa.String(length=32), nullable=True),
        sa.Column("code_tag", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_call_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_call_codes")),
    )
    op.create_index(op.f("ix_call_codes_expires_at"), "call_codes", ["expires_at"])
    op.create_table(
        "verified_calls",
        sa.Column("desk_sid", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("verified_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_verified_calls_account_id_accounts")),
        sa.PrimaryKeyConstraint("desk_sid", "account_id", name=op.f("pk_verified_calls")),
    )
    op.create_index(op.f("ix_verified_calls_expires_at"), "verified_calls", ["expires_at"])
