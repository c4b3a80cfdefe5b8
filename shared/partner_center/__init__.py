"""Microsoft's side: the files it delivers today; its APIs, tokens and webhooks live here too."""
