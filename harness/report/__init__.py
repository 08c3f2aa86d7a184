"""The report: one page that needs no network, or the same tables as Markdown or CSV.

Rows, tables and statistics come from the modules that ``benchdl table`` uses; nothing is computed
twice. :mod:`harness.report.document` puts them into one JSON document with what the page needs
besides, :mod:`harness.report.page` wraps it, and static/ shows it in the browser.
"""
