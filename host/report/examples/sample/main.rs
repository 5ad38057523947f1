//! Writes sample reports: `cargo run -p docket-report --example sample -- FOLDER`.

mod view;

use anyhow::Context;
use docket_types::assessment::State;
use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("name the folder to write to")?);
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let write = |name: &str, (view, all): (_, Vec<_>)| {
        let path = folder.join(format!("{name}.html"));
        let html = docket_report::html(&view, &all);
        std::fs::write(&path, &html).with_context(|| format!("{} cannot be written", path.display()))?;
        println!("{} ({} kB)", path.display(), html.len() / 1000);
        anyhow::Ok(())
    };
    for n in [2, 12, 60, 300, 500] {
        write(&n.to_string(), view::completed(n, 11))?;
    }
    write("hostile", view::hostile(view::completed(14, 7)))?;
    let (view, all) = view::completed(30, 5);
    write("running", (view::running(view.clone()), all[..120].to_vec()))?;
    let detail = "No comparison was answered. The credential is missing or wrong";
    let failed = view::without_scores(view.clone(), State::Failed, "nothing_succeeded", detail);
    let mut refused = all[..30].to_vec();
    for comparison in &mut refused {
        (comparison.status, comparison.winner) = ("failed".into(), None);
        comparison.error_code = Some("AUTHENTICATION_ERROR".into());
    }
    write("failed", (failed, refused))?;
    write("cancelled", (view::without_scores(view, State::Cancelled, "cancelled", ""), Vec::new()))
}
