//! What a metric is, and the macros that turn a catalogue entry into a row and an emitter.

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Counts whole things; only grows.
    Counter,
    /// Sums fractions, such as dollars; only grows. On the wire it is a counter.
    Sum,
    /// Goes up and down.
    Gauge,
    /// Counts observations by size.
    Histogram,
}

impl Kind {
    /// The word in the `# TYPE` line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter | Self::Sum => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The whole name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The label names, in the order of the emitter's arguments.
    pub labels: &'static [&'static str],
    /// Upper bounds of the buckets, without `+Inf`; empty unless it is a histogram.
    pub buckets: &'static [f64],
    /// One sentence for the `# HELP` line.
    pub help: &'static str,
}

/// The buckets that Prometheus clients use when none are given.
pub(crate) const DEFAULT_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

macro_rules! kind {
    (counter) => {
        Kind::Counter
    };
    (sum) => {
        Kind::Sum
    };
    (gauge) => {
        Kind::Gauge
    };
    (histogram) => {
        Kind::Histogram
    };
}

macro_rules! buckets {
    () => {
        &[]
    };
    (default) => {
        &crate::metric::DEFAULT_BUCKETS
    };
    ($($le:literal)+) => {
        &[$($le as f64),+]
    };
}

/// The emitter of one metric. All label values are interned, so a call allocates the label list and no text.
macro_rules! emitter {
    (counter $full:expr, $help:literal, $name:ident($($label:ident),*)) => {
        #[doc = $help]
        #[inline]
        pub fn $name($($label: &str,)* n: u64) {
            metrics::counter!($full, crate::labels::list!($($label),*)).increment(n);
        }
    };
    (sum $full:expr, $help:literal, $name:ident($($label:ident),*)) => {
        #[doc = $help]
        ///
        /// A counter of fractions: amounts that are negative or not finite are ignored.
        #[inline]
        pub fn $name($($label: &str,)* value: f64) {
            if value.is_finite() && value >= 0.0 {
                metrics::gauge!($full, crate::labels::list!($($label),*)).increment(value);
            }
        }
    };
    (gauge $full:expr, $help:literal, $name:ident($($label:ident),*)) => {
        #[doc = $help]
        #[inline]
        pub fn $name($($label: &str,)* value: f64) {
            if value.is_finite() {
                metrics::gauge!($full, crate::labels::list!($($label),*)).set(value);
            }
        }
    };
    (histogram $full:expr, $help:literal, $name:ident($($label:ident),*)) => {
        #[doc = $help]
        #[inline]
        pub fn $name($($label: &str,)* value: f64) {
            if value.is_finite() {
                metrics::histogram!($full, crate::labels::list!($($label),*)).record(value);
            }
        }
    };
}

/// One list; a row and a function for each entry.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $module:ident $prefix:literal {
        $($kind:ident $name:ident($($label:ident),*) $([$($bucket:tt)+])? $help:literal;)*
    })*) => {
        $($(#[$doc])* pub mod $module {
            $(crate::metric::emitter!($kind concat!($prefix, stringify!($name)), $help, $name($($label),*));)*
        })*

        /// Every metric that docket can expose.
        pub const CATALOGUE: &[Metric] = &[$($(Metric {
            name: concat!($prefix, stringify!($name)),
            kind: kind!($kind),
            labels: &[$(stringify!($label)),*],
            buckets: buckets!($($($bucket)+)?),
            help: $help,
        },)*)*];
    };
}

pub(crate) use {buckets, catalogue, emitter, kind};
