//! Plots as inline SVG, drawn by plotters.

mod bias;
mod convergence;
mod curve;
mod matrix;
mod rows;

pub(crate) use bias::{bias, first_wins};
pub(crate) use convergence::convergence;
pub(crate) use curve::{SINGLE, curve};
pub(crate) use matrix::{Cell, groups, key, pairs};
pub(crate) use rows::rows;

use crate::facts::{Facts, interval};
use crate::palette::MUTED;
use crate::text;
use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Where a plot draws.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What drawing gives.
pub(crate) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A plot before it is drawn.
pub(crate) struct Figure {
    /// Unique in the document.
    pub(crate) id: &'static str,
    /// Read out, and shown under the pointer.
    pub(crate) title: &'static str,
    /// What a reader who does not see it should know.
    pub(crate) description: String,
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
}

impl Figure {
    /// The plot as markup. What cannot be drawn is said in its place.
    pub(crate) fn draw(&self, draw: impl FnOnce(&Area<'_>) -> Drawn) -> Markup {
        let ((width, height), id) = (self.size, self.id);
        let Some(body) = body(self.size, draw) else {
            return html! { p.none { "This plot could not be drawn. The numbers are in the tables." } };
        };
        html! {
            div.plot {
                svg.wide[width > 640] width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="img"
                    aria-labelledby={ (id) "-title " (id) "-text" } {
                    title id={ (id) "-title" } { (self.title) }
                    desc id={ (id) "-text" } { (self.description) }
                    (PreEscaped(body))
                }
            }
        }
    }
}

/// What plotters draws, without its own `<svg>`, which names a namespace that HTML does not need.
fn body(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Drawn) -> Option<String> {
    let mut out = String::new();
    {
        let area = SVGBackend::with_string(&mut out, size).into_drawing_area();
        draw(&area).ok()?;
        area.present().ok()?;
    }
    let start = out.find('>')? + 1;
    let end = out.rfind("</svg>")?;
    out.get(start..end).map(str::to_owned)
}

/// A font of the reader's system, in pixels.
pub(crate) fn font(pixels: f64, color: &RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    // plotters writes a size divided by 1.24.
    let font = (FontFamily::SansSerif, pixels * 1.24).into_font();
    TextStyle { font, color: color.to_backend_color(), pos: Pos::new(h, v) }
}

/// Text at a place in pixels.
pub(crate) fn write(area: &Area<'_>, words: &str, at: (i32, i32), style: TextStyle<'static>) -> Drawn {
    area.draw(&Text::new(words.to_owned(), at, style))
}

/// A straight line between places in pixels.
pub(crate) fn line(area: &Area<'_>, from: (i32, i32), to: (i32, i32), color: RGBColor, width: u32) -> Drawn {
    area.draw(&PathElement::new(vec![from, to], color.stroke_width(width)))
}

/// A filled rectangle between places in pixels.
pub(crate) fn fill(area: &Area<'_>, from: (i32, i32), to: (i32, i32), color: RGBAColor) -> Drawn {
    area.draw(&Rectangle::new([from, to], color.filled()))
}

/// A diamond: the mark of an anchor, told from a circle without its colour.
pub(crate) fn diamond(area: &Area<'_>, (x, y): (i32, i32), r: i32, color: RGBColor) -> Drawn {
    area.draw(&Polygon::new(vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)], color.filled()))
}

/// The room for names of at most `most` narrow characters, in pixels: as much as the longest needs.
pub(crate) fn room<'a>(names: impl Iterator<Item = &'a str>, most: usize) -> i32 {
    let longest = names.map(|name| text::wide(&text::label(name, most))).max().unwrap_or(0);
    i32::try_from(longest).unwrap_or(0) * 8
}

/// The range of scores with all intervals, with some air; never empty.
pub(crate) fn score_range(facts: &Facts<'_>) -> (f64, f64) {
    let ends = facts.view.ranking.iter().map(interval);
    let ends = ends.filter(|(low, high)| low.is_finite() && high.is_finite());
    let (low, high) = ends.fold((f64::MAX, f64::MIN), |(l, h), (low, high)| (l.min(low), h.max(high)));
    if low > high {
        return (-1.0, 1.0);
    }
    let air = ((high - low) * 0.03).max(0.1);
    (low - air, high + air)
}

