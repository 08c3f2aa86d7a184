"""A gallery: a static site of many people's bundles, each checked before anything of it is shown.

files ──► intake (which) ──► admission (copied, checked, read) ──► site (index, reports, bundles)
                                                                  └─► swapping (in one step)

docs/publishing.md is for those who publish one.
"""
