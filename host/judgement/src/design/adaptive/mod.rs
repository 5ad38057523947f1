//! The adaptive design: the pairs from which most is learnt, many at a time.
//!
//! Within a wave the answers are not known, but what they are expected to tell is: after each choice the posterior is
//! narrowed by the expected information, so that the pairs of a wave do not repeat each other's work.

mod density;
mod information;
mod posterior;
mod ranks;

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::nearby::choose;
use super::random::random_rounds;
use super::rounds::{Choice, in_rounds, matched, open_edges, ordered, participants};
use super::{Context, Design, Dice, InvalidContext, Kind, Next, Pair};
use crate::Scores;
use density::Density;
use posterior::Posterior;
use ranks::{Loss, pick};

/// How much more often than the average an item may stand in a wave.
const CAP: u32 = 2;

/// What makes a pair worth asking for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The mutual information of the verdict with the scores (Lindley 1956), in matchings: every item is compared
    /// equally often. Gives the most accurate scores.
    Information,
    /// The expected reduction of the variance of the ranks: items among many close ones are compared more often, up to
    /// twice the average of a wave. Gives the most accurate ranking.
    Ranks,
}

/// Random matchings first, so that reliability can be estimated; then the pairs of greatest value.
///
/// No pair is repeated until all have met. Up to `dense` items the covariances of scores are used (Laplace's method at
/// the scores given, `O(n^3)`); beyond, the standard errors alone, in `O(n log n)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adaptive {
    /// How many random matchings come first.
    pub random_rounds: u32,
    /// How many pairs a wave holds at most, per item; a matching is 0.5.
    pub pairs_per_item: f64,
    /// What makes a pair valuable.
    pub rule: Rule,
    /// With [`Rule::Ranks`], the weight of the variance of scores beside that of ranks; both have a mean of 1 per item.
    pub score_share: f64,
    /// Up to how many items covariances are used.
    pub dense: usize,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self { random_rounds: 4, pairs_per_item: 2.0, rule: Rule::Ranks, score_share: 0.25, dense: 300 }
    }
}

impl Design for Adaptive {
    fn next_wave(&self, context: &Context<'_>) -> Result<Next, InvalidContext> {
        let mut ledger = Ledger::new(context)?;
        let taking_part = participants(context, &ledger).len();
        let pairs: u32 = ledger.counts.iter().sum::<u32>() / 2;
        let done = pairs / u32::try_from(taking_part / 2).unwrap_or(u32::MAX).max(1);
        let rounds = (2.0 * self.pairs_per_item).ceil().clamp(1.0, f64::from(u32::MAX)) as u32;
        let scores = match context.scores {
            Some(scores) if done >= self.random_rounds => scores,
            _ => {
                let missing = self.random_rounds.saturating_sub(done).clamp(1, rounds);
                return Ok(random_rounds(context, &mut ledger, Kind::Random, missing, true));
            }
        };
        let size = ((self.pairs_per_item * taking_part as f64) as usize).max(1);
        let limited = Context { budget: context.budget.min(size), ..*context };
        Ok(self.learn(&limited, &mut ledger, scores, rounds))
    }
}

