//! Who beat whom.

use super::{Section, none};
use crate::facts::Facts;
use crate::plots::{self, Cell};
use crate::{LABELLED_ESSAYS, text};
use maud::html;

/// Groups of neighbours when there are too many essays for a cell each.
const GROUPS: usize = 12;

/// The section.
pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let (id, title) = ("matrix", "Who beat whom");
    let n = facts.essays.len();
    let is_small = n <= LABELLED_ESSAYS;
    let side = if is_small { n } else { GROUPS };
    let (cells, used) = count(facts, side);
    if used == 0 {
        let words = if facts.view.progress.answered == 0 {
            "No comparison was answered."
        } else {
            "The single comparisons are not part of this report."
        };
        return Section { id, title, body: none(words), how: None };
    }
    let ordered =
        if facts.view.ranking.is_empty() { "in the order in which they appeared" } else { "best first" };
    let left_out = facts.view.progress.answered.saturating_sub(used);
    let body = html! {
        p {
            (text::plural(used, "answered comparison", "answered comparisons")) ", essays " (ordered) "."
            @if left_out > 0 { " " (text::size(left_out)) " more are not part of this report." }
            @if !is_small {
                " A cell for each pair of " (n) " essays could not be read, so neighbours in the ranking are taken together: "
                (GROUPS) " groups, named by their first and last place."
            }
        }
        @if is_small { (plots::key()) (plots::pairs(&facts.essays, &cells)) }
        @else { (plots::groups(&names(n), &cells)) }
    };
    let how = html! {
        @if is_small {
            "Read along a row: large blue squares are essays that the row's essay beat, small orange ones essays that beat it. "
            "In a consistent result blue lies right of the diagonal and orange left of it. Marks on the wrong side are surprises; some are normal between neighbours, many far from the diagonal are not."
        } @else {
            "Read along a row: the share of comparisons that essays of the row's group won against those of the column's group, and how many comparisons there were. "
            "In a consistent result the shares rise along a row. A dash means that the two groups were not compared; pairs within a group say nothing and are only counted."
        }
    };
    Section { id, title, body, how: Some(how) }
}

/// The group of a place, of `side` groups over `n` places.
fn group(place: usize, n: usize, side: usize) -> usize {
    (place * side / n.max(1)).min(side.saturating_sub(1))
}

/// The answered comparisons by row and column, and how many there are.
fn count(facts: &Facts<'_>, side: usize) -> (Vec<Vec<Cell>>, usize) {
    let n = facts.essays.len();
    let mut cells = vec![vec![Cell::default(); side]; side];
    let mut used = 0;
    for comparison in facts.comparisons.iter().filter(|c| c.status == "answered") {
        let place = |id: &str| facts.place.get(id).map(|place| group(*place, n, side));
        let (Some(a), Some(b)) = (place(&comparison.essay_a_id), place(&comparison.essay_b_id)) else {
            continue;
        };
        let won = match comparison.winner.as_deref() {
            Some(winner) if winner == comparison.essay_a_id => 1.0,
            Some(winner) if winner == comparison.essay_b_id => 0.0,
            _ => 0.5,
        };
        used += 1;
        cells[a][b].count += 1;
        cells[a][b].wins += won;
        if a != b {
            cells[b][a].count += 1;
            cells[b][a].wins += 1.0 - won;
        }
    }
    (cells, used)
}

/// The groups' first and last places.
fn names(n: usize) -> Vec<String> {
    let first = |wanted: usize| (0..n).find(|place| group(*place, n, GROUPS) >= wanted).unwrap_or(n);
    (0..GROUPS).map(|i| format!("{}–{}", first(i) + 1, first(i + 1).max(first(i) + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_all_places_once() {
        for n in [61, 100, 300, 500] {
            let names = names(n);
            assert_eq!(names.len(), GROUPS);
            assert!(names[0].starts_with("1–") && names[GROUPS - 1].ends_with(&format!("–{n}")), "{names:?}");
            let ends: Vec<(usize, usize)> = names
                .iter()
                .map(|name| {
                    name.split_once('–').map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap())).unwrap()
                })
                .collect();
            assert!(ends.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{ends:?}");
        }
    }
}
