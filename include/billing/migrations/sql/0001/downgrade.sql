-- Removes everything but the version table, rows included.

drop view
    billing.closed_month, billing.account_month_content, billing.current_finding,
    billing.accrual_quality, billing.accrual_ledger, billing.current_accrual,
    billing.account_month_summary, billing.account_month_status,
    billing.current_control_result, billing.current_payment_status,
    billing.current_usage_line, billing.current_usage_report, billing.current_wallet, billing.current_charge,
    billing.current_billing_period, billing.current_contract_item, billing.current_contract,
    billing.withdrawn_invoice, billing.current_invoice_line, billing.current_invoice;

drop table
    billing.alert, billing.task_failure,
    billing.month_close_figure, billing.month_close, billing.explanation,
    billing.product_month, billing.account_month, billing.control_result, billing.reconciliation,
    billing.true_up_document, billing.true_up, billing.accrual_reversal, billing.accrual_part, billing.accrual,
    billing.month_to_date_line, billing.month_to_date,
    billing.usage_line, billing.usage_report, billing.wallet, billing.charge, billing.billing_period,
    billing.contract_item, billing.contract, billing.withdrawal, billing.reading, billing.payment_status, billing.invoice_line, billing.invoice,
    billing.record_version, billing.record,
    billing.unknown_field, billing.missing_document, billing.document_sighting, billing.document,
    billing.payload_sighting, billing.fetch, billing.payload;

drop function billing.check_approver(), billing.check_versions(), billing.refuse_change();
