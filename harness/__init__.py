"""The host side: images, launchers, data, storage and tables.

Programs and notebooks use the module :mod:`benchdl`.
"""
