//! How claimed requests travel.

use docket_types::QueueMode;

/// The mode in which requests of a provider really travel, given the operator's choice and the adapter.
///
/// An adapter without a batch interface serves `batch_api` one request at a time, rather than not at all.
pub const fn choose(wanted: QueueMode, adapter_has_batch: bool) -> QueueMode {
    match wanted {
        QueueMode::BatchApi if !adapter_has_batch => QueueMode::PerRequest,
        mode => mode,
    }
}

/// Whether requests are collected by compatibility before they travel.
pub const fn collects(mode: QueueMode) -> bool {
    matches!(mode, QueueMode::SerialBundle | QueueMode::BatchApi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_batch_interface_changes_the_mode() {
        for mode in QueueMode::ALL {
            assert_eq!(choose(mode, true), mode);
        }
        assert_eq!(choose(QueueMode::BatchApi, false), QueueMode::PerRequest);
        assert_eq!(choose(QueueMode::SerialBundle, false), QueueMode::SerialBundle);
        assert!(!collects(QueueMode::PerRequest) && collects(QueueMode::BatchApi));
    }
}
