//! `docket suite`: scenarios that a host has to pass, against a host of their own or a running one.
//!
//! Nothing skips. A host that runs another profile or mode than the scenario needs is a failure with its reason.

mod assess;
pub(crate) mod callback;
mod capture;
mod environment;
mod exposition;
mod own_host;
mod parity;
mod play;
mod queue_metrics;
mod scenario;
pub(crate) mod summary;
mod verdict;

use crate::cli::{SuiteCommand, SuiteRun};
use crate::client::Client;
use crate::exit::{CommandResult, Exit, Failure, OrExit};
use assess::{Assessed, Assessor};
use own_host::OwnHost;
use play::{Played, Player};
use scenario::{Library, Scenario};
use std::time::Duration;

/// How long a host of our own may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Runs `docket suite ...`.
pub(crate) async fn main(command: SuiteCommand) -> CommandResult {
    match command {
        SuiteCommand::List { suite_dir } => list(&Library::new(suite_dir.as_deref())),
        SuiteCommand::Run(args) => {
            let library = Library::new(args.suite_dir.as_deref());
            let mut last = Ok(Exit::Ok);
            for name in suites(&args).or_exit(Exit::Config)? {
                let scenario = library.scenario(&name).or_exit(Exit::Config)?;
                let ran = run(&args, &library, &scenario).await;
                match (ran, &last) {
                    // The first failure is the result, after everything was played.
                    (Err(failure), Ok(_)) => last = Err(failure),
                    (Err(failure), Err(_)) => eprintln!("docket: {:#}", failure.error),
                    (Ok(_), _) => {}
                }
            }
            last
        }
    }
}

/// The suite, or the lanes of a family of suites: `eng5-cj small-net` is `eng5-cj-small-net`.
fn suites(args: &SuiteRun) -> anyhow::Result<Vec<String>> {
    const LANES: [&str; 3] = ["small-net", "regular", "batch-api"];
    match (args.name.as_str(), args.lane.as_deref()) {
        ("eng5-cj", None | Some("all")) => Ok(LANES.iter().map(|lane| format!("eng5-cj-{lane}")).collect()),
        ("eng5-cj", Some(lane)) if LANES.contains(&lane) => Ok(vec![format!("eng5-cj-{lane}")]),
        ("eng5-cj", Some(lane)) => {
            anyhow::bail!("eng5-cj has no lane `{lane}`; there are {}, all", LANES.join(", "))
        }
        (name, None) => Ok(vec![name.to_owned()]),
        (name, Some(_)) => anyhow::bail!("the suite `{name}` has no lanes; eng5-cj has"),
    }
}

fn list(library: &Library<'_>) -> CommandResult {
    let mut table = crate::output::table(&["suite", "profile", "queue mode", "requests", "what it shows"]);
    for name in library.names().or_exit(Exit::Config)? {
        let scenario = library.scenario(&name).or_exit(Exit::Config)?;
        let requests: usize =
            scenario.cases.iter().map(|c| c.prompts.comparisons().len() * c.batches as usize).sum();
        let asked: u64 = scenario.assessments.iter().map(|a| a.expect.requested).sum();
        let requests = requests as u64 + asked;
        let mode = scenario.host.queue_mode.to_string();
        table.add_row([name, scenario.host.profile, mode, requests.to_string(), scenario.description]);
    }
    crate::output::print(&table);
    Ok(Exit::Ok)
}

async fn run(args: &SuiteRun, library: &Library<'_>, scenario: &Scenario) -> CommandResult {
    let (client, own) = match &args.url {
        Some(url) => (Client::new(url, args.admin_token())?, None),
        None => {
            let host = OwnHost::start(args, &scenario.host).await?;
            (host.client()?, Some(host))
        }
    };
    let played = play_all(args, library, scenario, &client, own.is_some()).await;
    let stopped = match own {
        Some(host) => host.stop(STOP_WITHIN, played.is_err()).await,
        None => Ok(()),
    };
    let (played, assessed) = played?;
    stopped?;
    report(args, scenario, &played, &assessed)
}

async fn play_all(
    args: &SuiteRun,
    library: &Library<'_>,
    scenario: &Scenario,
    client: &Client,
    alone: bool,
) -> Result<(Vec<Played>, Vec<Assessed>), Failure> {
    environment::check(client, &scenario.host).await?;
    let mut all = Vec::new();
    for case in &scenario.cases {
        let recorded =
            case.recorded.as_deref().map(|name| library.recorded(name)).transpose().or_exit(Exit::Config)?;
        let player = Player { client, needs: &scenario.host, case, alone, quiet: args.json };
        let played = player.play(recorded.as_ref()).await?;
        if let Some(dir) = &args.capture {
            capture::write(&dir.join(&case.name), &played).or_exit(Exit::Internal)?;
        }
        all.push(played);
    }
    let mut assessed = Vec::new();
    for case in &scenario.assessments {
        let assessor = Assessor { client, needs: &scenario.host, case, alone, quiet: args.json };
        assessed.push(assessor.play().await?);
    }
    Ok((all, assessed))
}

fn report(args: &SuiteRun, scenario: &Scenario, played: &[Played], assessed: &[Assessed]) -> CommandResult {
    if args.json {
        let assessed = assessed.iter().map(Assessed::to_json);
        let cases: Vec<_> = played.iter().map(Played::to_json).chain(assessed).collect();
        println!("{}", serde_json::json!({"suite": scenario.name, "cases": cases}));
    } else {
        for one in played {
            let seconds = one.took.as_secs_f64();
            println!("{} / {}: {} requests in {seconds:.1} s", scenario.name, one.case, one.sent);
            crate::output::print(&verdict::table(&one.rows));
            println!();
        }
        for one in assessed {
            let seconds = one.took.as_secs_f64();
            println!("{} / {}: {} comparisons in {seconds:.1} s", scenario.name, one.case, one.asked);
            crate::output::print(&verdict::table(&one.rows));
            println!();
        }
    }
    let mut failed: Vec<String> = played.iter().flat_map(Played::failed).collect();
    failed.extend(assessed.iter().flat_map(Assessed::failed));
    if failed.is_empty() {
        if !args.json {
            println!("{}: passed", scenario.name);
        }
        return Ok(Exit::Ok);
    }
    Err(Failure::new(Exit::Failed, format!("{} failed: {}", scenario.name, failed.join("; "))))
}
