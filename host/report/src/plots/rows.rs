//! The ranking of few essays: a labelled row each, with its interval.

use super::{Area, Drawn, Figure, Scale, diamond, fill, font, line, room, score_range, write};
use crate::facts::{Facts, interval};
use crate::palette::{BAND, BLUE, EDGE, GRID, INK, MUTED, PAPER, VERMILLION};
use crate::text;
use docket_types::assessment::RankedEssay;
use maud::Markup;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const WIDTH: i32 = 1096;
const RIGHT: i32 = 120;
const TOP: i32 = 34;
const BOTTOM: i32 = 50;
const ROW: i32 = 20;

/// The ranking, a row for each essay.
pub(crate) fn rows(facts: &Facts<'_>) -> Markup {
    let essays = &facts.view.ranking;
    let bottom = TOP + ROW * i32::try_from(essays.len()).unwrap_or(0);
    let figure = Figure {
        id: "plot-ranking",
        title: "Ranking with 95 % intervals",
        description: format!(
            "The scores of {} from best to worst, each with its 95 % interval. The table below has the numbers.",
            text::plural(essays.len(), "essay", "essays")
        ),
        size: (WIDTH.unsigned_abs(), (bottom + BOTTOM).unsigned_abs()),
    };
    let left = 52 + room(essays.iter().map(|essay| essay.essay_id.as_str()), 28);
    let x = Scale { values: score_range(facts), pixels: (left, WIDTH - RIGHT) };
    figure.draw(|area| {
        bands(area, facts, x, bottom)?;
        x.across(area, (TOP, bottom), "score (logits)", false)?;
        let mut y = TOP + ROW / 2;
        for essay in essays {
            row(area, essay, x, y)?;
            y += ROW;
        }
        Ok(())
    })
}

/// The grades' bands, with their names above where there is room.
fn bands(area: &Area<'_>, facts: &Facts<'_>, x: Scale, bottom: i32) -> Drawn {
    let mut free = i32::MIN;
    for (i, (low, high, name)) in facts.bands().into_iter().enumerate() {
        let (from, to) = (x.at(low), x.at(high));
        if from == to {
            continue;
        }
        if i % 2 == 0 {
            fill(area, (from, TOP - 24), (to, bottom), BAND.mix(1.0))?;
        }
        if from > x.pixels.0 {
            line(area, (from, TOP - 24), (from, bottom), EDGE, 1)?;
        }
        let name = name.map(|name| text::label(name, 8)).unwrap_or_default();
        let half = i32::try_from(name.chars().count() - name.chars().count().min(2)).unwrap_or(0) * 4;
        let middle = (from + to) / 2;
        if middle - half > free && to - from >= 12 {
            write(area, &name, (middle, TOP - 12), font(12.0, &INK, HPos::Center, VPos::Center))?;
            free = middle + half + 6;
        }
    }
    Ok(())
}

/// The essay's interval and its mark.
fn mark(area: &Area<'_>, essay: &RankedEssay, x: Scale, y: i32) -> Drawn {
    let (low, high) = interval(essay);
    let is_anchor = essay.anchor_grade.is_some();
    let color = if is_anchor { VERMILLION } else { BLUE };
    line(area, (x.pixels.0, y), (x.at(low), y), GRID, 1)?;
    line(area, (x.at(low), y), (x.at(high), y), color, 2)?;
    let middle = (x.at(essay.score), y);
    let is_borderline = essay.grade.as_ref().is_some_and(|grade| grade.borderline);
    if is_anchor {
        diamond(area, middle, 7, color)?;
    } else if is_borderline {
        area.draw(&Circle::new(middle, 5, PAPER.filled()))?;
        area.draw(&Circle::new(middle, 5, color.stroke_width(2)))?;
    } else {
        area.draw(&Circle::new(middle, 5, color.filled()))?;
    }
    Ok(())
}

fn row(area: &Area<'_>, essay: &RankedEssay, x: Scale, y: i32) -> Drawn {
    if essay.score.is_finite() {
        mark(area, essay, x, y)?;
    }
    write(area, &essay.rank.to_string(), (26, y), font(12.0, &MUTED, HPos::Right, VPos::Center))?;
    write(area, &text::label(&essay.essay_id, 28), (36, y), font(13.0, &INK, HPos::Left, VPos::Center))?;
    let right = match (&essay.anchor_grade, &essay.grade) {
        (Some(grade), _) => format!("{} anchor", text::label(grade, 6)),
        (None, Some(grade)) if grade.borderline => format!("{} borderline", text::label(&grade.grade, 6)),
        (None, Some(grade)) => text::label(&grade.grade, 12),
        (None, None) => return Ok(()),
    };
    write(area, &right, (WIDTH - RIGHT + 12, y), font(12.0, &INK, HPos::Left, VPos::Center))
}
