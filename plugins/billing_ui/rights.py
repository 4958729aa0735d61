"""What a user may see and do: Airflow's own rights to a vendor's DAG."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, HTTPException

from billing_vendors.registry import vendors


def readable_vendors(user: GetUserDep) -> tuple[str, ...]:
    """
    Return the vendors whose DAG ``invoices_…`` the user may read.

    :raises HTTPException: 403 if there is none.
    """
    manager = get_auth_manager()
    found = tuple(
        vendor.name
        for vendor in vendors()
        if manager.is_authorized_dag(method="GET", details=DagDetails(id=dag_of(vendor.name)), user=user)
    )
    if not found:
        raise HTTPException(403, "You may read no DAG that collects invoices.")
    return found


Readable = Annotated[tuple[str, ...], Depends(readable_vendors)]


def may_start(user: GetUserDep, vendor: str) -> bool:
    """Return whether the user may start the vendor's DAG: then he may also explain its exceptions."""
    return may_trigger(user, dag_of(vendor))


def may_trigger(user: GetUserDep, dag_id: str) -> bool:
    """Return whether the user may start a DAG."""
    return get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=dag_id), user=user
    )


def dag_of(vendor: str) -> str:
    """Return the id of the DAG that collects a vendor's invoices."""
    return f"invoices_{vendor}"
