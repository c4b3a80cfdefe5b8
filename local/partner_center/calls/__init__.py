"""What can be called, one module for each resource; ``all_calls`` puts them together."""
