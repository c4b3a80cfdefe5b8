"""Commitments: what is bought for a term, or for good, and not prorated: marketplace, reservations, savings plans, software."""
