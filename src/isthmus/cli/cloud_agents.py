"""`isthmus cloud agent`: the on-premises agents that provision the tenant's people."""

from pathlib import Path
from uuid import UUID

import click

from isthmus.cli.cloud_output import JSON, Record, folder_option, opened, show, tenant_option
from isthmus.cloud.accounts.agent import EnrolledAgent
from isthmus.cloud.administration import Administration, only_tenant


@click.group("agent")
def group() -> None:
    """The on-premises agents."""


@group.command("code")
@folder_option
@tenant_option
def code(folder: Path, tenant: str | None) -> None:
    """Print a code that enrols one agent within the hour."""
    with opened(folder) as cloud:
        enrolment_code, expires_at = Administration(cloud, only_tenant(cloud, tenant).tenant_id).create_enrolment_code()
        created = {"code": enrolment_code, "expires_at": expires_at.isoformat(), "url": cloud.settings.public_url}
    show(created, as_json=True)


@group.command("list")
@folder_option
@tenant_option
@JSON
def list_agents(folder: Path, tenant: str | None, as_json: bool) -> None:
    """Show all agents, and what each said last."""
    with opened(folder) as cloud:
        agents = Administration(cloud, only_tenant(cloud, tenant).tenant_id).agents()
    show([_record(agent) for agent in agents], as_json=as_json)


@group.command("revoke")
@click.argument("agent_id", type=click.UUID)
@folder_option
@tenant_option
def revoke(agent_id: UUID, folder: Path, tenant: str | None) -> None:
    """Refuse an agent from now on, for good."""
    with opened(folder) as cloud:
        Administration(cloud, only_tenant(cloud, tenant).tenant_id).revoke_agent(agent_id)


def _record(agent: EnrolledAgent) -> Record:
    report = agent.report
    return {
        "agent_id": str(agent.agent_id),
        "name": agent.name,
        "enrolled_at": agent.enrolled_at.isoformat(timespec="seconds"),
        "revoked": agent.revoked_at is not None,
        "last_seen_at": agent.last_seen_at.isoformat(timespec="seconds") if agent.last_seen_at else None,
        "version": report.version if report else None,
        "state": report.state if report else None,
        "pending": report.pending if report else None,
        "refused": report.refused if report else None,
    }
