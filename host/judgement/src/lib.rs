//! Comparative judgement without I/O: from answered comparisons to scores with standard errors, the next pairs to
//! compare, a stop decision, diagnostics of the judges, and grades.
//!
//! Everything here is a pure function of its arguments: there is no clock, and randomness is a seed. The same seed and
//! the same answers, in whatever order they came, give the same result on every machine.
//!
//! Units. A *score* is in logits: items `i` and `k` with scores `s_i` and `s_k`, shown to a judge without position
//! bias, give `P(i is better) = 1 / (1 + exp(-(s_i - s_k)))`. A *position bias* is in logits too, added to the item
//! that is shown first. `n` is the number of items, `m` that of comparisons.

mod comparison;
pub mod design;
pub mod matching;
mod scores;
pub mod session;
pub mod simulate;
pub mod stopping;

pub mod alignment;
pub mod diagnostics;
pub mod grades;

mod numeric;
mod random;

pub use comparison::{Comparison, Comparisons, InvalidComparison, Verdict};
pub use scores::{Bias, Scores};

pub mod fit;
pub mod graph;
