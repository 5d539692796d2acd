"""What was published is never edited: a new version is a new file beside the old one."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
MIGRATIONS = "consentlog/clickhouse/migrations"
PUBLISHED = {
    "schemas/consent-event-v1.avsc": (
        "b991e0c3a8759b0f155731229d339d9016955d55feeaa855fa3367bc0e38992e"
    ),
    "schemas/consent-state-v1.avsc": (
        "fb10997b631ce10596545649ea0a82a9e3a56c1839556e68526fc40d90e0cd53"
    ),
    "schemas/evidence-v1.avsc": (
        "e4233f307f18fb81f0a23625e38977cb42d906d652b53cb5e4712a6c2b48c741"
    ),
    "schemas/review-event-v1.avsc": (
        "43454173189533ea05db107e8a8fbc683c21885346478fbc0aa2864506a9c47d"
    ),
    "schemas/review-event-v2.avsc": (
        "5e410a4797d0b93bb51ec1f014bdaeec7922cf48a56700f5c7ff4c82d747a61b"
    ),
    "schemas/watermark-v1.avsc": (
        "9a4ec9aeb0285651839e8ba349166dd59f1a90f786c3aa8a12f7d61b6aee76dc"
    ),
    f"{MIGRATIONS}/0001_consent_history.sql": (
        "7015750b9621b79b22595e571ae7ed90e055fa87f86a66ec4931e03ba73af5df"
    ),
}


def test_every_published_file_has_the_bytes_that_it_was_published_with() -> None:
    files = [*(ROOT / "schemas").glob("*.avsc"), *(ROOT / MIGRATIONS).glob("*.sql")]
    found = {
        path.relative_to(ROOT).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files
    }
    assert found == PUBLISHED
