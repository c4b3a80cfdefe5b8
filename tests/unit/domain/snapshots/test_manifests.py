"""A manifest is shown without what opens its parts."""

from datetime import UTC, datetime

from shared.domain.snapshots.deliveries import Manifest


def test_a_manifest_shows_neither_address_nor_signature() -> None:
    """Whoever prints it, in a log or an error, gives nothing away."""
    shown = repr(
        Manifest(
            id="m1",
            etag="e1",
            data_format="compressedJSON",
            created_at=datetime(2026, 10, 7, tzinfo=UTC),
            parts=("part-0.json.gz",),
            part_count=1,
            root="https://store.example/secret-path",
            token="sv=1&sig=secret",
        )
    )

    assert "Manifest(m1, e1, 1 parts)" == shown
