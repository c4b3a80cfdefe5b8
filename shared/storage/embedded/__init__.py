"""The store on one machine: tables and queues in SQLite, blobs as files, all below one root folder."""
