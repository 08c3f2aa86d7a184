"""SpamAssassin's public mails: real text that is free and small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.dataset_spec import DatasetSpec
from harness.idx_files import texts_and_labels
from harness.spam_source import SPAM, TEST_MAILS, TRAIN_MAILS
from runner.contract.text_ids import LENGTH


def _prepare(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    from harness.preparing import mails  # noqa: PLC0415 - NumPy, which few commands need

    return mails.split(source)


DATASET = DatasetSpec(
    name="spamassassin",
    title="SpamAssassin's mails",
    holds="mails without their headers: which are spam?",
    source="the public corpus of SpamAssassin, in the npm package datasets-spam-assassin 0.2.3",
    licence="PDDL 1.0, the mails CC0",
    train_samples=TRAIN_MAILS,
    test_samples=TEST_MAILS,
    sample_shape=(LENGTH,),
    classes=2,
    files=texts_and_labels(
        TRAIN_MAILS,
        TEST_MAILS,
        (
            "2af1fac09f9ae00b51f3f2eb04363be339a6028744c05fcfab3190b11199a9f0",
            "d5b625fab51576bc4d58b5e4defc1ef3e501e3eca894468580eb6bdbb6dc108a",
            "f2866fb7754779eaeb4882aa8d1a648acae793dc7718b7cba68a18b32655e25f",
            "3bf491b53d2db54c5f3166b0add1d6cf7f067d8ccfa8bd43187af7e20cf2de37",
        ),
        "1c7af44e96aa22500207c8e647bb28230b07f430ecbe3e86d154d8627eaeb175",
    ),
    made_from=SPAM,
    prepare=_prepare,
)
