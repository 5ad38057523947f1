//! `docket assessment`: what became of assessments, and why.

mod explain;
mod source;

use crate::cli::AssessmentCommand;
use crate::exit::{CommandResult, Exit, Failure};
use crate::judge::{show, times};
use crate::output::{print, table};
use docket_pipeline::AssessmentCancel;
use docket_types::AssessmentId;
use docket_types::assessment::{AssessmentView, State};
use source::{Line, Source};

/// Runs `docket assessment ...`.
pub(crate) async fn main(command: AssessmentCommand) -> CommandResult {
    match command {
        AssessmentCommand::List { place, limit } => {
            let views = Source::of(&place).await?.list(limit).await?;
            if place.json {
                println!("{:#}", times::written(serde_json::json!(views)));
            } else {
                let lines: Result<Vec<Line>, Failure> = views.into_iter().map(source::read).collect();
                print(&list(&lines?));
            }
        }
        AssessmentCommand::Show { id, place } => {
            let said = Source::of(&place).await?.one(id).await?.ok_or_else(|| unknown(id))?;
            if place.json {
                println!("{:#}", times::written(said));
            } else {
                let view = source::view(said)?;
                println!("{} {} ({})", view.id, view.name, state(view.state));
                show::result(&view, essays(&view));
            }
        }
        AssessmentCommand::Explain { id, place } => {
            let source = Source::of(&place).await?;
            let decisions = source.decisions(id).await?;
            if decisions.is_empty() && source.one(id).await?.is_none() {
                return Err(unknown(id));
            }
            if place.json {
                println!("{:#}", times::written(serde_json::json!(decisions)));
            } else {
                decisions.iter().for_each(|decision| println!("{}", explain::line(decision)));
            }
        }
        AssessmentCommand::Cancel { id, place } => return cancel(&Source::of(&place).await?, id).await,
    }
    Ok(Exit::Ok)
}

async fn cancel(source: &Source, id: AssessmentId) -> CommandResult {
    match source.cancel(id).await? {
        AssessmentCancel::Requested => {
            println!("assessment {id} is given up; whoever goes on with it ends it");
            Ok(Exit::Ok)
        }
        AssessmentCancel::AlreadyEnded(how) => {
            Err(Failure::new(Exit::Failed, format!("assessment {id} has ended already: {}", state(how))))
        }
        AssessmentCancel::NotFound => Err(unknown(id)),
    }
}

fn unknown(id: AssessmentId) -> Failure {
    Failure::new(Exit::Failed, format!("there is no assessment {id}; `docket assessment list` shows them"))
}

/// Before the first scores there is no ranking to count.
fn essays(view: &AssessmentView) -> usize {
    view.ranking.len()
}

const fn state(state: State) -> &'static str {
    match state {
        State::Running => "running",
        State::Completed => "completed",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
    }
}

fn list(lines: &[Line]) -> comfy_table::Table {
    let mut rows = table(&["assessment", "name", "state", "by", "answered", "waves", "reliability", "since"]);
    for line in lines {
        let progress = &line.progress;
        rows.add_row([
            line.id.to_string(),
            line.name.clone(),
            state(line.state).to_owned(),
            line.provider.to_string(),
            format!("{} of {}", progress.answered, progress.requested),
            progress.waves.to_string(),
            progress.reliability.map_or_else(String::new, |reliability| format!("{reliability:.2}")),
            line.created_at.to_string(),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_list_says_where_it_is() {
        let said = serde_json::to_value(show::example()).unwrap();
        assert_eq!(source::view(said.clone()).unwrap(), show::example());
        let spelt = times::written(said.clone());
        assert_eq!(source::view(spelt).unwrap(), show::example(), "a host writes times");
        let text = list(&[source::read(said).unwrap()]).to_string();
        for word in
            ["01a20908-8dba-74b5-943e-8d95c657535d", "completed", "6 of 6", "0.87", "mock", "2026-01-01"]
        {
            assert!(text.contains(word), "{word} in\n{text}");
        }
    }
}
