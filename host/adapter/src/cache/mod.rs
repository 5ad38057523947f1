//! Compiled code on disk, so that a start does not compile. A file is machine code, so it is only believed when
//! this host wrote it: right owner and mode, right header, right MAC. Anything else is a miss, never an error.
//!
//! A file is opened once, by its name in a directory that is held open; its owner and mode are asked of that
//! descriptor, and the bytes that were verified are the bytes that are loaded.

mod key;
pub(crate) mod trusted;

use hmac::{Hmac, KeyInit, Mac};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, File};
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use trusted::Verified;

const MAGIC: &[u8; 8] = b"DOCKETW1";
const MAC_BYTES: usize = 32;
/// Magic, component digest, engine digest, length.
const HEADER: usize = 8 + 32 + 32 + 8;
/// The largest code file, in bytes.
const MAX_CODE: u64 = 512 << 20;

/// A SHA-256.
pub(crate) type Sha = [u8; 32];

/// How a load came by its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheOutcome {
    /// It was read from the cache.
    Hit,
    /// It was compiled; the reason says why the cache did not serve.
    Miss(String),
    /// There is no cache.
    Off,
}

/// An open cache directory.
pub(crate) struct Cache {
    dir: OwnedFd,
    key: key::Key,
    engine: Sha,
}

/// Who may have written a file, as far as its metadata tells. None: only we.
fn suspicion(stat: &Stat, kind: FileType, our_uid: u32) -> Option<String> {
    let mode = stat.st_mode & 0o7777;
    if FileType::from_raw_mode(stat.st_mode) != kind {
        Some("it is of another kind (a link?)".to_owned())
    } else if stat.st_uid != our_uid {
        Some(format!("it belongs to user {}, not to {our_uid}", stat.st_uid))
    } else if mode & 0o077 != 0 {
        Some(format!("others may use it (mode {mode:o})"))
    } else if kind == FileType::RegularFile && stat.st_nlink != 1 {
        Some(format!("it has {} names", stat.st_nlink))
    } else {
        None
    }
}

fn our_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Opens `name` below `dir` without following a link, and reads it if only we can have written it.
fn read_ours(dir: &OwnedFd, name: &str, limit: u64) -> Result<Vec<u8>, String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::openat(dir, name, flags, Mode::empty()).map_err(|e| match e {
        rustix::io::Errno::NOENT => "not cached".to_owned(),
        e => format!("it cannot be opened: {e}"),
    })?;
    let stat = rustix::fs::fstat(&file).map_err(|e| e.to_string())?;
    if let Some(why) = suspicion(&stat, FileType::RegularFile, our_uid()) {
        return Err(why);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stat.st_size).unwrap_or(0).min(MAX_CODE as usize));
    File::from(file).take(limit + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > limit { Err("it is too large".to_owned()) } else { Ok(bytes) }
}

/// Writes `name` below `dir` in one move, readable by us alone.
fn write_ours(dir: &OwnedFd, name: &str, parts: &[&[u8]], replace: bool) -> std::io::Result<()> {
    let temporary = format!(".tmp-{}", hex::encode(key::random::<12>()?));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::openat(dir, &temporary, flags, Mode::RUSR | Mode::WUSR)?);
    let written = parts.iter().try_for_each(|part| file.write_all(part));
    let moved = written.and_then(|()| {
        let flags =
            if replace { rustix::fs::RenameFlags::empty() } else { rustix::fs::RenameFlags::NOREPLACE };
        Ok(rustix::fs::renameat_with(dir, &temporary, dir, name, flags)?)
    });
    if moved.is_err() {
        // Nothing else can be done about a file that cannot be removed either.
        let _ = rustix::fs::unlinkat(dir, &temporary, AtFlags::empty());
    }
    moved
}

/// Feeds a `Hash` to SHA-256.
struct ShaHasher(Sha256);

impl Hasher for ShaHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn finish(&self) -> u64 {
        0
    }
}

