"""The pages of the audit trail: the list with its filters, the export, the anchors."""
