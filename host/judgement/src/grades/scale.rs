//! Grade scales: the grades in order, how common each is, and where each stands between 0 and 1.

use super::GradeError;

/// A grade scale. Grades are free strings; numeric ones are as good as letters.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    id: String,
    grades: Vec<String>,
    priors: Vec<f64>,
    below_lowest: Option<String>,
    modifiers: bool,
}

/// Letter grades from best to worst with their normalised scores.
const LETTERS: [(&str, f64); 16] = [
    ("A", 1.0),
    ("A-", 0.93),
    ("B+", 0.87),
    ("B", 0.80),
    ("B-", 0.73),
    ("C+", 0.67),
    ("C", 0.60),
    ("C-", 0.53),
    ("D+", 0.47),
    ("D", 0.40),
    ("D-", 0.33),
    ("E+", 0.27),
    ("E", 0.20),
    ("E-", 0.13),
    ("F+", 0.07),
    ("F", 0.0),
];

impl Scale {
    /// The ids that [`Scale::by_id`] knows.
    pub const IDS: [&'static str; 3] =
        ["swedish_8_anchor", "eng5_np_legacy_9_step", "eng5_np_national_9_step"];

    /// A scale by its id.
    ///
    /// # Errors
    /// [`GradeError::UnknownScale`] when no scale has the id.
    pub fn by_id(id: &str) -> Result<Self, GradeError> {
        let uniform = [1.0 / 9.0; 9];
        let (grades, priors, below, modifiers): (&[&str], &[f64], Option<&str>, bool) = match id {
            "swedish_8_anchor" => (
                &["F", "E", "D", "D+", "C", "C+", "B", "A"],
                &[0.02, 0.08, 0.15, 0.20, 0.25, 0.15, 0.10, 0.05],
                None,
                true,
            ),
            "eng5_np_legacy_9_step" => {
                (&["F+", "E-", "E+", "D-", "D+", "C-", "C+", "B", "A"], &uniform, Some("F"), false)
            }
            "eng5_np_national_9_step" => {
                (&["1", "2", "3", "4", "5", "6", "7", "8", "9"], &uniform, Some("0"), false)
            }
            _ => return Err(GradeError::UnknownScale(id.to_owned())),
        };
        Ok(Self {
            id: id.to_owned(),
            grades: grades.iter().map(|&grade| grade.to_owned()).collect(),
            priors: priors.to_vec(),
            below_lowest: below.map(str::to_owned),
            modifiers,
        })
    }

    /// A scale of one's own: its grades from low to high, all equally common, and what falls below the lowest.
    ///
    /// # Errors
    /// [`GradeError::Scale`] with fewer than two grades, an empty one or the same one twice.
    pub fn new(id: &str, grades: &[&str], below_lowest: Option<&str>) -> Result<Self, GradeError> {
        let all: Vec<&str> = below_lowest.iter().chain(grades).copied().collect();
        let twice = all.iter().enumerate().any(|(at, grade)| all[..at].contains(grade));
        if grades.len() < 2 || twice || all.iter().any(|grade| grade.is_empty()) {
            return Err(GradeError::Scale(id.to_owned()));
        }
        Ok(Self {
            id: id.to_owned(),
            grades: grades.iter().map(|&grade| grade.to_owned()).collect(),
            priors: vec![1.0 / grades.len() as f64; grades.len()],
            below_lowest: below_lowest.map(str::to_owned),
            modifiers: false,
        })
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The grades an anchor may have, from low to high.
    pub fn grades(&self) -> &[String] {
        &self.grades
    }

    /// How common each grade is, in the order of [`Scale::grades`]; sums to 1.
    pub fn priors(&self) -> &[f64] {
        &self.priors
    }

    /// The grade of what falls below the lowest grade, if the scale has one. No anchor can have it.
    pub fn below_lowest(&self) -> Option<&str> {
        self.below_lowest.as_deref()
    }

    /// Whether a final grade may carry `+` or `-` between the anchors' grades.
    pub const fn modifiers(&self) -> bool {
        self.modifiers
    }

    /// Every grade a student may get, from low to high: what falls below the lowest, then the grades.
    pub fn outcomes(&self) -> Vec<String> {
        self.below_lowest.iter().chain(&self.grades).cloned().collect()
    }

    /// Where an anchor's grade stands in [`Scale::grades`].
    ///
    /// # Errors
    /// [`GradeError::OutsideScale`] when the scale has no such grade.
    pub fn index(&self, grade: &str) -> Result<usize, GradeError> {
        self.grades.iter().position(|own| own == grade).ok_or_else(|| self.outside(grade))
    }

    /// Where any grade stands, from low to high: only the order of two ranks has a meaning. Scales of letters rank
    /// every letter grade with its `+` and `-`, others only what a student may get.
    ///
    /// # Errors
    /// [`GradeError::OutsideScale`] when the grade has no place.
    pub fn rank(&self, grade: &str) -> Result<usize, GradeError> {
        let place = if self.of_letters() {
            LETTERS.iter().rev().position(|(letter, _)| *letter == grade)
        } else {
            self.outcomes().iter().position(|own| own == grade)
        };
        place.ok_or_else(|| self.outside(grade))
    }

    /// A grade as a number between 0 (worst) and 1 (best): letters by the reference service's table, `U` (no grade)
    /// 0, other scales in equal steps from their lowest outcome.
    ///
    /// # Errors
    /// [`GradeError::OutsideScale`] when the grade has no place.
    pub fn normalised(&self, grade: &str) -> Result<f64, GradeError> {
        if self.of_letters() {
            let letter = LETTERS.iter().find(|(letter, _)| *letter == grade).map(|&(_, score)| score);
            return letter.or((grade == "U").then_some(0.0)).ok_or_else(|| self.outside(grade));
        }
        let steps = self.grades.len() - usize::from(self.below_lowest.is_none());
        Ok(self.rank(grade)? as f64 / steps as f64)
    }

    fn of_letters(&self) -> bool {
        self.below_lowest
            .iter()
            .chain(&self.grades)
            .all(|own| LETTERS.iter().any(|(letter, _)| letter == own))
    }

    fn outside(&self, grade: &str) -> GradeError {
        GradeError::OutsideScale { grade: grade.to_owned(), scale: self.id.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_id_gives_a_scale_whose_priors_sum_to_one() {
        for id in Scale::IDS {
            let scale = Scale::by_id(id).unwrap();
            assert_eq!(scale.id(), id);
            assert_eq!(scale.grades().len(), scale.priors().len());
            assert!((scale.priors().iter().sum::<f64>() - 1.0).abs() < 1e-12, "{id}");
        }
        assert_eq!(Scale::by_id("danish"), Err(GradeError::UnknownScale("danish".to_owned())));
    }

    #[test]
    fn a_grade_outside_the_scale_is_an_error() {
        let scale = Scale::by_id("eng5_np_national_9_step").unwrap();
        assert_eq!(scale.index("9"), Ok(8));
        let outside = |grade: &str| GradeError::OutsideScale {
            grade: grade.to_owned(),
            scale: "eng5_np_national_9_step".to_owned(),
        };
        for grade in ["A", "0", "10", ""] {
            assert_eq!(scale.index(grade), Err(outside(grade)));
        }
        assert_eq!(scale.normalised("A"), Err(outside("A")));
    }

    #[test]
    fn letters_are_normalised_by_the_table_and_numbers_in_equal_steps() {
        let swedish = Scale::by_id("swedish_8_anchor").unwrap();
        let given: Vec<f64> = ["A", "A-", "B+", "C", "D-", "F+", "F", "U"]
            .map(|grade| swedish.normalised(grade).unwrap())
            .into();
        assert_eq!(given, [1.0, 0.93, 0.87, 0.60, 0.33, 0.07, 0.0, 0.0]);
        let national = Scale::by_id("eng5_np_national_9_step").unwrap();
        assert_eq!(national.normalised("0"), Ok(0.0));
        assert_eq!(national.normalised("9"), Ok(1.0));
        assert!((national.normalised("3").unwrap() - 1.0 / 3.0).abs() < 1e-12);
        let own = Scale::new("own", &["1", "2", "3"], None).unwrap();
        assert_eq!(["1", "2", "3"].map(|grade| own.normalised(grade).unwrap()), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn normalised_scores_rise_with_the_grade_on_every_scale() {
        for id in Scale::IDS {
            let scale = Scale::by_id(id).unwrap();
            let values: Vec<f64> =
                scale.outcomes().iter().map(|grade| scale.normalised(grade).unwrap()).collect();
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{id}: {values:?}");
            let ranks: Vec<usize> = scale.outcomes().iter().map(|grade| scale.rank(grade).unwrap()).collect();
            assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{id}: {ranks:?}");
        }
    }

    #[test]
    fn a_scale_of_ones_own_needs_two_different_grades() {
        let bad = |grades: &[&str], below| Scale::new("x", grades, below).unwrap_err();
        assert_eq!(bad(&["1"], None), GradeError::Scale("x".to_owned()));
        assert_eq!(bad(&["1", "1"], None), GradeError::Scale("x".to_owned()));
        assert_eq!(bad(&["1", "2"], Some("2")), GradeError::Scale("x".to_owned()));
        assert_eq!(bad(&["1", ""], None), GradeError::Scale("x".to_owned()));
    }
}
