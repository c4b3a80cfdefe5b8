"""The use cases of Prorata, a verb each. They know the domain and the ports, never an SDK, a file format or a clock."""
