"""Usage: what measured consumption should be billed, with tiers, included units, partner earned credit and benefits."""
