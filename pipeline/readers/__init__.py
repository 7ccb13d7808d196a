"""How customer files speak: the fields of our records, and what CRM and ERP exports call them."""
