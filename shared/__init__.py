"""The domain package that all four function groups share.

Arrows point one way: ``functions -> application -> domain``. ``storage``, ``partner_center`` and ``documents``
are adapters behind ports; only ``bootstrap`` knows them all.
"""
