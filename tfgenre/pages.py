"""HTML pages and Markdown cards out of the package's templates."""

from typing import Any

from tfgenre.text import markdown_cell, utf8


def render(template: str, **values: Any) -> str:
    """A page; in HTML, values are escaped; a name that is missing in the template is an error.

    Bytes that are not UTF-8 are escaped. The filter `cell` is for cells of Markdown tables.
    """
    import jinja2  # here, as it takes a tenth of make_records' start

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfgenre"),
        autoescape=jinja2.select_autoescape(),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = markdown_cell
    return utf8(environment.get_template(template).render(**values))
