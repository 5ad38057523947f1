//! A hostile step ends in an error of its own kind that names the plugin and the limit, and the next one is not affected.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use docket_adapter::{Grants, Limits, StepErrorKind};
use docket_tests_hostile::*;
use docket_types::FailureClass;
use docket_types::exchange::{Effect, Event, MAX_STATE};
use std::time::{Duration, Instant};

/// Loads the guest, steps it, and checks the kind of the end and a part of what is said about it.
async fn ends(guest: &Guest, kind: StepErrorKind, said: &str) {
    let engine = engine();
    let adapter = load(&engine, &guest.build()).unwrap_or_else(|e| panic!("{e}"));
    let began = Instant::now();
    let error = step(&adapter).await.expect_err("a hostile step has no result");
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.message.contains("adapter `hostile`") && error.message.contains(said), "{error}");
    assert!(error.message.len() <= 2048);
    let failure = docket_types::Failure::from(error);
    assert_eq!(failure.class, FailureClass::Adapter);
    let good = good(&engine);
    assert_eq!(step(&good).await.expect("the next plugin is not affected").effect, Effect::Wait(1));
}

const LOOP: &str = "(loop $l (br $l))";

#[tokio::test]
async fn a_loop_in_step() {
    ends(&Guest::new(format!("{LOOP} unreachable")), StepErrorKind::Timeout, "longer than 100 ms").await;
}

#[tokio::test]
async fn a_loop_in_realloc_which_the_host_calls_to_pass_arguments() {
    let guest = Guest { realloc: format!("{LOOP} unreachable"), ..Guest::new(wait(1)) };
    ends(&guest, StepErrorKind::Timeout, "in realloc").await;
}

#[tokio::test]
async fn a_loop_in_post_return() {
    let post =
        "(func (export \"cabi_post_docket:provider/realtime@0.1.0#step\") (param i32) (loop $l (br $l)))";
    ends(&Guest::new(wait(1)).with(post), StepErrorKind::Timeout, "longer than").await;
}

#[tokio::test]
async fn a_loop_of_bulk_operations() {
    let fill =
        "(loop $l (memory.fill (i32.const 65536) (i32.const 7) (i32.const 4000000)) (br $l)) unreachable";
    ends(&Guest { pages: 64, ..Guest::new(fill) }, StepErrorKind::Timeout, "longer than").await;
}

#[tokio::test]
async fn memory_without_end() {
    let grow = "(loop $l (br_if $l (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) unreachable";
    ends(&Guest::new(grow), StepErrorKind::Memory, "the limit is 8388608").await;
}

#[tokio::test]
async fn a_guest_may_survive_a_refused_growth() {
    let adapter =
        load(&engine(), &Guest::new(format!("(drop (memory.grow (i32.const 60000))) {}", wait(5))).build());
    assert_eq!(step(&adapter.unwrap()).await.unwrap().effect, Effect::Wait(5));
}

#[tokio::test]
async fn tables_without_end() {
    let grow = "(loop $l (br_if $l (i32.ne (i32.const -1) (table.grow $t (ref.null func) (i32.const 1000))))) unreachable";
    let guest = Guest::new(grow).with("(table $t 1 funcref)");
    ends(&guest, StepErrorKind::Memory, "table elements").await;
}

#[tokio::test]
async fn recursion_without_end() {
    let guest = Guest::new("(call $down (i32.const 0))")
        .with("(func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))");
    ends(&guest, StepErrorKind::Limit, "stack of 524288 bytes").await;
}

#[tokio::test]
async fn a_trap_names_the_functions() {
    let guest = Guest::new("(call $tripwire) unreachable").with("(func $tripwire unreachable)");
    ends(&guest, StepErrorKind::Trap, "tripwire").await;
    ends(&Guest::new("(i32.load (i32.const -4))"), StepErrorKind::Trap, "memory").await;
    ends(&Guest::new("(i32.div_u (i32.const 1) (i32.const 0))"), StepErrorKind::Trap, "divide").await;
}

#[tokio::test]
async fn a_trap_in_post_return() {
    let post = "(func (export \"cabi_post_docket:provider/realtime@0.1.0#step\") (param i32) unreachable)";
    ends(&Guest::new(wait(1)).with(post), StepErrorKind::Trap, "unreachable").await;
}

