"""Tools for models of tables: boosting, forests, regressions."""