/// Round numbers in a range, about `wanted` of them.
pub(crate) fn ticks((low, high): (f64, f64), wanted: f64) -> (Vec<f64>, usize) {
    let rough = (high - low) / wanted;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough).unwrap_or(rough);
    if !step.is_finite() || step <= 0.0 {
        return (Vec::new(), 0);
    }
    let first = (low / step).ceil() * step;
    let all = (0..100).map(|i| first + f64::from(i) * step).take_while(|tick| *tick <= high + step * 1e-9);
    let digits = if step >= 1.0 { 0 } else { (-step.log10()).ceil().max(0.0) as usize };
    (all.collect(), digits)
}

/// From values to pixels.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// The values at the ends.
    pub(crate) values: (f64, f64),
    /// The pixels at the ends.
    pub(crate) pixels: (i32, i32),
}

impl Scale {
    /// The pixel of a value, within the scale.
    pub(crate) fn at(&self, value: f64) -> i32 {
        let ((low, high), (from, to)) = (self.values, self.pixels);
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        from + (share * f64::from(to - from)).round() as i32
    }

    /// A horizontal axis at the height `y` with lines up to `top`.
    pub(crate) fn across(&self, area: &Area<'_>, (top, y): (i32, i32), words: &str, percent: bool) -> Drawn {
        let (all, digits) = ticks(self.values, f64::from(self.pixels.1 - self.pixels.0) / 90.0);
        for tick in all {
            let x = self.at(tick);
            line(area, (x, top), (x, y + 4), crate::palette::GRID, 1)?;
            let words = if percent { text::percent(tick) } else { text::number(tick, digits) };
            write(area, &words, (x, y + 8), font(12.0, &MUTED, HPos::Center, VPos::Top))?;
        }
        let middle = (self.pixels.0 + self.pixels.1) / 2;
        write(area, words, (middle, y + 28), font(12.0, &MUTED, HPos::Center, VPos::Top))
    }

    /// A vertical axis at `x` with lines as far as `right`.
    pub(crate) fn up(&self, area: &Area<'_>, (x, right): (i32, i32), words: &str) -> Drawn {
        let (all, digits) = ticks(self.values, f64::from(self.pixels.0 - self.pixels.1) / 45.0);
        for tick in all {
            let y = self.at(tick);
            line(area, (x - 4, y), (right, y), crate::palette::GRID, 1)?;
            let style = font(12.0, &MUTED, HPos::Right, VPos::Center);
            write(area, &text::number(tick, digits), (x - 8, y), style)?;
        }
        write(area, words, (4, self.pixels.1 - 14), font(12.0, &MUTED, HPos::Left, VPos::Bottom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((-2.3, 2.3), 5.0), (vec![-2.0, -1.0, 0.0, 1.0, 2.0], 0));
        assert_eq!(ticks((0.0, 1.0), 5.0).1, 1);
        assert_eq!(ticks((1.0, 1.0), 5.0).0, Vec::<f64>::new());
    }

    #[test]
    fn places_stay_inside_the_plot() {
        let scale = Scale { values: (0.0, 10.0), pixels: (100, 200) };
        assert_eq!([-5.0, 0.0, 5.0, 99.0].map(|v| scale.at(v)), [100, 100, 150, 200]);
    }

    #[test]
    fn text_in_a_plot_is_escaped() {
        let figure = Figure { id: "t", title: "t", description: "<b>".into(), size: (50, 50) };
        let drawn =
            figure.draw(|area| write(area, "<i>&\"", (1, 1), font(10.0, &MUTED, HPos::Left, VPos::Top)));
        let drawn = drawn.into_string();
        assert!(drawn.contains("&lt;i&gt;&amp;&quot;") && drawn.contains("&lt;b&gt;"), "{drawn}");
        assert!(!drawn.contains("xmlns"), "{drawn}");
    }
}
