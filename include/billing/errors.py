"""
What can go wrong, sorted by what a person or a task can do about it.

Every message names the vendor's operation or the invoice, the field where there is one, what was seen and
what to do. No message holds a secret, a vendor's body, or a document link.

| error                | what to do                                                           |
|----------------------|----------------------------------------------------------------------|
| `VendorUnavailable`  | try again later; `retry_after` says how many seconds the vendor asks |
| `VendorRejected`     | fix the credential, the permission or the request                   |
| `RouteRetired`       | move the account to the vendor's newer API generation                |
| `PayloadError`       | check the stored payload: its format is not the documented one      |
| `BrokenResponse`     | as `PayloadError`, after the request was sent once more             |
| `NotReady`           | try again later: the vendor has not produced it yet                  |
| `ConfigurationError` | fix `accounts.yaml`, the connection or the run's parameters         |
| `NotApproved`        | ask somebody who has not prepared or explained the month             |
| `StorageError`       | fix the database: its schema or its rows are not what this code needs |
| `ExportStopped`      | look at the invoices it names: their charges are not what is payable |
"""

from billing.log_safe import single_line


class BillingError(Exception):
    """
    Root of all errors that Tieout raises on purpose.

    :param message: may contain a vendor's words; it is escaped to a single line.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(single_line(message))


class VendorUnavailable(BillingError):
    """
    429, 5xx, a broken connection or a time-out: the same request may succeed later.

    :param retry_after: seconds the vendor asked to wait, from ``Retry-After``; None if it said nothing.
    :param status: the HTTP status; None if the connection broke before there was one.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status


class VendorRejected(BillingError):
    """
    401, 403, 404, 400 and other refusals: the same request will fail again.

    :param status: the HTTP status of the refusal.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class RouteRetired(VendorRejected):
    """The vendor has taken this API generation out of service (404 or 410 on a legacy route)."""


class PayloadError(BillingError):
    """The vendor answered 200 with a body that does not have the documented format."""


class BrokenResponse(PayloadError):
    """
    The vendor answered 200 with something else than was requested: a web page, half a body, no body.

    Mostly a gateway's, and gone with the next request: it is sent once more, and a wait goes on.
    """


class NotReady(BillingError):
    """A deadline passed before the vendor produced what the task waits for."""


class NotApproved(BillingError):
    """Somebody approved a month who must not: the answer does not count."""


class ConfigurationError(BillingError):
    """``accounts.yaml``, an Airflow connection or a run's parameters are wrong; no vendor was called."""


class StorageError(BillingError):
    """The billing database is not in the state this code needs."""


class ExportStopped(BillingError):
    """A file would not say of each invoice what is payable: no file of the month was written."""
