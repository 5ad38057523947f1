//! The canonical ABI's layout of a step's result, as instructions that write it.

/// Where a step's result stands in the guest's memory.
pub const NEXT: u32 = 16 << 10;
/// Free for a guest's own data, up to its heap at 64 KiB.
pub const SCRATCH: u32 = 20 << 10;

/// Writes a word.
pub fn store32(address: u32, value: u32) -> String {
    format!("(i32.store (i32.const {address}) (i32.const {}))\n", value.cast_signed())
}

fn effect(case: u32, payload: &str) -> String {
    format!("(i32.store8 (i32.const {}) (i32.const {case}))\n{payload}(i32.const {NEXT})\n", NEXT + 8)
}

/// A data segment.
pub fn data(address: u32, bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|b| format!("\\{b:02x}")).collect();
    format!("(data (i32.const {address}) \"{text}\")\n")
}

/// The effect `wait`.
pub fn wait(ms: u64) -> String {
    effect(1, &format!("(i64.store (i32.const {}) (i64.const {}))\n", NEXT + 16, ms.cast_signed()))
}

/// The effect `call`: its endpoint, path and auth slot as (address, length), its body as (address, count).
pub fn call(endpoint: (u32, u32), path: (u32, u32), auth: Option<(u32, u32)>, body: (u32, u32)) -> String {
    let mut fields = String::new();
    let mut pair = |at: u32, (address, length): (u32, u32)| {
        fields += &store32(NEXT + at, address);
        fields += &store32(NEXT + at + 4, length);
    };
    pair(16, endpoint);
    pair(36, path);
    pair(60, body);
    if let Some(slot) = auth {
        pair(72, slot);
        fields += &store32(NEXT + 68, 1);
    }
    effect(0, &fields)
}

/// The effect `finish` with its JSON and an input count.
pub fn finish_at(json: (u32, u32), input_tokens: u64) -> String {
    let mut fields = store32(NEXT + 16, json.0) + &store32(NEXT + 20, json.1) + &store32(NEXT + 40, 1);
    fields += &format!("(i64.store (i32.const {}) (i64.const {}))\n", NEXT + 48, input_tokens.cast_signed());
    effect(2, &fields)
}

/// [`finish_at`] with the JSON in [`SCRATCH`]: the data segment, and the instructions.
pub fn finish(json: &str, input_tokens: u64) -> (String, String) {
    let length = u32::try_from(json.len()).expect("it is short");
    (data(SCRATCH, json.as_bytes()), finish_at((SCRATCH, length), input_tokens))
}

/// The effect `fail` with a message as (address, length).
pub fn fail((address, length): (u32, u32)) -> String {
    effect(3, &(store32(NEXT + 64, address) + &store32(NEXT + 68, length)))
}
