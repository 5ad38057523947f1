//! From the command line to an assessment.

use crate::cli::{DEFAULT_SCALE, DesignArg, JudgeArgs};
use crate::essays::{self, Problem, Problems};
use docket_judgement::grades::Scale;
use docket_types::ProviderName;
use docket_types::assessment::{AssessmentRequest, Attribution, Essay, Judging, Materials};
use docket_types::submission::Overrides;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// How many hexadecimal digits of the content's hash a name has.
const NAME_DIGITS: usize = 24;
/// The most characters of the input's own name in it.
const NAME_CHARACTERS: usize = 60;

/// Reads everything that the command line names, and notes all that is wrong.
pub(super) fn read(args: &JudgeArgs, problems: &mut Problems) -> AssessmentRequest {
    let id = args.scale.as_deref().unwrap_or(DEFAULT_SCALE);
    let essays = match Scale::by_id(id) {
        Ok(scale) => graded(args, &scale, problems),
        Err(error) => {
            problems.0.push(Problem { place: "--scale".to_owned(), message: error.to_string() });
            Vec::new()
        }
    };
    let materials = Materials {
        student_prompt: material(args.prompt.as_ref(), problems),
        instructions: material(args.instructions.as_ref(), problems),
        rubric: material(args.rubric.as_ref(), problems),
    };
    let has_anchors = essays.iter().any(|essay| essay.anchor_grade.is_some());
    let judging = Judging {
        provider: args.provider.as_deref().map(ProviderName::from),
        overrides: Overrides { model: args.model.clone(), ..Overrides::default() },
        batching_mode: args.mode,
        max_comparisons: args.budget,
        design: args.design.map(|design| DesignArg::as_str(design).to_owned()),
        grade_scale: has_anchors.then(|| id.to_owned()),
        seed: args.seed,
        ..Judging::default()
    };
    let attribution = Attribution::default();
    let mut request = AssessmentRequest { name: String::new(), essays, materials, judging, attribution };
    request.name = name(&args.essays, &request);
    request
}

fn graded(args: &JudgeArgs, scale: &Scale, problems: &mut Problems) -> Vec<Essay> {
    let mut all = essays::read(&args.essays, scale, problems);
    if let Some(path) = &args.anchors {
        essays::grades(path, scale, &mut all, problems);
    }
    all
}

fn material(path: Option<&PathBuf>, problems: &mut Problems) -> Option<String> {
    let path = path?;
    let text = essays::text(path, problems)?.trim().to_owned();
    if text.is_empty() {
        problems.0.push(Problem::of(path, "the file is empty"));
    }
    Some(text)
}

/// The input's name and a digest of everything that is asked for: the same question has the same name, so that asking
/// it again goes on with it, and another question never does.
fn name(path: &Path, request: &AssessmentRequest) -> String {
    // Every part of a request can be written as JSON.
    let bytes = serde_json::to_vec(request).unwrap_or_default();
    let digest = hex::encode(Sha256::digest(bytes));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem: String = stem.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS).collect();
    let stem = if stem.is_empty() { "essays".to_owned() } else { stem };
    format!("{stem}-{}", &digest[..NAME_DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn request(more: &[&str]) -> (AssessmentRequest, String) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/essays");
        let args = [&["docket", "judge", folder.to_str().unwrap()], more].concat();
        let Command::Judge(args) = Cli::try_parse_from(args).unwrap().command else {
            panic!("another command")
        };
        let mut problems = Problems::default();
        (read(&args, &mut problems), problems.to_string())
    }

    #[test]
    fn the_name_is_a_digest_of_all_that_is_asked() {
        let (first, problems) = request(&["--budget", "40"]);
        assert_eq!(problems, "");
        assert_eq!(first, request(&["--budget", "40"]).0);
        assert!(first.name.starts_with("essays-") && first.name.len() == 7 + NAME_DIGITS, "{}", first.name);
        assert_eq!(first.essays.len(), 14);
        for other in
            [&["--budget", "41"][..], &["--budget", "40", "--seed", "1"], &["--budget", "40", "--model", "m"]]
        {
            assert_ne!(request(other).0.name, first.name, "{other:?}");
        }
    }

    #[test]
    fn every_option_reaches_the_request() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).unwrap();
            dir.path().join(name).display().to_string()
        };
        let (rubric, prompt, instructions) =
            (file("r", "rubric\n"), file("p", "prompt"), file("i", "criteria"));
        let anchors = file("a.csv", "essay,grade\nessay-01,3\n");
        let (request, problems) = request(&[
            "--anchors",
            &anchors,
            "--rubric",
            &rubric,
            "--prompt",
            &prompt,
            "--instructions",
            &instructions,
            "--provider",
            "mock",
            "--model",
            "m",
            "--mode",
            "per_request",
            "--budget",
            "50",
            "--design",
            "swiss",
            "--scale",
            "eng5_np_national_9_step",
            "--seed",
            "7",
        ]);
        assert_eq!(problems, "");
        let materials = request.materials;
        assert_eq!(materials.rubric.as_deref(), Some("rubric"));
        assert_eq!(materials.student_prompt.as_deref(), Some("prompt"));
        assert_eq!(materials.instructions.as_deref(), Some("criteria"));
        let judging = request.judging;
        assert_eq!(judging.provider, Some(ProviderName::from("mock")));
        assert_eq!(judging.overrides.model.as_deref(), Some("m"));
        assert_eq!(judging.batching_mode.map(|mode| mode.as_str()), Some("per_request"));
        assert_eq!((judging.max_comparisons, judging.seed), (Some(50), Some(7)));
        assert_eq!(judging.design.as_deref(), Some("swiss"));
        assert_eq!(judging.grade_scale.as_deref(), Some("eng5_np_national_9_step"));
        assert_eq!(request.essays[0].anchor_grade.as_deref(), Some("3"));
    }

    #[test]
    fn without_anchors_there_is_no_scale_and_empty_files_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty");
        std::fs::write(&empty, " ").unwrap();
        let (request, problems) = request(&["--rubric", empty.to_str().unwrap()]);
        assert_eq!(request.judging.grade_scale, None);
        assert!(problems.ends_with("empty: the file is empty"), "{problems}");
    }
}
