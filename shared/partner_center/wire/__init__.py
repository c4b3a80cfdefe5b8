"""What Microsoft's JSON looks like, read with tolerance, and turned into the domain's values."""
