"""One machine: everything that lets Prorata run without a cloud account. Nothing imports ``local``."""
