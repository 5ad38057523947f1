//! Who has met whom, and in which position.

use std::cell::OnceCell;

use super::{Context, Dice, InvalidContext, Outcome, Pair, Request, Seen, fair_complement};

const SECOND: u32 = 1;
const BLOCKED: u32 = 2;
const NONE: u32 = u32::MAX;
/// How often a wave's positions are looked over.
const PASSES: usize = 4;

/// The history by item. Pending and answered requests count as meetings; a failed one only blocks its pair, and only
/// after more failures than the context allows.
pub(crate) struct Ledger<'a> {
    /// How many comparisons each item stands in.
    pub(crate) counts: Vec<u32>,
    /// How often each item is shown first.
    pub(crate) first: Vec<u32>,
    history: &'a [Request],
    blocked: Vec<(u32, u32)>,
    /// Made when it is first needed: with many items and one wave it often is not.
    index: OnceCell<Index>,
    /// The newest added entry of each item.
    head: Vec<u32>,
    /// Entries added since, each with the one before it; two for each pair.
    added: Vec<(u32, u32)>,
    /// A pair can be had while it has met at most this often.
    level: u32,
}

/// The history's entries by item.
struct Index {
    /// `start[i]..start[i + 1]` are the entries of item `i`.
    start: Vec<u32>,
    /// The partner times 4, plus [`SECOND`] if the item itself is shown second, or [`BLOCKED`].
    entries: Vec<u32>,
}

impl Index {
    /// Sorts the history by counting.
    fn new(history: &[Request], blocked: &[(u32, u32)], items: usize) -> Self {
        let met = || history.iter().filter(|request| request.outcome != Outcome::Failed);
        let mut next = vec![0_u32; items + 1];
        let pairs = met().map(|request| (request.pair.first, request.pair.second));
        for (a, b) in pairs.chain(blocked.iter().copied()) {
            next[a as usize] += 1;
            next[b as usize] += 1;
        }
        let mut total = 0;
        for count in &mut next {
            total += std::mem::replace(count, total);
        }
        let start = next.clone();
        let mut entries = vec![0; total as usize];
        let mut put = |item: u32, entry: u32| {
            let place = &mut next[item as usize];
            entries[*place as usize] = entry;
            *place += 1;
        };
        for request in met() {
            put(request.pair.first, request.pair.second << 2);
            put(request.pair.second, request.pair.first << 2 | SECOND);
        }
        for &(a, b) in blocked {
            put(a, b << 2 | BLOCKED);
            put(b, a << 2 | BLOCKED);
        }
        Self { start, entries }
    }
}

impl<'a> Ledger<'a> {
    /// Reads a context.
    pub(crate) fn new(context: &Context<'a>) -> Result<Self, InvalidContext> {
        context.check()?;
        let items = context.items;
        let mut failed = Vec::new();
        let (mut counts, mut first) = (vec![0; items], vec![0; items]);
        for (index, request) in context.history.iter().enumerate() {
            let pair = request.pair;
            if pair.first == pair.second || pair.first.max(pair.second) as usize >= items {
                return Err(InvalidContext::Request { index, pair, items });
            }
            if request.outcome == Outcome::Failed {
                failed.push(pair.unordered());
            } else {
                counts[pair.first as usize] += 1;
                counts[pair.second as usize] += 1;
                first[pair.first as usize] += 1;
            }
        }
        failed.sort_unstable();
        let blocked: Vec<(u32, u32)> = failed
            .chunk_by(|x, y| x == y)
            .filter(|same| same.len() > context.failures_allowed as usize)
            .filter_map(|same| same.first().copied())
            .collect();
        Ok(Self {
            counts,
            first,
            history: context.history,
            blocked,
            index: OnceCell::new(),
            head: vec![NONE; items],
            added: Vec::new(),
            level: 0,
        })
    }

    /// The number of items.
    pub(crate) fn items(&self) -> usize {
        self.counts.len()
    }

    /// The entries of an item.
    fn entries(&self, item: u32) -> impl Iterator<Item = u32> {
        let item = item as usize;
        let index = self.index.get_or_init(|| Index::new(self.history, &self.blocked, self.items()));
        let old = &index.entries[index.start[item] as usize..index.start[item + 1] as usize];
        let mut at = self.head[item];
        let new = std::iter::from_fn(move || {
            let (entry, next) = *self.added.get(at as usize)?;
            at = next;
            Some(entry)
        });
        old.iter().copied().chain(new)
    }

    /// Everyone that an item has met or must not meet, some more than once.
    pub(crate) fn met(&self, item: u32) -> impl Iterator<Item = u32> {
        self.entries(item).map(|entry| entry >> 2)
    }

    /// Which items of an order have met, or must not meet, one that stands up to 16 places behind them: bit `k` is for
    /// the one `k + 1` places on.
    pub(crate) fn met_nearby(&self, order: &[u32]) -> Vec<u16> {
        let mut places = vec![NONE; self.items()];
        for (place, &item) in order.iter().enumerate() {
            places[item as usize] = place as u32;
        }
        let mut met = vec![0_u16; order.len()];
        let mut mark = |a: u32, b: u32| {
            let (x, y) = (places[a as usize], places[b as usize]);
            let distance = x.abs_diff(y);
            if distance <= u16::BITS && x.max(y) != NONE {
                met[x.min(y) as usize] |= 1 << (distance - 1);
            }
        };
        for request in self.history.iter().filter(|request| request.outcome != Outcome::Failed) {
            mark(request.pair.first, request.pair.second);
        }
        self.blocked.iter().for_each(|&(a, b)| mark(a, b));
        self.added.chunks_exact(2).for_each(|two| mark(two[0].0 >> 2, two[1].0 >> 2));
        met
    }

