//! The cache's key: random, of this host alone, in a file that only we can read.

use super::{read_ours, write_ours};
use rustix::fd::OwnedFd;
use rustix::fs::AtFlags;
use rustix::rand::{GetRandomFlags, getrandom};
use std::io;

const NAME: &str = "key";
const BYTES: usize = 32;

/// Signs what this host compiled. It is never shown.
pub(super) struct Key(pub(super) [u8; BYTES]);

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = getrandom(&mut bytes, GetRandomFlags::empty())?;
    if filled == N { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn read(dir: &OwnedFd) -> Option<Key> {
    read_ours(dir, NAME, BYTES as u64).ok()?.try_into().ok().map(Key)
}

/// The key of this directory. One that others may have seen or written is replaced, and with it
/// everything that it signed becomes worthless.
pub(super) fn load_or_make(dir: &OwnedFd) -> io::Result<Key> {
    if let Some(key) = read(dir) {
        return Ok(key);
    }
    match rustix::fs::unlinkat(dir, NAME, AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => {}
        Err(e) => return Err(e.into()),
    }
    match write_ours(dir, NAME, &[&random::<BYTES>()?], false) {
        // Another process was faster: its key is as good.
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    read(dir).ok_or_else(|| io::Error::other("the key that was just written cannot be read"))
}
