//! The store of one step: its data, its limiter, and the texts that a granted guest may read.

use crate::limits::{CORE_INSTANCES, HANDLES, Limits, MEMORIES, TABLE_ELEMENTS, TABLES};
use docket_types::chat::Texts;
use wasmtime::{ResourceLimiter, Store};

/// A refusal of the limiter, kept for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) what: &'static str,
    pub(crate) wanted: usize,
    pub(crate) limit: usize,
}

/// Sums over all memories and tables of a store, because a limit for each would multiply.
#[derive(Debug)]
pub(crate) struct Meter {
    memory_limit: usize,
    memory: usize,
    tables: usize,
    /// The last refusal: a guest may recover from one, so it only explains a trap that follows.
    pub(crate) refused: Option<Refusal>,
}

impl Meter {
    fn new(memory_limit: usize) -> Self {
        Self { memory_limit, memory: 0, tables: 0, refused: None }
    }

    fn grow(used: &mut usize, current: usize, desired: usize, limit: usize) -> Result<(), usize> {
        let wanted = used.saturating_sub(current).saturating_add(desired);
        if wanted > limit {
            return Err(wanted);
        }
        *used = wanted;
        Ok(())
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let limit = self.memory_limit;
        let grown = Self::grow(&mut self.memory, current, desired, limit);
        self.refused =
            grown.err().map(|wanted| Refusal { what: "bytes of memory", wanted, limit }).or(self.refused);
        Ok(grown.is_ok())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let limit = TABLE_ELEMENTS;
        let grown = Self::grow(&mut self.tables, current, desired, limit);
        self.refused =
            grown.err().map(|wanted| Refusal { what: "table elements", wanted, limit }).or(self.refused);
        Ok(grown.is_ok())
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }

    fn tables(&self) -> usize {
        TABLES
    }
}

/// What a guest's store holds of the host: nothing but its meter and, if granted, the request's texts.
pub(crate) struct Guest {
    pub(crate) meter: Meter,
    texts: Texts,
    /// Bytes of text that may be read, and that may still be read.
    read_limit: usize,
    readable: usize,
}

/// The guest read more text than a step may.
#[derive(Debug, thiserror::Error)]
#[error("it read more than {0} bytes of text in one step")]
pub(crate) struct ReadTooMuch(usize);

impl Guest {
    /// The text, counted.
    pub(crate) fn read(&mut self, index: u32) -> Result<Option<String>, ReadTooMuch> {
        let Some(text) = self.texts.get(index) else { return Ok(None) };
        self.readable = self.readable.checked_sub(text.len()).ok_or(ReadTooMuch(self.read_limit))?;
        Ok(Some(text.to_owned()))
    }
}

/// A store with every limit set but the deadline, which is set where the call begins.
pub(crate) fn new(engine: &wasmtime::Engine, limits: &Limits, texts: Texts) -> Store<Guest> {
    let read_limit = limits.result_bytes;
    let guest = Guest { meter: Meter::new(limits.memory_bytes), texts, read_limit, readable: read_limit };
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| &mut guest.meter);
    store.set_hostcall_fuel(limits.result_bytes);
    store.set_max_component_handles(HANDLES);
    store
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together_and_a_refusal_is_kept() {
        let mut meter = Meter::new(100);
        assert!(meter.memory_growing(0, 60, None).unwrap());
        assert!(meter.memory_growing(0, 40, None).unwrap(), "the second memory");
        assert!(!meter.memory_growing(40, 41, None).unwrap());
        assert_eq!(meter.refused, Some(Refusal { what: "bytes of memory", wanted: 101, limit: 100 }));
        assert!(meter.table_growing(0, TABLE_ELEMENTS, None).unwrap());
        assert!(!meter.table_growing(0, 1, None).unwrap());
    }
}