/// What code depends on besides the component: wasmtime, its settings, the target.
fn engine_digest(engine: &wasmtime::Engine) -> Sha {
    let mut hasher = ShaHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

impl Cache {
    /// Opens or makes the directory. The error says why it is not used.
    pub(crate) fn open(path: &Path, engine: &wasmtime::Engine) -> Result<Self, String> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|e| format!("{} cannot be made: {e}", path.display()))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(CWD, path, flags, Mode::empty())
            .map_err(|e| format!("{} cannot be opened as a directory: {e}", path.display()))?;
        let stat = rustix::fs::fstat(&dir).map_err(|e| e.to_string())?;
        if let Some(why) = suspicion(&stat, FileType::Directory, our_uid()) {
            return Err(format!("{} is not used: {why}; it has to be ours alone (mode 700)", path.display()));
        }
        let key = key::load_or_make(&dir).map_err(|e| format!("{}: no key: {e}", path.display()))?;
        Ok(Self { dir, key, engine: engine_digest(engine) })
    }

    fn name(&self, component: &Sha) -> String {
        let digest: Sha = Sha256::new().chain_update(component).chain_update(self.engine).finalize().into();
        format!("{}.code", hex::encode(&digest[..20]))
    }

    fn header(&self, component: &Sha, length: usize) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..40].copy_from_slice(component);
        header[40..72].copy_from_slice(&self.engine);
        header[72..].copy_from_slice(&(length as u64).to_le_bytes());
        header
    }

    fn mac(&self, header: &[u8], code: &[u8]) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key.0).ok()?;
        Some(mac.chain_update(header).chain_update(code))
    }

    /// The code of this component, if it is there and ours.
    pub(crate) fn get(&self, component: &Sha) -> Result<Verified, String> {
        let mut file = read_ours(&self.dir, &self.name(component), MAX_CODE)?;
        let length = file.len().checked_sub(HEADER + MAC_BYTES).ok_or("it is cut short")?;
        let (header, rest) = file.split_at(HEADER);
        let (code, tag) = rest.split_at(length);
        if header != self.header(component, length) {
            return Err("its header is of something else".to_owned());
        }
        let mac = self.mac(header, code).ok_or("no key")?;
        mac.verify_slice(tag).map_err(|_| "its MAC is wrong: damaged, or written by someone else")?;
        file.truncate(HEADER + length);
        Ok(Verified::from_cache(file, HEADER))
    }

    /// Keeps the code.
    pub(crate) fn put(&self, component: &Sha, code: &[u8]) -> Result<(), String> {
        let header = self.header(component, code.len());
        let tag = self.mac(&header, code).ok_or("no key")?.finalize().into_bytes();
        write_ours(&self.dir, &self.name(component), &[&header, code, &tag], true).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(kind: FileType, mode: u32, uid: u32, links: u32) -> Stat {
        let mut stat = rustix::fs::stat("/").unwrap();
        (stat.st_mode, stat.st_uid) = (kind.as_raw_mode() | mode, uid);
        stat.st_nlink = links.into();
        stat
    }

    #[test]
    fn only_our_own_private_files_are_believed() {
        let ours = |s: &Stat| suspicion(s, FileType::RegularFile, 1000);
        assert_eq!(ours(&stat(FileType::RegularFile, 0o600, 1000, 1)), None);
        assert!(ours(&stat(FileType::RegularFile, 0o600, 1001, 1)).unwrap().contains("user 1001"));
        assert!(ours(&stat(FileType::RegularFile, 0o620, 1000, 1)).unwrap().contains("mode 620"));
        assert!(ours(&stat(FileType::RegularFile, 0o602, 1000, 1)).unwrap().contains("mode 602"));
        assert!(ours(&stat(FileType::RegularFile, 0o600, 1000, 2)).unwrap().contains("2 names"));
        assert!(ours(&stat(FileType::Symlink, 0o600, 1000, 1)).unwrap().contains("link"));
        assert!(ours(&stat(FileType::Directory, 0o700, 1000, 1)).is_some());
    }
}
