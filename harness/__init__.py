"""The host side: images, launchers, data, storage and tables.

What a notebook needs: :func:`harness.campaign.conduct.run`, :func:`harness.store.load`,
:mod:`harness.tables.rows`, :func:`harness.images.build.build`.
"""
