"""A simulator of Microsoft's side: Partner Center, price API, Graph and token service on one loopback port."""
