"""A made-up reseller's month: Microsoft's billing files as Microsoft writes them, for demonstrations and tests."""
