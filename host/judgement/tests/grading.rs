//! The ordinal model as callers see it.

#![expect(clippy::unwrap_used, reason = "a test may unwrap, and so may its helpers")]

use docket_judgement::Scores;
use docket_judgement::grades::{
    Anchors, ConfidenceLabel, GradeError, GradeRule, GradeSummary, Method, OrdinalSettings, Scale,
    StudentGrade, Target, Unavailable, grade, quadratic_weighted_kappa,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const SIX: [&str; 6] = ["1", "2", "3", "4", "5", "6"];

fn six() -> Scale {
    Scale::new("six", &SIX, None).unwrap()
}

fn scores(mean: &[f64], se: f64) -> Scores {
    Scores {
        mean: mean.to_vec(),
        standard_error: vec![se; mean.len()],
        sigma: 1.0,
        scale_error: 0.0,
        bias: Vec::new(),
    }
}

/// Forty items from -3 to 3.
fn even(se: f64) -> Scores {
    scores(&(0..40).map(|at| -3.0 + f64::from(at) * 6.0 / 39.0).collect::<Vec<_>>(), se)
}

/// Twelve anchors that fall evenly into the six grades.
fn twelve(scale: &Scale) -> Anchors {
    Anchors::new(scale, (0..12u32).map(|at| (at * 39 / 11, SIX[(at / 2) as usize]))).unwrap()
}

fn ordinal(scale: &Scale, anchors: &Anchors, scores: &Scores) -> GradeSummary {
    grade(scale, anchors, scores, &Method::default()).unwrap()
}

#[test]
fn grades_rise_with_scores_and_no_grade_is_certain() {
    let scale = six();
    let summary = ordinal(&scale, &twelve(&scale), &even(0.4));
    assert_eq!(summary.unavailable, None);
    assert_eq!(summary.students.len(), 28);
    let means: Vec<f64> = summary.students.iter().map(|student| student.mean_grade).collect();
    assert!(means.windows(2).all(|pair| pair[0] < pair[1]), "{means:?}");
    for student in &summary.students {
        assert!((student.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(student.probabilities.iter().all(|&p| p > 0.0 && p < 0.99), "{student:?}");
        assert!(student.within_one >= student.probabilities[student.most_probable]);
    }
    assert!(summary.students.iter().any(|student| student.borderline));
    assert!(summary.students.iter().any(|student| !student.borderline));
    let boundaries = &summary.calibration.as_ref().unwrap().boundaries;
    for (cut, expected) in boundaries.iter().zip([-2.23, -1.15, -0.08, 1.0, 2.08]) {
        assert!((cut - expected).abs() < 0.2, "{boundaries:?}");
    }
}

#[test]
fn a_less_certain_score_gives_a_less_certain_grade() {
    let scale = six();
    let mut input = even(0.3);
    let before = ordinal(&scale, &twelve(&scale), &input);
    let item = before.students[14].item;
    input.standard_error[item as usize] = 1.5;
    let after = ordinal(&scale, &twelve(&scale), &input);
    let spread = |summary: &GradeSummary| summary.students[14].confidence.score;
    assert!(spread(&after) < spread(&before) - 0.1, "{} {}", spread(&before), spread(&after));
    assert!(after.students[14].within_one < before.students[14].within_one);
}

#[test]
fn uncertain_anchors_make_everybodys_grade_less_certain() {
    let scale = six();
    let anchors = twelve(&scale);
    let mut input = even(0.3);
    let before = ordinal(&scale, &anchors, &input);
    anchors.all().iter().for_each(|anchor| input.standard_error[anchor.item as usize] = 1.5);
    let after = ordinal(&scale, &anchors, &input);
    let errors =
        |summary: &GradeSummary| summary.calibration.as_ref().unwrap().boundary_errors.iter().sum::<f64>();
    assert!(errors(&after) > 1.2 * errors(&before), "{} {}", errors(&before), errors(&after));
}

#[test]
fn the_scale_of_the_scores_does_not_matter() {
    let scale = six();
    let (one, anchors) = (even(0.4), twelve(&scale));
    let ten = Scores {
        mean: one.mean.iter().map(|score| 10.0 * score + 100.0).collect(),
        standard_error: one.standard_error.iter().map(|se| 10.0 * se).collect(),
        ..one.clone()
    };
    let (small, large) = (ordinal(&scale, &anchors, &one), ordinal(&scale, &anchors, &ten));
    for (a, b) in small.students.iter().zip(&large.students) {
        assert!(a.probabilities.iter().zip(&b.probabilities).all(|(a, b)| (a - b).abs() < 1e-6));
    }
    let slope = |summary: &GradeSummary| summary.calibration.as_ref().unwrap().slope.unwrap();
    assert!((slope(&small) / slope(&large) - 10.0).abs() < 1e-4);
}

#[test]
fn two_anchors_are_enough_and_leave_much_open() {
    let scale = six();
    let few = Anchors::new(&scale, [(0, "1"), (39, "6")]).unwrap();
    let sparse = ordinal(&scale, &few, &even(0.4));
    let dense = ordinal(&scale, &twelve(&scale), &even(0.4));
    let error = |summary: &GradeSummary| summary.calibration.as_ref().unwrap().boundary_errors[2];
    assert!(error(&sparse) > error(&dense));
    let mean = |summary: &GradeSummary| {
        summary.students.iter().map(|student| student.confidence.score).sum::<f64>()
            / summary.students.len() as f64
    };
    assert!(mean(&sparse) < mean(&dense) - 0.05, "{} {}", mean(&sparse), mean(&dense));
    // The grades without anchors keep their place: nothing collapses.
    let cuts = &sparse.calibration.as_ref().unwrap().boundaries;
    assert!(cuts.windows(2).all(|pair| pair[1] - pair[0] > 0.2), "{cuts:?}");
}

#[test]
fn without_two_grades_there_is_no_projection_and_a_reason() {
    let scale = six();
    for method in [Method::default(), Method::GaussianMixture] {
        let reason = |known: &[(u32, &str)]| {
            let anchors = Anchors::new(&scale, known.iter().copied()).unwrap();
            let summary = grade(&scale, &anchors, &even(0.4), &method).unwrap();
            assert!(summary.students.is_empty() && summary.calibration.is_none());
            summary.unavailable
        };
        assert_eq!(reason(&[]), Some(Unavailable::NoAnchors));
        assert_eq!(reason(&[(3, "4"), (5, "4")]), Some(Unavailable::OneGrade));
    }
    let all = Anchors::new(&scale, [(0, "1"), (1, "2")]).unwrap();
    let summary = grade(&scale, &all, &scores(&[0.0, 1.0], 0.1), &Method::default()).unwrap();
    assert_eq!(summary.unavailable, Some(Unavailable::NoStudents));
}

#[test]
fn bad_input_is_named() {
    let scale = six();
    let outside = Anchors::new(&scale, [(0, "7")]).unwrap_err();
    assert_eq!(outside, GradeError::OutsideScale { grade: "7".to_owned(), scale: "six".to_owned() });
    assert_eq!(Anchors::new(&scale, [(4, "1"), (4, "2")]), Err(GradeError::AnchorTwice(4)));
    let fails = |anchors: &Anchors, scores: &Scores, method: &Method| {
        grade(&scale, anchors, scores, method).unwrap_err()
    };
    let beyond = Anchors::new(&scale, [(0, "1"), (40, "2")]).unwrap();
    let unknown = GradeError::UnknownAnchor { item: 40, items: 40 };
    assert_eq!(fails(&beyond, &even(0.1), &Method::default()), unknown);
    let anchors = twelve(&scale);
    let mut broken = even(0.1);
    broken.mean[7] = f64::NAN;
    assert_eq!(fails(&anchors, &broken, &Method::GaussianMixture), GradeError::Score(7));
    let mut short = even(0.1);
    short.standard_error.truncate(9);
    assert_eq!(fails(&anchors, &short, &Method::default()), GradeError::Score(9));
    let settings = OrdinalSettings { draws: 1, ..OrdinalSettings::default() };
    let few = fails(&anchors, &even(0.1), &Method::Ordinal(settings));
    assert!(matches!(few, GradeError::Setting(_)));
}

#[test]
fn a_drifted_anchor_stands_out_and_the_others_do_not() {
    let scale = six();
    let honest = twelve(&scale);
    let fit = |anchors: &Anchors| ordinal(&scale, anchors, &even(0.4)).calibration.unwrap().anchor_fit;
    assert!(fit(&honest).iter().all(|anchor| !anchor.drifted), "{:?}", fit(&honest));
    let drifted = Anchors::new(
        &scale,
        honest
            .all()
            .iter()
            .map(|anchor| (anchor.item, if anchor.item == 3 { "5" } else { SIX[anchor.grade] })),
    )
    .unwrap();
    let flagged: Vec<u32> = fit(&drifted).iter().filter(|anchor| anchor.drifted).map(|a| a.item).collect();
    assert_eq!(flagged, [3]);
    let own = fit(&drifted)[1];
    assert_eq!((own.item, own.known), (3, 4));
    assert!(own.residual_z.unwrap() > 2.5 && own.predicted.unwrap() < 2.0, "{own:?}");
}

#[test]
fn an_anchor_that_the_others_cannot_judge_has_no_residual() {
    let scale = six();
    let two = Anchors::new(&scale, [(0, "1"), (39, "6")]).unwrap();
    let fit = ordinal(&scale, &two, &even(0.4)).calibration.unwrap().anchor_fit;
    assert!(fit.iter().all(|anchor| anchor.residual_z.is_none() && !anchor.drifted));
}

#[test]
fn below_the_lowest_grade_is_a_grade_of_its_own() {
    let scale = Scale::by_id("eng5_np_national_9_step").unwrap();
    let names: Vec<String> = (1..=9).map(|grade| grade.to_string()).collect();
    let mut mean: Vec<f64> = (0..18).map(|at| f64::from(at / 2) - 4.0).collect();
    mean.extend([-9.0, 0.0, 9.0]);
    let anchors = Anchors::new(&scale, (0..18u32).map(|at| (at, names[(at / 2) as usize].as_str()))).unwrap();
    let summary = ordinal(&scale, &anchors, &scores(&mean, 0.3));
    let given: Vec<&str> = summary.students.iter().map(|student| student.grade.as_str()).collect();
    assert_eq!(given, ["0", "5", "9"]);
    assert_eq!(summary.calibration.unwrap().grades.len(), 10);
    assert_eq!(summary.students[0].probabilities.len(), 10);
}

#[test]
fn the_rule_decides_which_grade_is_given() {
    let scale = six();
    let by = |rule| {
        let settings = OrdinalSettings { rule, ..OrdinalSettings::default() };
        grade(&scale, &twelve(&scale), &even(1.5), &Method::Ordinal(settings)).unwrap().students
    };
    for student in by(GradeRule::MostProbable) {
        assert_eq!(student.grade, SIX[student.most_probable]);
    }
    for student in by(GradeRule::Mean) {
        assert_eq!(student.grade, SIX[(student.mean_grade + 0.5) as usize]);
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_a_summary_survives_json() {
    let scale = six();
    let one = ordinal(&scale, &twelve(&scale), &even(0.4));
    let settings = OrdinalSettings { seed: 1, ..OrdinalSettings::default() };
    let other = grade(&scale, &twelve(&scale), &even(0.4), &Method::Ordinal(settings)).unwrap();
    assert_eq!(one, ordinal(&scale, &twelve(&scale), &even(0.4)));
    assert_ne!(one, other);
    let gap = one.students.iter().zip(&other.students).map(|(a, b)| (a.mean_grade - b.mean_grade).abs());
    assert!(gap.fold(0.0, f64::max) < 0.05);
    let written = serde_json::to_string(&one).unwrap();
    assert!(
        written.contains("\"method\":\"ordinal\"") && written.contains("\"label\":\"HIGH\""),
        "{written}"
    );
    // serde_json may lose the last bit of a number.
    let read: GradeSummary = serde_json::from_str(&written).unwrap();
    assert_eq!(read.students.len(), one.students.len());
    for (a, b) in read.students.iter().zip(&one.students) {
        assert_eq!((a.item, &a.grade, a.borderline), (b.item, &b.grade, b.borderline));
        assert!((a.mean_grade - b.mean_grade).abs() < 1e-12);
    }
    assert_eq!(read.calibration.unwrap().anchor_grades, SIX);
    assert!(one.students.iter().any(|student| student.confidence.label == ConfidenceLabel::High));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_scores_and_anchors_give_probabilities(
        mean in proptest::collection::vec(-30.0f64..30.0, 8..20),
        se in 0.0f64..5.0,
        grades in proptest::collection::vec(0usize..9, 2..8),
    ) {
        let scale = Scale::by_id("eng5_np_legacy_9_step").unwrap();
        let names: Vec<&str> = scale.grades().iter().map(String::as_str).collect();
        let anchors = Anchors::new(&scale, (0u32..).zip(grades.iter().map(|&at| names[at]))).unwrap();
        for method in [
            Method::Ordinal(OrdinalSettings { draws: 20, ..OrdinalSettings::default() }),
            Method::GaussianMixture,
        ] {
            let summary = grade(&scale, &anchors, &scores(&mean, se), &method).unwrap();
            prop_assert_eq!(summary.unavailable.is_some(), summary.students.is_empty());
            for student in &summary.students {
                let sum: f64 = student.probabilities.iter().sum();
                prop_assert!((sum - 1.0).abs() < 1e-9);
                prop_assert!((0.0..=1.0).contains(&student.confidence.score));
            }
            if let Some(calibration) = summary.calibration {
                prop_assert!(calibration.boundaries.windows(2).all(|pair| pair[0] <= pair[1]));
                prop_assert!(calibration.boundaries.iter().all(|cut| cut.is_finite()));
            }
        }
    }
}

#[test]
fn the_deserved_grade_is_surer_than_the_grade_a_grader_gives() {
    let scale = six();
    let by = |target| {
        let settings = OrdinalSettings { target, ..OrdinalSettings::default() };
        grade(&scale, &twelve(&scale), &even(0.4), &Method::Ordinal(settings)).unwrap().students
    };
    let (given, deserved) = (by(Target::Given), by(Target::Deserved));
    let claimed = |students: &[StudentGrade]| {
        students.iter().map(|student| student.probabilities[student.most_probable]).sum::<f64>()
            / students.len() as f64
    };
    assert!(claimed(&deserved) > claimed(&given) + 0.03, "{} {}", claimed(&deserved), claimed(&given));
    assert!(given.iter().zip(&deserved).all(|(a, b)| (a.mean_grade - b.mean_grade).abs() < 0.25));
}

/// 300 students at reliability .90, twelve anchors spread
/// evenly, a grader's error of .175 standard deviations.
#[test]
fn twelve_anchors_grade_three_hundred_students_well() {
    let scale = six();
    let mut kappas = Vec::new();
    for seed in 0..6 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = || {
            let mut uniform = || ((random.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            (-2.0 * libm::log(uniform())).sqrt() * libm::cos(std::f64::consts::TAU * uniform())
        };
        let right = |score: f64| [-1.3, -0.6, 0.0, 0.6, 1.3].iter().filter(|&&cut| score > cut).count();
        let mut truth: Vec<f64> = (0..300).map(|_| normal()).collect();
        truth.extend((0..12).map(|at| -2.5 + 5.0 * f64::from(at) / 11.0));
        let mean: Vec<f64> = truth.iter().map(|score| 0.9 * (score + normal() / 3.0)).collect();
        let known: Vec<(u32, &str)> =
            (300..312).map(|item| (item as u32, SIX[right(truth[item] + 0.175 * normal())])).collect();
        let anchors = Anchors::new(&scale, known).unwrap();
        let summary = ordinal(&scale, &anchors, &scores(&mean, 0.1f64.sqrt()));
        let given: Vec<usize> = summary.students.iter().map(|s| scale.index(&s.grade).unwrap()).collect();
        let deserved: Vec<usize> = truth[..300].iter().map(|&score| right(score)).collect();
        kappas.push(quadratic_weighted_kappa(&given, &deserved).unwrap());
    }
    let mean = kappas.iter().sum::<f64>() / kappas.len() as f64;
    assert!(mean >= 0.88, "{mean} {kappas:?}");
}

#[test]
fn two_grades_have_one_cut() {
    let scale = Scale::new("pass", &["fail", "pass"], None).unwrap();
    let anchors = Anchors::new(&scale, [(5, "fail"), (15, "fail"), (25, "pass"), (35, "pass")]).unwrap();
    let summary = ordinal(&scale, &anchors, &even(0.3));
    let cuts = summary.calibration.unwrap().boundaries;
    assert!(cuts.len() == 1 && cuts[0].abs() < 0.3, "{cuts:?}");
    assert_eq!((summary.students[0].grade.as_str(), summary.students[35].grade.as_str()), ("fail", "pass"));
}
