//! Where a test wants the process to die. Release builds have no such place.

use crate::cli::ServeArgs;
use crate::exit::Failure;

/// A place and the passing at which the process dies there; nowhere in a release build.
pub(crate) struct CrashPoint(#[cfg(debug_assertions)] Option<(String, u32)>);

#[cfg(debug_assertions)]
impl CrashPoint {
    /// From `--crash-at NAME[:N]`.
    pub(crate) fn of(args: &ServeArgs) -> Result<Self, Failure> {
        use crate::exit::{Exit, OrExit};
        use anyhow::Context;
        let known = docket_store::crash::POINTS;
        let Some(text) = &args.crash_at else { return Ok(Self(None)) };
        let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
        if !known.contains(&name) {
            let text = format!("no crash point `{name}`; there are {}", known.join(", "));
            return Err(Failure::new(Exit::Usage, text));
        }
        let nth: u32 = nth.parse().with_context(|| format!("`{nth}` is no count")).or_exit(Exit::Usage)?;
        Ok(Self(Some((name.to_owned(), nth))))
    }

    /// From now on.
    pub(crate) fn arm(self) {
        if let Some((name, nth)) = self.0 {
            docket_store::crash::arm(&name, nth);
        }
    }
}

#[cfg(not(debug_assertions))]
impl CrashPoint {
    /// Nowhere.
    pub(crate) fn of(_: &ServeArgs) -> Result<Self, Failure> {
        Ok(Self())
    }

    /// Nothing.
    pub(crate) fn arm(self) {}
}
