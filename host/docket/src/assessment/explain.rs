//! A decision in one line: what was decided, why, and the numbers that this rests on.

use docket_judgement::design::Kind;
use docket_judgement::session::{Action, Decided, Ending};
use docket_judgement::stopping::Reason;
use docket_pipeline::DecisionView;

/// The line of a decision.
pub(super) fn line(view: &DecisionView) -> String {
    let decided = &view.decision;
    let mut text = format!("{:>4}  {}  {}", view.number, view.at, what(decided));
    let why = why(decided);
    if !why.is_empty() {
        text.push_str(&format!(", because {why}"));
    }
    format!("{text} [{}]", numbers(decided))
}

fn what(decided: &Decided) -> String {
    let asked = comparisons(decided.asked.len());
    match &decided.action {
        Action::Wait => "waits".to_owned(),
        Action::Retry => format!("asks again for {asked} that failed"),
        Action::Continue | Action::Resample if decided.asked.is_empty() => {
            "asked for a wave and got no pair".to_owned()
        }
        Action::Continue => format!("asks for {asked}, {}", decided.kind.map_or("a wave", wave)),
        Action::Resample => format!("asks once more for {asked} of pairs that were compared before"),
        Action::End(Ending::Finished { .. }) => "ends with scores".to_owned(),
        Action::End(Ending::Failed { .. }) => "ends without scores".to_owned(),
        Action::End(Ending::Cancelled) => "ends".to_owned(),
    }
}

fn why(decided: &Decided) -> String {
    let (facts, inputs) = (&decided.facts, &decided.context.inputs);
    if let Action::End(Ending::Cancelled) = decided.action {
        return "its caller gave it up".to_owned();
    }
    if decided.action == Action::Retry {
        let spare = facts.remaining;
        return format!(
            "{} may be tried again and the budget has {spare} left",
            comparisons(decided.context.retryable)
        );
    }
    let reliability = facts.reliability_bound.or(inputs.reliability).unwrap_or_default();
    let rate = 100.0 * facts.success_rate.unwrap_or_default();
    let text = match decided.reason {
        Reason::Pending => format!("{} have no answer yet", comparisons(facts.pending)),
        Reason::NotEnough if inputs.requested == 0 => "nothing was asked for yet".to_owned(),
        Reason::NotEnough => "no rule that ends it is met".to_owned(),
        Reason::Repeat => format!("all {} pairs were answered", facts.possible_pairs),
        Reason::Stable => {
            format!(
                "no score changed by more than {:.3} since the wave before",
                inputs.score_change.unwrap_or_default()
            )
        }
        Reason::Reliable => format!("the reliability of {reliability:.3} is high enough"),
        Reason::BudgetSpent => format!("the budget of {} is spent", comparisons(inputs.budget)),
        Reason::PassesSpent => format!("the pairs were repeated {} times", inputs.passes),
        Reason::NoPairsLeft => "there is no pair left".to_owned(),
        Reason::NothingSucceeded => "no comparison was answered".to_owned(),
        Reason::SuccessRateTooLow => format!("only {rate:.0} % of the comparisons were answered"),
    };
    match &decided.action {
        Action::End(Ending::Failed { detail: Some(detail), .. }) => format!("{text}; {detail}"),
        _ => text,
    }
}

/// What every decision rests on.
fn numbers(decided: &Decided) -> String {
    let (facts, inputs) = (&decided.facts, &decided.context.inputs);
    let mut parts = vec![format!("{} of {} answered", inputs.answered, inputs.requested)];
    if inputs.failed > 0 {
        parts.push(format!("{} failed", inputs.failed));
    }
    if facts.pending > 0 {
        parts.push(format!("{} pending", facts.pending));
    }
    parts.push(format!("budget {}", inputs.budget));
    parts.push(format!("{} of {} pairs", inputs.pairs_answered, facts.possible_pairs));
    parts.extend(inputs.reliability.map(|reliability| format!("reliability {reliability:.3}")));
    parts.extend(inputs.score_change.map(|change| format!("largest change {change:.3}")));
    parts.join(", ")
}

fn comparisons(count: usize) -> String {
    if count == 1 { "1 comparison".to_owned() } else { format!("{count} comparisons") }
}

const fn wave(kind: Kind) -> &'static str {
    match kind {
        Kind::Coverage => "a coverage wave",
        Kind::Resampling => "a resampling wave",
        Kind::Random => "a random wave",
        Kind::Swiss => "a swiss wave",
        Kind::Adaptive => "an adaptive wave",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_judgement::session::{DesignName, Evidence, Scorer, Session, Settings};
    use docket_judgement::stopping::Rules;
    use docket_types::Timestamp;

    fn settings() -> Settings {
        Settings {
            items: 4,
            anchors: Vec::new(),
            seed: 1,
            design: DesignName::Random,
            scorer: Scorer::Ep,
            evidence: Evidence::Winner,
            budget: 5,
            fill: false,
            rules: Rules::default(),
            attempts: 2,
            anchor_priority: 1.0,
        }
    }

    fn lines(decided: Vec<Decided>) -> Vec<String> {
        let view = |decision| DecisionView { number: 3, at: Timestamp::from_millis(0), decision };
        decided.into_iter().map(|decision| line(&view(decision))).collect()
    }

    #[test]
    fn each_decision_says_what_why_and_on_which_numbers() {
        let mut session = Session::new(settings());
        let mut all = lines(session.turn(false, 1).unwrap());
        session.failed(0, 1, "TIMEOUT");
        session.answered(1, 1, true, None, "j");
        all.extend(lines(session.turn(false, 2).unwrap()));
        session.answered(0, 2, false, None, "j");
        all.extend(lines(session.turn(false, 3).unwrap()));
        for number in 2..4 {
            session.answered(number, 1, true, None, "j");
        }
        all.extend(lines(session.turn(false, 4).unwrap()));
        let expected = [
            "asks for 2 comparisons, a random wave, because nothing was asked for yet [0 of 0 answered, budget 5,",
            "asks again for 1 comparison that failed, because 1 comparison may be tried again and the budget has 3 left [1 of 2 answered, 1 failed,",
            "asks for 2 comparisons, a random wave, because no rule that ends it is met [2 of 2 answered, budget 4,",
            "ends with scores, because the budget of 4 comparisons is spent [4 of 4 answered,",
        ];
        assert_eq!(all.len(), expected.len(), "{all:#?}");
        for (line, part) in all.iter().zip(expected) {
            assert!(line.starts_with("   3  1970-01-01T00:00:00"), "{line}");
            assert!(line.contains(part), "{line}\nshould have\n{part}");
        }
        assert!(all[2].contains("2 of 6 pairs, reliability 0."), "{}", all[2]);
    }

    #[test]
    fn a_cancelled_one_says_so() {
        let mut session = Session::new(settings());
        let all = lines(session.turn(true, 1).unwrap());
        assert!(all[0].contains("ends, because its caller gave it up ["), "{all:?}");
    }
}
