//! `docket judge`: essays in, a ranking out, without a running host.

mod embedded;
mod files;
mod follow;
mod request;
pub(crate) mod show;
pub(crate) mod times;

use crate::cli::JudgeArgs;
use crate::essays::Problems;
use crate::exit::{CommandResult, Exit, Failure, OrExit};
use anyhow::Context;
use docket_pipeline::{AssessError, Handle};
use docket_types::AssessmentId;
use docket_types::assessment::{AssessmentRequest, AssessmentView, ComparisonView, State};
use embedded::Embedded;
use follow::{Followed, follow};

/// Comparisons that are read at a time.
const PAGE: u32 = 1000;

/// Judges, shows the ranking, and writes what was asked for.
pub(crate) async fn main(args: JudgeArgs) -> CommandResult {
    let mut problems = Problems::default();
    let request = request::read(&args, &mut problems);
    files::check(&args, &mut problems);
    if !problems.0.is_empty() {
        let text = format!("the input cannot be used:\n{problems}");
        return Err(Failure::new(Exit::Usage, text));
    }
    let host = Embedded::start(&args).await?;
    let judged = judge(&args, &host, request).await;
    let interrupted = matches!(judged, Ok(Judged::Interrupted(_)));
    host.stop(interrupted).await;
    match judged? {
        Judged::Ended(exit) => Ok(exit),
        Judged::Interrupted(view) => Err(Failure::new(Exit::Failed, stopped(&args, &view))),
    }
}

/// How it went.
enum Judged {
    /// To its end; the result is shown.
    Ended(Exit),
    /// Somebody stopped this process.
    Interrupted(Box<AssessmentView>),
}

async fn judge(args: &JudgeArgs, host: &Embedded, request: AssessmentRequest) -> Result<Judged, Failure> {
    let handle = host.handle();
    let essays = request.essays.len();
    let receipt = handle.assess(request).await.map_err(refused)?;
    if receipt.replayed {
        eprintln!("docket: the store knows this assessment ({}): going on with it", receipt.id);
    }
    let quiet = files::to_standard_output(args);
    let view = match follow(&handle, receipt.id, quiet).await? {
        Followed::Interrupted(view) => return Ok(Judged::Interrupted(view)),
        Followed::Ended(view) => *view,
    };
    let comparisons = match files::wants_comparisons(args) {
        true => comparisons(&handle, receipt.id).await?,
        false => Vec::new(),
    };
    files::write(args, &view, &comparisons).or_exit(Exit::Internal)?;
    if !quiet {
        show::result(&view, essays);
    }
    match view.state {
        State::Completed => Ok(Judged::Ended(Exit::Ok)),
        _ => Err(Failure::new(Exit::Failed, show::failure(&view))),
    }
}

async fn comparisons(handle: &Handle, id: AssessmentId) -> Result<Vec<ComparisonView>, Failure> {
    let mut all: Vec<ComparisonView> = Vec::new();
    loop {
        let from = all.last().map_or(0, |last| last.number.saturating_add(1));
        let page = handle.assessment_comparisons(id, from, PAGE).await;
        let page = page.context("cannot read the comparisons").or_exit(Exit::Store)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn refused(error: AssessError) -> Failure {
    let exit = match &error {
        AssessError::Invalid { .. } | AssessError::UnknownProvider { .. } => Exit::Usage,
        AssessError::Store(_) => Exit::Store,
        AssessError::NameConflict { .. } | AssessError::Draining => Exit::Failed,
    };
    Failure { exit, error: anyhow::Error::new(error).context("the assessment is refused") }
}

/// What a process that was stopped says.
fn stopped(args: &JudgeArgs, view: &AssessmentView) -> String {
    let answered = view.progress.answered;
    match &args.store {
        Some(url) => format!(
            "stopped after {answered} answered comparisons; they are kept in {url}: the same command again goes on"
        ),
        None => {
            format!("stopped after {answered} answered comparisons; nothing is kept (--store URL keeps it)")
        }
    }
}
