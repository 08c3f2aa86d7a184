"""axe-core on a page: Deque's rules of accessibility, of the version in the lock."""

from __future__ import annotations

from importlib import resources
from typing import Any

_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map((rule) => `${rule.id} (${rule.impact}): ${rule.help}\\n` +
    rule.nodes.slice(0, 5).map((node) =>
      `  ${node.target} ${node.html.slice(0, 200)}\\n  ${node.failureSummary}`).join("\\n"));
}"""


def violations(page: Any) -> list[str]:
    """What axe-core objects to on the page as it stands, charts with what is in them as well."""
    script = resources.files("axe_playwright_python") / "axe.min.js"
    page.evaluate(script.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_RUN)
    return found
