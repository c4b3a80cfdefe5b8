"""The token service: applications, consent, tokens that are really signed."""