#[tokio::test]
async fn lies_about_values() {
    let bad_utf8 = Guest::new(fail((SCRATCH, 4))).with(data(SCRATCH, b"ab\xff\xfe"));
    ends(&bad_utf8, StepErrorKind::Contract, "utf-8").await;
    ends(&Guest::new(fail((0x7fff_0000, 16))), StepErrorKind::Contract, "bounds").await;
    ends(&Guest::new(fail((SCRATCH, 0x7fff_ffff))), StepErrorKind::Contract, "bounds").await;
    ends(&Guest::new(fail((u32::MAX, u32::MAX))), StepErrorKind::Contract, "bounds").await;
    let case = format!("(i32.store8 (i32.const {}) (i32.const 99)) (i32.const {NEXT})", NEXT + 8);
    ends(&Guest::new(case), StepErrorKind::Contract, "discriminant").await;
    ends(&Guest::new("(i32.const 3)"), StepErrorKind::Contract, "aligned").await;
    ends(&Guest::new("(i32.const -16)"), StepErrorKind::Contract, "bounds").await;
}

#[tokio::test]
async fn a_list_that_is_longer_than_memory() {
    let list = call((SCRATCH, 3), (SCRATCH, 3), None, (SCRATCH, 0x0fff_ffff));
    ends(&Guest::new(list).with(data(SCRATCH, b"api")), StepErrorKind::Contract, "bounds").await;
}

/// Thousands of descriptors of one string: little for the guest, much for a host that copies each.
#[tokio::test]
async fn a_bomb_of_aliases() {
    const COUNT: u32 = 3000;
    let fill = format!(
        "(loop $l
            (i32.store (i32.add (i32.const 131076) (i32.mul (local.get $i) (i32.const 12))) (i32.const 65536))
            (i32.store (i32.add (i32.const 131080) (i32.mul (local.get $i) (i32.const 12))) (i32.const 20000))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const {COUNT}))))"
    );
    let bomb = call((SCRATCH, 3), (SCRATCH, 3), None, (131_072, COUNT));
    let guest = Guest { locals: "(local $i i32)".into(), pages: 4, ..Guest::new(fill + &bomb) };
    ends(&guest.with(data(SCRATCH, b"api")), StepErrorKind::Limit, "more than 8388608 bytes").await;
}

fn with_state(length: u32) -> Guest {
    let state = store32(NEXT, 65536) + &store32(NEXT + 4, length);
    Guest { pages: 4, ..Guest::new(state + &wait(1)) }
}

#[tokio::test]
async fn a_state_that_is_too_large() {
    let max = u32::try_from(MAX_STATE).unwrap();
    ends(&with_state(max + 1), StepErrorKind::Limit, "65537 bytes, the limit is 65536").await;
    let adapter = load(&engine(), &with_state(max).build()).unwrap();
    assert_eq!(step(&adapter).await.unwrap().state.len(), MAX_STATE);
}

#[tokio::test]
async fn completions_that_are_not_objects() {
    for (json, said) in
        [("{", "not JSON"), ("[1]", "not a JSON object"), ("\"x\"", "not a JSON object"), ("", "not JSON")]
    {
        let (data, code) = finish(json, 1);
        ends(&Guest::new(code).with(data), StepErrorKind::Contract, said).await;
    }
}

#[tokio::test]
async fn a_call_to_where_the_manifest_does_not_point() {
    let items = data(SCRATCH, b"api/pathevilother");
    let elsewhere = call((SCRATCH + 8, 4), (SCRATCH + 3, 5), None, (0, 0));
    ends(&Guest::new(elsewhere).with(&items), StepErrorKind::Contract, "endpoint \"evil\"").await;
    let slot = call((SCRATCH, 3), (SCRATCH + 3, 5), Some((SCRATCH + 12, 5)), (0, 0));
    ends(&Guest::new(slot).with(&items), StepErrorKind::Contract, "auth slot \"other\"").await;
    let fine = call((SCRATCH, 3), (SCRATCH + 3, 5), None, (0, 0));
    let adapter = load(&engine(), &Guest::new(fine).with(&items).build()).unwrap();
    let Effect::Call(call) = step(&adapter).await.unwrap().effect else { panic!("a call") };
    assert_eq!((call.endpoint.as_str(), call.path.as_str(), call.method.as_str()), ("api", "/path", "GET"));
}

#[tokio::test]
async fn long_messages_are_cut_and_counts_are_bounded() {
    let adapter = load(&engine(), &Guest { pages: 4, ..Guest::new(fail((65536, 100_000))) }.build()).unwrap();
    let Effect::Fail(failure) = step(&adapter).await.unwrap().effect else { panic!("a failure") };
    assert_eq!(failure.message.len(), docket_types::Failure::MAX_MESSAGE);
    assert_eq!(failure.class, FailureClass::InvalidRequest, "the adapter's own failure stays what it is");
    let (data, code) = finish("{\"a\":1}", u64::MAX);
    let adapter = load(&engine(), &Guest::new(code).with(data).build()).unwrap();
    let Effect::Finish(completion) = step(&adapter).await.unwrap().effect else { panic!("a completion") };
    assert_eq!(completion.json, "{\"a\":1}");
    assert_eq!(completion.usage.input_tokens, Some((1 << 53) - 1));
}