impl Adaptive {
    /// A wave of as many pairs as the budget allows.
    fn learn(&self, context: &Context<'_>, ledger: &mut Ledger, scores: &Scores, rounds: u32) -> Next {
        let mut posterior = Posterior::new(context, scores, self.dense);
        let dice = &mut Dice::new(context.seed, context.wave, 4);
        let place = |item: u32| (scores.mean[item as usize], 0.0);
        let ranks = self.rule == Rule::Ranks;
        let at_once = ranks && posterior.covariance().is_some();
        let rounds = if at_once { 1 } else { rounds };
        in_rounds(context, ledger, Kind::Adaptive, rounds, dice, |ledger, _| {
            let items = participants(context, ledger);
            ledger.allow_repeats(&items);
            if at_once && let Some(mut loss) = Loss::new(&posterior, self.score_share) {
                let edges = open_edges(ledger, &items, |_, _| 0.0);
                let share = (2 * context.budget.min(edges.len())).div_ceil(items.len().max(1));
                let cap = CAP * u32::try_from(share).unwrap_or(u32::MAX / CAP).max(1);
                return pick(&mut posterior, &mut loss, &edges, context.budget, cap);
            }
            let mut choices: Vec<Choice> = Vec::new();
            if ranks {
                let order = ordered(&items, place);
                let density = Density::new(&posterior, &order, &scores.mean, self.score_share);
                choices = choose(ledger, &order, CAP, |x, y| density.gain(x, y));
            }
            if choices.is_empty() {
                choices = matched(context, ledger, &items, place, |a, b| posterior.gain(a, b));
            }
            for choice in &choices {
                posterior.expect(Pair::new(choice.a, choice.b));
            }
            choices
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Run, scores};
    use super::*;

    /// A run of 4 random rounds, with scores rising by the item.
    fn begun(items: usize, gap: f64) -> Run {
        let mut run = Run::new(items);
        assert_eq!(run.step(&Adaptive::default()).len(), items / 2 * 4);
        run.scores = Some(scores(&(0..items).map(|k| gap * k as f64).collect::<Vec<f64>>()));
        run
    }

    #[test]
    fn four_random_rounds_come_first() {
        let mut run = Run::new(20);
        let small = Adaptive { pairs_per_item: 0.5, ..Adaptive::default() };
        for done in 1..=4 {
            run.scores = Some(scores(&[0.0; 20]));
            assert_eq!(run.try_next(&small).unwrap().wave().map(|wave| wave.kind), Some(Kind::Random));
            run.step(&small);
            assert_eq!(run.counts(), [done; 20]);
        }
        let wave = run.try_next(&small).unwrap().wave().unwrap();
        assert_eq!((wave.kind, wave.pairs.len()), (Kind::Adaptive, 10));
        run.scores = None;
        let wave = run.try_next(&small).unwrap().wave().unwrap();
        assert_eq!(wave.kind, Kind::Random, "without scores there is nothing to learn from");
    }

    #[test]
    fn every_rule_pairs_neighbours_and_repeats_nothing() {
        for (rule, dense) in
            [(Rule::Information, 300), (Rule::Information, 0), (Rule::Ranks, 300), (Rule::Ranks, 0)]
        {
            let design = Adaptive { rule, dense, ..Adaptive::default() };
            let mut run = begun(30, 0.4);
            let before = run.history.len();
            let pairs = run.step(&design);
            assert_eq!(pairs.len(), 60, "{rule:?} {dense}");
            assert_eq!(run.distinct(), before + 60);
            let far = |pair: &Pair| f64::from(pair.first.abs_diff(pair.second));
            let mean = pairs.iter().map(far).sum::<f64>() / 60.0;
            assert!(mean < 6.0, "{rule:?} {dense}: {mean}; at random it is 10");
            assert!(run.skew() <= 0.5, "{rule:?} {dense}: {}", run.skew());
            let extra = run.counts().iter().map(|count| count - 4).max().unwrap();
            assert!(extra <= if rule == Rule::Ranks { 8 } else { 4 }, "{rule:?} {dense}: {extra}");
        }
    }

    #[test]
    fn ranks_spend_on_the_crowd_and_not_on_the_outliers() {
        // Items 0 to 3 stand far below, 20 others within one logit.
        for dense in [300, 0] {
            let design = Adaptive { dense, pairs_per_item: 1.0, ..Adaptive::default() };
            let mut run = begun(24, 0.0);
            let place = |k: usize| if k < 4 { 8.0 * k as f64 - 40.0 } else { 0.05 * k as f64 };
            run.scores = Some(scores(&(0..24).map(place).collect::<Vec<f64>>()));
            run.step(&design);
            let extra: Vec<u32> = run.counts().iter().map(|count| count - 4).collect();
            let outliers = f64::from(extra[..4].iter().sum::<u32>()) / 4.0;
            assert!(outliers < 1.0, "{dense}: {extra:?}");
        }
    }

    #[test]
    fn an_uncertain_item_is_asked_for_first() {
        let mut run = begun(12, 0.05);
        if let Some(scores) = &mut run.scores {
            scores.standard_error[7] = 2.0;
        }
        let design = Adaptive { dense: 0, rule: Rule::Information, ..Adaptive::default() };
        let first = run.step(&design)[0];
        assert!(first.first == 7 || first.second == 7, "{first:?}");
    }

    #[test]
    fn pending_pairs_count_as_known() {
        // With item 0's pairs pending many times over, others are more urgent than it.
        use crate::design::{Outcome, Request};
        for dense in [300, 0] {
            let mut run = begun(16, 0.1);
            run.history.iter_mut().for_each(|request| request.outcome = Outcome::Pending);
            let design =
                Adaptive { dense, rule: Rule::Information, pairs_per_item: 0.25, ..Adaptive::default() };
            let met: Vec<Pair> = run.history.iter().map(|request| request.pair).collect();
            let with_0 = met.into_iter().filter(|pair| pair.first == 0 || pair.second == 0);
            let more = with_0.cycle().take(60).map(|pair| Request { pair, outcome: Outcome::Pending });
            let asked = |run: &Run| {
                let pairs = run.try_next(&design).unwrap().wave().unwrap().pairs;
                pairs.iter().any(|pair| pair.first == 0 || pair.second == 0)
            };
            run.history.extend(more);
            assert!(!asked(&run), "dense up to {dense}");
        }
    }

    #[test]
    fn a_small_net_meets_again_and_again() {
        let mut run = Run::new(5);
        for _ in 0..8 {
            run.step(&Adaptive::default());
            run.scores = Some(scores(&[0.3, -0.2, 0.0, 0.5, -0.6]));
        }
        let pairs = run.history.len();
        assert!(pairs >= 50, "{pairs}");
        let mut times = std::collections::BTreeMap::new();
        for request in &run.history[..pairs / 10 * 10] {
            *times.entry(request.pair.unordered()).or_insert(0_usize) += 1;
        }
        assert_eq!(times.len(), 10);
        assert!(times.values().max().unwrap() - times.values().min().unwrap() <= 1, "{times:?}");
    }
}
