"""Legacy licences: advance fees, and one correction of the whole period after any change. Start at ``walk``."""

from shared.domain.expected.legacy.one_correction import as_one_correction
from shared.domain.expected.legacy.walk import legacy_lines

__all__ = ["as_one_correction", "legacy_lines"]