/// A counter in a global and one in memory: both start anew in each step.
#[tokio::test]
async fn nothing_is_smuggled_from_step_to_step() {
    let count = format!(
        "(global.set $n (i64.add (global.get $n) (i64.const 1)))
         (i64.store (i32.const {SCRATCH}) (i64.add (i64.load (i32.const {SCRATCH})) (i64.const 1)))
         (i32.store8 (i32.const {}) (i32.const 1))
         (i64.store (i32.const {}) (i64.add (global.get $n) (i64.load (i32.const {SCRATCH}))))
         (i32.const {NEXT})",
        NEXT + 8,
        NEXT + 16,
    );
    let adapter =
        load(&engine(), &Guest::new(count).with("(global $n (mut i64) (i64.const 0))").build()).unwrap();
    for _ in 0..20 {
        assert_eq!(step(&adapter).await.unwrap().effect, Effect::Wait(2));
    }
}

/// One plugin fills memory with a pattern; another, in the same slot, looks for anything but zeros.
#[tokio::test]
async fn memory_of_another_plugin_is_never_seen() {
    let fill = format!(
        "(drop (memory.grow (i32.const 60)))
         (memory.fill (i32.const 65536) (i32.const 0x5a) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 65536)))
         {}",
        wait(1)
    );
    let scan = format!(
        "(drop (memory.grow (i32.const 60)))
         (local.set $i (i32.const 131072))
         (loop $l
            (local.set $found (i64.or (local.get $found) (i64.load (local.get $i))))
            (local.set $i (i32.add (local.get $i) (i32.const 8)))
            (br_if $l (i32.lt_u (local.get $i) (i32.mul (memory.size) (i32.const 65536)))))
         (i32.store8 (i32.const {}) (i32.const 1))
         (i64.store (i32.const {}) (local.get $found))
         (i32.const {NEXT})",
        NEXT + 8,
        NEXT + 16
    );
    let engine = engine();
    let limits = Limits { step_time: Duration::from_secs(5), ..Limits::default() };
    let load = |guest: &Guest| engine.load("p", &guest.build(), Grants::default(), limits).unwrap();
    let writer = load(&Guest::new(fill));
    let reader = load(&Guest { locals: "(local $i i32) (local $found i64)".into(), ..Guest::new(scan) });
    for _ in 0..40 {
        assert_eq!(step(&writer).await.unwrap().effect, Effect::Wait(1));
        assert_eq!(step(&reader).await.unwrap().effect, Effect::Wait(0), "zeros only");
    }
}

/// A guest that reads text 0 `times` times and waits for as many milliseconds as the text has bytes.
fn reader(times: u32) -> Guest {
    let read = format!(
        "(loop $l
            (call $text (i32.const 0) (i32.const {SCRATCH}))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const {times}))))
         (i32.store8 (i32.const {}) (i32.const 1))
         (i64.store (i32.const {}) (i64.extend_i32_u (i32.load (i32.const {}))))
         (i32.const {NEXT})",
        NEXT + 8,
        NEXT + 16,
        SCRATCH + 8
    );
    Guest {
        worlds: vec!["adapter", "content-reader"],
        imports: "(import \"docket:provider/content@0.1.0\" \"text\" (func $text (param i32 i32)))".into(),
        locals: "(local $i i32)".into(),
        ..Guest::new(read)
    }
}

#[tokio::test]
async fn texts_are_read_with_a_grant_only_and_only_so_much() {
    let engine = engine();
    let refused = load(&engine, &reader(1).build()).expect_err("no grant");
    assert_eq!(refused.kind(), "not_granted");
    let limits = Limits { result_bytes: 1 << 20, ..tight() };
    let texts = texts(&[&"x".repeat(300_000)]);
    let granted =
        |times| engine.load("reader", &reader(times).build(), Grants { content: true }, limits).unwrap();
    let one = granted(1).step(&context(), &[], Event::Start("{}".into()), &texts).await.unwrap();
    assert_eq!(one.effect, Effect::Wait(300_000));
    let many = granted(4).step(&context(), &[], Event::Start("{}".into()), &texts).await.unwrap_err();
    assert_eq!(many.kind, StepErrorKind::Limit, "{many}");
    assert!(many.message.contains("1048576 bytes of text"), "{many}");
}
