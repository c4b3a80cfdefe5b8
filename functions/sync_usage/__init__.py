"""What comes from Microsoft: files are uploaded here and ingested from a queue."""
