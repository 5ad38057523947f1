//! How a domain value looks in JSON, and a macro that says it once for a whole struct.

use docket_types::assessment::{BatchingMode, Phase, State};
use docket_types::{AssessmentId, MicroUsd, ProviderName, RequestId, Timestamp};

/// A domain value that has a form on the wire.
pub(super) trait Shown {
    /// That form.
    type As;
    fn shown(self) -> Self::As;
}

macro_rules! as_it_is {
    ($($type:ty),*) => { $(
        impl Shown for $type {
            type As = Self;
            fn shown(self) -> Self { self }
        }
    )* };
}
as_it_is!(bool, u32, u64, usize, f64, String);

macro_rules! as_text {
    ($($type:ty),*) => { $(
        impl Shown for $type {
            type As = String;
            fn shown(self) -> String { self.to_string() }
        }
    )* };
}
as_text!(AssessmentId, RequestId, ProviderName, Timestamp);

impl Shown for MicroUsd {
    type As = f64;
    fn shown(self) -> f64 {
        self.as_usd()
    }
}

impl Shown for BatchingMode {
    type As = &'static str;
    fn shown(self) -> &'static str {
        self.as_str()
    }
}

impl Shown for State {
    type As = &'static str;
    fn shown(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Shown for Phase {
    type As = &'static str;
    fn shown(self) -> &'static str {
        match self {
            Self::CjAssessment => "cj_assessment",
        }
    }
}

impl<T: Shown> Shown for Option<T> {
    type As = Option<T::As>;
    fn shown(self) -> Self::As {
        self.map(Shown::shown)
    }
}

impl<T: Shown> Shown for Vec<T> {
    type As = Vec<T::As>;
    fn shown(self) -> Self::As {
        self.into_iter().map(Shown::shown).collect()
    }
}

/// A wire struct with the fields of a domain struct, and the conversion.
macro_rules! shown {
    ($(#[$doc:meta])* $name:ident of $domain:ty {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub(crate) $field: $type,)*
        }

        impl Shown for $domain {
            type As = $name;
            fn shown(self) -> $name {
                $name { $($field: self.$field.shown(),)* }
            }
        }

        impl From<$domain> for $name {
            fn from(domain: $domain) -> Self {
                domain.shown()
            }
        }
    };
}
pub(super) use shown;
