//! Label values: interned, cleaned for simple parsers, and bounded in number.
//!
//! Callers choose some of them (a model, a block's target). Without a bound one careless caller fills the memory of
//! docket and of Prometheus. The table is append-only and lock-free: a look-up is a hash and one comparison.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a value is called when its label has no place left, or when it is too long.
pub const OTHER: &str = "other";

/// An empty value would vanish in some queries.
const EMPTY: &str = "unknown";
const MAX_BYTES: usize = 96;

struct Entry {
    raw: Box<str>,
    clean: Option<Box<str>>,
}

impl Entry {
    fn new(raw: &str) -> Self {
        let clean = clean(raw);
        Self { raw: raw.into(), clean: (clean != raw).then(|| clean.into()) }
    }

    fn text(&self) -> &str {
        self.clean.as_deref().unwrap_or(&self.raw)
    }
}

/// The values of one label. Three quarters of the slots may be used, so that a probe ends soon.
pub(crate) struct Values<const SLOTS: usize> {
    slots: [OnceLock<Entry>; SLOTS],
    used: AtomicUsize,
}

impl<const SLOTS: usize> Values<SLOTS> {
    const CAP: usize = SLOTS / 4 * 3;

    pub(crate) const fn new() -> Self {
        Self { slots: [const { OnceLock::new() }; SLOTS], used: AtomicUsize::new(0) }
    }

    /// The value to expose for `value`.
    pub(crate) fn intern(&'static self, value: &str) -> &'static str {
        if value.is_empty() {
            return EMPTY;
        }
        if value.len() > MAX_BYTES {
            return OTHER;
        }
        let mut at = hash(value) % SLOTS;
        loop {
            match self.slots[at].get() {
                Some(entry) if &*entry.raw == value => return entry.text(),
                Some(_) => at = (at + 1) % SLOTS,
                None => {
                    if self.used.fetch_add(1, Ordering::Relaxed) >= Self::CAP {
                        self.used.fetch_sub(1, Ordering::Relaxed);
                        return OTHER;
                    }
                    // Lost against another thread: give the place back and look at the slot again.
                    if self.slots[at].set(Entry::new(value)).is_err() {
                        self.used.fetch_sub(1, Ordering::Relaxed);
                    }
                }
            }
        }
    }
}

/// FNV-1a: values are short, and collisions only cost a probe.
fn hash(value: &str) -> usize {
    let hash = value
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from((hash ^ (hash >> 32)) & 0xffff_ffff).unwrap_or(0)
}

/// Keeps what a parser without quoting rules can read; `{id}` of a route becomes `:id`.
fn clean(raw: &str) -> String {
    raw.chars()
        .filter(|c| *c != '}')
        .map(|c| match c {
            '{' => ':',
            c if c.is_ascii_alphanumeric() || "_.:/@+-*=<>#".contains(c) => c,
            _ => '_',
        })
        .collect()
}

macro_rules! tables {
    ($($label:ident $slots:literal)*) => {
        /// One table for each label name, whatever the metric.
        #[expect(non_upper_case_globals, reason = "named as the label, for the emitters' macro")]
        pub(crate) mod table {
            use super::Values;
            $(pub(crate) static $label: Values<$slots> = Values::new();)*
        }

        /// Reserves a place for a value that configuration or a plugin's manifest names, before callers can fill the
        /// label's table. Returns what will be exposed for it; none when no metric has this label.
        pub fn allow(label: &str, value: &str) -> Option<&'static str> {
            match label {
                $(stringify!($label) => Some(table::$label.intern(value)),)*
                _ => None,
            }
        }
    };
}

tables! {
    adapter 64 batch_id 8 batching_mode 8 cacheable 8 call 32 circuit_name 64 commit 8 decision 16 direction 8 endpoint 128 error_type 64 expiry_reason 16 failure_reason 64
    from_state 8 http_status_code 128 kind 32 lifecycle_stage 32 method 32 mode 8 model 256 operation 64 provider 64
    queue_processing_mode 8 queue_type 16 reason 64 request_type 16 result 64 rustc 8 scope 16 section 16 service 8
    sink 16 stage 32 state 32 status 16 status_code 128 target 64 to_state 8 token_type 16 ttl 16 validation_type 32
    version 8
}

/// The label list of one emission.
macro_rules! list {
    ($($label:ident),*) => {
        vec![$(metrics::Label::from_static_parts(stringify!($label), crate::labels::table::$label.intern($label))),*]
    };
}
pub(crate) use list;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn same_value_same_text() {
        static T: Values<16> = Values::new();
        let first = T.intern("gpt-5.1");
        assert_eq!(first, "gpt-5.1");
        assert!(std::ptr::eq(first, T.intern("gpt-5.1")));
    }

    #[test]
    fn values_beyond_the_bound_are_other_and_known_ones_stay() {
        static T: Values<16> = Values::new();
        let seen: BTreeSet<_> = (0..1000).map(|i| T.intern(&format!("model-{i}"))).collect();
        assert_eq!(seen.len(), 13, "12 values and `other`: {seen:?}");
        assert_eq!(T.intern("model-3"), "model-3");
        assert_eq!(T.intern("model-999"), OTHER);
    }

    #[test]
    fn the_bound_holds_for_many_threads() {
        static T: Values<64> = Values::new();
        let seen: BTreeSet<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8)
                .map(|t| {
                    scope.spawn(move || {
                        (0..500).map(|i| T.intern(&format!("{}", (i * 7 + t) % 200))).collect()
                    })
                })
                .collect();
            all.into_iter().flat_map(|t| t.join().unwrap_or_else(|_| BTreeSet::new())).collect()
        });
        assert!(seen.contains(OTHER), "{seen:?}");
        assert!(seen.len() <= 49, "{}", seen.len());
        let kept = T.slots.iter().filter_map(OnceLock::get).map(Entry::text).collect::<Vec<_>>();
        assert_eq!(kept.iter().collect::<BTreeSet<_>>().len(), kept.len(), "no value twice");
    }

    #[test]
    fn hostile_values_are_cleaned() {
        static T: Values<16> = Values::new();
        assert_eq!(T.intern("a,b=\"c\"\n\\å"), "a_b=_c____");
        assert_eq!(T.intern("/api/v1/requests/{id}"), "/api/v1/requests/:id");
        assert_eq!(T.intern(""), EMPTY);
        assert_eq!(T.intern(&"x".repeat(97)), OTHER);
    }

    #[test]
    fn a_reserved_value_keeps_its_place() {
        assert_eq!(allow("target", "system"), Some("system"));
        for i in 0..200 {
            table::target.intern(&format!("noise-{i}"));
        }
        assert_eq!(table::target.intern("system"), "system");
        assert_eq!(allow("no_such_label", "x"), None);
    }
}
