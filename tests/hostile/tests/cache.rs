//! Compiled code on disk is believed when this host wrote it, and in no other case.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use docket_adapter::{Adapter, CacheOutcome, Engine, EngineOptions};
use docket_tests_hostile::*;
use docket_types::exchange::Effect;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

struct Cached {
    dir: TempDir,
    component: Vec<u8>,
}

impl Cached {
    /// A cache that holds one component's code.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let this = Self { dir, component: Guest::new(wait(3)).build() };
        assert!(matches!(this.load().await.report().cache, CacheOutcome::Miss(_)), "nothing is there yet");
        this
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("code")
    }

    /// Loads with a new engine, as a new start of docket would, and steps.
    async fn load(&self) -> Arc<Adapter> {
        let engine = Engine::new(EngineOptions { cache_dir: Some(self.path()), ..options() }).unwrap();
        let adapter = load(&engine, &self.component).expect("the cache never stops a load");
        assert_eq!(step(&adapter).await.unwrap().effect, Effect::Wait(3));
        adapter
    }

    fn file(&self) -> PathBuf {
        let files: Vec<_> = fs::read_dir(self.path()).unwrap().map(|e| e.unwrap().path()).collect();
        let codes: Vec<_> = files.iter().filter(|f| f.extension().is_some_and(|e| e == "code")).collect();
        assert_eq!((codes.len(), files.len()), (1, 2), "one code file, the key, and nothing else: {files:?}");
        codes[0].clone()
    }

    /// The next load is a miss whose reason contains `why`, and the one after it a hit.
    async fn misses(&self, why: &str) {
        let outcome = self.load().await.report().cache.clone();
        assert!(
            matches!(&outcome, CacheOutcome::Miss(reason) if reason.contains(why)),
            "{outcome:?}, not {why}"
        );
        assert_eq!(self.load().await.report().cache, CacheOutcome::Hit, "it was mended");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[tokio::test]
async fn the_second_load_is_a_hit() {
    let cached = Cached::new().await;
    assert_eq!(mode(&cached.path()), 0o700);
    assert_eq!(mode(&cached.path().join("key")), 0o600);
    assert_eq!(mode(&cached.file()), 0o600);
    let report = cached.load().await.report().clone();
    assert_eq!(report.cache, CacheOutcome::Hit);
    assert!(report.code_bytes > 1000 && report.bytes == cached.component.len(), "{report:?}");
}

#[tokio::test]
async fn any_flipped_byte_is_noticed() {
    let cached = Cached::new().await;
    let file = cached.file();
    let good = fs::read(&file).unwrap();
    for at in [0, 20, 50, 75, 80, good.len() / 2, good.len() - 40, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&file, bad).unwrap();
        cached.misses(if at < 80 { "header" } else { "MAC" }).await;
    }
}

#[tokio::test]
async fn a_file_that_is_cut_or_empty_or_longer() {
    let cached = Cached::new().await;
    let file = cached.file();
    let good = fs::read(&file).unwrap();
    fs::write(&file, b"").unwrap();
    cached.misses("cut short").await;
    fs::write(&file, &good[..good.len() - 1]).unwrap();
    cached.misses("header").await;
    fs::write(&file, [&good[..], b"x"].concat()).unwrap();
    cached.misses("header").await;
}

#[tokio::test]
async fn code_signed_with_another_key() {
    let (cached, other) = (Cached::new().await, Cached::new().await);
    fs::copy(other.file(), cached.file()).unwrap();
    cached.misses("MAC").await;
    fs::write(cached.path().join("key"), [7; 32]).unwrap();
    cached.misses("MAC").await;
}

#[tokio::test]
async fn a_key_that_others_may_know_is_replaced() {
    let cached = Cached::new().await;
    let key = cached.path().join("key");
    let before = fs::read(&key).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    cached.misses("MAC").await;
    assert_ne!(fs::read(&key).unwrap(), before);
    assert_eq!(mode(&key), 0o600);
    fs::write(&key, b"short").unwrap();
    cached.misses("MAC").await;
}

#[tokio::test]
async fn files_that_others_may_write_or_have_linked() {
    let cached = Cached::new().await;
    let file = cached.file();
    fs::set_permissions(&file, Permissions::from_mode(0o620)).unwrap();
    cached.misses("mode 620").await;
    let elsewhere = cached.dir.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    cached.misses("cannot be opened").await;
    assert!(!fs::symlink_metadata(&file).unwrap().is_symlink(), "the link was replaced, not followed");
    fs::remove_file(&elsewhere).unwrap();
    fs::hard_link(&file, &elsewhere).unwrap();
    cached.misses("2 names").await;
}

#[tokio::test]
async fn a_directory_that_others_may_use_is_not_used() {
    let cached = Cached::new().await;
    for bad in [0o770, 0o702, 0o755] {
        fs::set_permissions(cached.path(), Permissions::from_mode(bad)).unwrap();
        for _ in 0..2 {
            let outcome = cached.load().await.report().cache.clone();
            assert!(
                matches!(&outcome, CacheOutcome::Miss(why) if why.contains("is not used")),
                "{outcome:?}"
            );
        }
    }
    fs::set_permissions(cached.path(), Permissions::from_mode(0o700)).unwrap();
    assert_eq!(cached.load().await.report().cache, CacheOutcome::Hit);
    let link = cached.dir.path().join("link");
    symlink(cached.path(), &link).unwrap();
    let engine = Engine::new(EngineOptions { cache_dir: Some(link), ..options() }).unwrap();
    let adapter = load(&engine, &cached.component).unwrap();
    assert!(matches!(&adapter.report().cache, CacheOutcome::Miss(why) if why.contains("cannot be opened")));
}

/// Code of one component under the name of another: the header says what it is of.
#[tokio::test]
async fn code_of_another_component() {
    let cached = Cached::new().await;
    let mine = cached.file();
    let good = fs::read(&mine).unwrap();
    fs::remove_file(&mine).unwrap();
    let engine = Engine::new(EngineOptions { cache_dir: Some(cached.path()), ..options() }).unwrap();
    load(&engine, &Guest::new(wait(666)).build()).unwrap();
    fs::rename(cached.file(), &mine).unwrap();
    assert_ne!(fs::read(&mine).unwrap(), good);
    cached.misses("header").await;
}

#[tokio::test]
async fn no_cache_is_no_cache() {
    let adapter = load(&engine(), &Guest::new(wait(1)).build()).unwrap();
    assert_eq!(adapter.report().cache, CacheOutcome::Off);
}