    /// How often a pair has been shown each way round.
    pub(crate) fn seen(&self, a: u32, b: u32) -> Seen {
        let mut seen = Seen::default();
        for entry in self.entries(a).filter(|entry| entry >> 2 == b) {
            match entry & 3 {
                0 => seen.kept += 1,
                SECOND => seen.swapped += 1,
                _ => {}
            }
        }
        seen
    }

    /// How often the item has been shown first, minus how often second.
    pub(crate) fn skew(&self, item: u32) -> i64 {
        2 * i64::from(self.first[item as usize]) - i64::from(self.counts[item as usize])
    }

    /// Notes that a pair has been asked for.
    pub(crate) fn add(&mut self, pair: Pair) {
        self.counts[pair.first as usize] += 1;
        self.counts[pair.second as usize] += 1;
        self.first[pair.first as usize] += 1;
        for (item, entry) in [(pair.first, pair.second << 2), (pair.second, pair.first << 2 | SECOND)] {
            let place = u32::try_from(self.added.len()).unwrap_or(NONE);
            self.added.push((entry, self.head[item as usize]));
            self.head[item as usize] = place;
        }
    }

    /// Puts two items that may meet ([`Self::is_open`]) in a fair order and notes the pair.
    pub(crate) fn orient(&mut self, a: u32, b: u32, dice: &mut Dice) -> Pair {
        let seen = if self.level == 0 { Seen::default() } else { self.seen(a, b) };
        self.orient_seen(a, b, seen, dice)
    }

    /// Puts two items in a fair order, whether or not they have met, and notes the pair.
    pub(crate) fn orient_again(&mut self, a: u32, b: u32, dice: &mut Dice) -> Pair {
        self.orient_seen(a, b, self.seen(a, b), dice)
    }

    fn orient_seen(&mut self, a: u32, b: u32, seen: Seen, dice: &mut Dice) -> Pair {
        let keep = fair_complement(self.skew(a), self.skew(b), seen, || dice.coin());
        let pair = if keep { Pair::new(a, b) } else { Pair::new(b, a) };
        self.add(pair);
        pair
    }

    /// Turns pairs of a finished wave round where that makes their items' positions more even, but for pairs that have
    /// met before. Later questions about who was first in these pairs get no right answer.
    pub(crate) fn balance(&mut self, pairs: &mut [Pair]) {
        let new = self.level == 0;
        for _ in 0..PASSES {
            let mut turned = false;
            for pair in pairs.iter_mut() {
                let uneven = self.skew(pair.first) - self.skew(pair.second) > 2;
                if uneven && (new || self.seen(pair.first, pair.second).sum() == 1) {
                    self.first[pair.first as usize] -= 1;
                    self.first[pair.second as usize] += 1;
                    *pair = Pair::new(pair.second, pair.first);
                    turned = true;
                }
            }
            if !turned {
                break;
            }
        }
    }

    /// Calls `visit` with each item of `others` that `item` can meet. `times` holds a 0 for each item before and after.
    pub(crate) fn partners(&self, item: u32, others: &[u32], times: &mut [u32], mut visit: impl FnMut(u32)) {
        for entry in self.entries(item) {
            let more = if entry & BLOCKED == 0 { 1 } else { NONE / 2 };
            let time = &mut times[(entry >> 2) as usize];
            *time = time.saturating_add(more);
        }
        for &other in others.iter().filter(|&&other| other != item) {
            if times[other as usize] <= self.level {
                visit(other);
            }
        }
        for other in self.met(item) {
            times[other as usize] = 0;
        }
    }

    /// Lets pairs meet again once all pairs of `among` have met equally often: the rarest of them can be had.
    pub(crate) fn allow_repeats(&mut self, among: &[u32]) {
        let pairs = among.len() * among.len().saturating_sub(1) / 2;
        if among.is_empty() || self.blocked.len() + self.history.len() + self.added.len() / 2 < pairs {
            return;
        }
        let mut times = vec![0_u32; self.items()];
        let mut least = NONE;
        for (k, &a) in among.iter().enumerate() {
            for entry in self.entries(a) {
                let more = if entry & BLOCKED == 0 { 1 } else { NONE / 2 };
                let time = &mut times[(entry >> 2) as usize];
                *time = time.saturating_add(more);
            }
            least = among[k + 1..].iter().map(|&b| times[b as usize]).min().unwrap_or(NONE).min(least);
            for b in self.met(a) {
                times[b as usize] = 0;
            }
        }
        if least < NONE / 2 {
            self.level = least;
        }
    }

    /// True if a pair can be had.
    pub(crate) fn is_open(&self, a: u32, b: u32) -> bool {
        let mut times = 0;
        for entry in self.entries(a).filter(|entry| entry >> 2 == b) {
            if entry & BLOCKED != 0 {
                return false;
            }
            times += 1;
        }
        times <= self.level
    }
}
