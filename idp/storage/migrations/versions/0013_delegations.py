"""Shared access to contracts."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ACCOUNTS = ("giver_id", "delegate_id")


def upgrade() -> None:
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contract_id", sa.String(length=32), nullable=False),
        sa.Column("giver_id", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.Column("permission", sa.String(length=16), nullable=False),
        sa.Column("offered_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("delegate_id", sa.String(length=64), nullable=True),
        sa.Column("accepted_at", sa.Double(), nullable=True),
        sa.Column("reminded_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("ended_by", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_delegations_contract_id_contracts")),
        *(
            sa.ForeignKeyConstraint([name], ["accounts.id"], name=op.f(f"fk_delegations_{name}_accounts"))
            for name in ACCOUNTS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    for name in (*ACCOUNTS, "address_key", "expires_at"):
        op.create_index(f"ix_delegations_{name}", "delegations", [name])
