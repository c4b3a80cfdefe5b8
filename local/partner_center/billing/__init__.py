"""What Microsoft bills: invoice lines, daily usage, and the exports that hand them out."""
