"""Charts as SVG, drawn on the server: they need no script, and print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pygal
from pygal.style import Style

# grey that reads on a white and on a black page; the colours differ in lightness, too
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#71717a",
    foreground_strong="#71717a",
    foreground_subtle="#a1a1aa",
    colors=("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#64748b"),
    guide_stroke_color="#a1a1aa55",
    major_guide_stroke_color="#a1a1aa55",
    guide_stroke_dasharray="none",
    major_guide_stroke_dasharray="none",
    font_family="Inter, system-ui, sans-serif",
)

Series = Mapping[str, Sequence[Decimal | None]]


def columns(labels: Sequence[str], series: Series, *, stacked: bool = True) -> bytes:
    """
    Draw columns, one for each label.

    :param series: values by name; a None is a gap. A chart is a picture: its figures are rounded, the table's are not.
    """
    chart = (pygal.StackedBar if stacked else pygal.Bar)(
        style=_STYLE,
        js=(),
        height=320,
        width=960,
        margin=10,
        x_label_rotation=30,
        disable_xml_declaration=True,
        show_y_guides=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        truncate_legend=-1,
        value_formatter=lambda value: f"{value:,.0f}",
    )
    chart.x_labels = list(labels)
    for name, values in series.items():
        chart.add(name[:40], [None if value is None else float(value) for value in values])
    drawn: bytes = chart.render()
    return drawn
