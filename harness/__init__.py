"""The host side: images, launchers, data, storage and tables.

What a notebook needs: :func:`harness.campaign.run`, :func:`harness.store.load`,
:func:`harness.tables.rows`, :func:`harness.images.build.build`.
"""
