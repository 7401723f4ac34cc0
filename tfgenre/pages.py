"""HTML pages and Markdown cards out of the package's templates."""

from typing import Any

import jinja2


def render(template: str, **values: Any) -> str:
    """A page; in HTML, values are escaped; a name that is missing in the template is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfgenre"),
        autoescape=jinja2.select_autoescape(),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**values)
