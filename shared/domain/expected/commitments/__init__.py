"""Commitments: what is bought for a term or for good: marketplace, reservations, savings plans, perpetual software."""
