//! Metrics and logs. Owns every metric's name, labels and buckets, the recorder behind `/metrics`, and the log set-up.
//!
//! Each metric is one entry in `catalogue.rs`; the entry makes both the row of [`CATALOGUE`] and the function that
//! emits it, so that the two cannot differ. [`llm`] has the names of the seed's service, [`host`] docket's own.
//! A function takes the label values in the catalogue's order and then the number: `n: u64` for a counter,
//! `value: f64` for a gauge, a histogram or a counter of fractions.
//!
//! Label values are bounded: each label keeps a fixed number of distinct values, later ones are counted as `other`
//! (see [`allow`] for reserving a place).

mod catalogue;
mod labels;
mod logs;
mod metric;
mod process;
mod recorder;

pub use catalogue::{CATALOGUE, cj, host, huleedu_cj, kafka, llm};
pub use labels::{OTHER, allow};
pub use logs::{Error, LogFormat, LogOptions, init_tracing};
pub use metric::{Kind, Metric};
pub use recorder::{Recorder, install, scoped};
