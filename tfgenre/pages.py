"""HTML pages out of the package's templates."""

from typing import Any

import jinja2


def render(template: str, **values: Any) -> str:
    """A page; values are escaped, and a name that the template misses is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfgenre"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template(template).render(**values)
