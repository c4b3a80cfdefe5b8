"""Where state is kept: three small ports, their Azure and embedded adapters, and the repositories on top."""
