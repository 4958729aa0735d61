"""What is checked of every month of Acme, in the order of the report."""

from billing_vendors.acme.controls.a01_customer_id import A1

CONTROLS = (A1,)
