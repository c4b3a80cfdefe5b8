"""What a vendor should have billed, line by line, from the history of a subscription. See README.md in this folder."""
