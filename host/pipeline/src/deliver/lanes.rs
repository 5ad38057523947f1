//! Lanes: which claimed delivery may be posted now, so that no receiver can starve the others. Pure.

use super::Held;
use docket_store::LeasedDelivery;
use docket_types::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The most deliveries of one host that wait in memory.
const HOLD: usize = 32;

/// After so many failures in a row a host is troubled: one post at a time.
const TROUBLED: u32 = 3;

/// How long surplus deliveries go back for: shortly, or longer when the host is troubled.
const SHORTLY: Duration = Duration::from_millis(500);
const LONGER: Duration = Duration::from_secs(30);

/// The deliveries in this process's hands, by the receiver's host.
pub(super) struct Lanes {
    lanes: HashMap<String, Lane>,
    running: usize,
    max_running: usize,
    /// Hosts with waiting deliveries, in the order of their turns.
    turns: VecDeque<String>,
}

#[derive(Default)]
struct Lane {
    running: usize,
    waiting: VecDeque<Held>,
    failures: u32,
}

/// What happens to a claimed delivery.
#[derive(Debug)]
pub(super) enum Placed {
    /// Post it.
    Start(LeasedDelivery),
    /// It waits for its turn.
    Held,
    /// Give it back for this long: enough of its host's wait here.
    Surplus {
        /// The delivery's id.
        id: String,
        /// For how long.
        pause: Duration,
    },
}

impl Lanes {
    pub(super) fn new(max_running: usize) -> Self {
        Self { lanes: HashMap::new(), running: 0, max_running, turns: VecDeque::new() }
    }

    /// Whether another post could start, so that a claim makes sense.
    pub(super) fn has_room(&self) -> bool {
        self.running < self.max_running
    }

    /// How many to claim at once: enough to look past the deliveries of one host.
    pub(super) fn claim_limit(&self) -> u32 {
        u32::try_from(self.max_running * 4).unwrap_or(u32::MAX).clamp(16, 256)
    }

    /// A quarter of the posts for one host, so that three dead ones leave room.
    fn share(&self, host: &str) -> usize {
        let troubled = self.lanes.get(host).is_some_and(|lane| lane.failures >= TROUBLED);
        if troubled { 1 } else { (self.max_running / 4).max(1) }
    }

    /// Takes in a claimed delivery.
    pub(super) fn place(&mut self, delivery: LeasedDelivery, lease_until: Timestamp) -> Placed {
        let host = host_of(&delivery.url);
        let (room, share) = (self.has_room(), self.share(&host));
        let lane = self.lanes.entry(host.clone()).or_default();
        if room && lane.running < share && lane.waiting.is_empty() {
            lane.running += 1;
            self.running += 1;
            return Placed::Start(delivery);
        }
        if lane.waiting.len() >= HOLD {
            let pause = if lane.failures >= TROUBLED { LONGER } else { SHORTLY };
            return Placed::Surplus { id: delivery.id, pause };
        }
        if lane.waiting.is_empty() {
            self.turns.push_back(host);
        }
        lane.waiting.push_back((delivery, lease_until));
        Placed::Held
    }

    /// A post to `host` ended.
    pub(super) fn ended(&mut self, host: &str, good: bool) {
        self.running = self.running.saturating_sub(1);
        let Some(lane) = self.lanes.get_mut(host) else { return };
        lane.running = lane.running.saturating_sub(1);
        lane.failures = if good { 0 } else { lane.failures.saturating_add(1) };
        let idle = lane.running == 0 && lane.waiting.is_empty();
        // Failures are forgotten with the lane of a host that is only now and then heard of; a few in a row are not.
        if idle && (lane.failures == 0 || self.lanes.len() > 1024) {
            self.lanes.remove(host);
        }
    }

    /// The next delivery that may start, host by host in turn. Those whose lease ends before `needed_until` are
    /// dropped: somebody will claim them again.
    pub(super) fn next(&mut self, needed_until: Timestamp) -> Option<LeasedDelivery> {
        for _ in 0..self.turns.len() {
            if !self.has_room() {
                return None;
            }
            let host = self.turns.pop_front()?;
            let found = self.take_from(&host, needed_until);
            if self.lanes.get(&host).is_some_and(|lane| !lane.waiting.is_empty()) {
                self.turns.push_back(host);
            }
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn take_from(&mut self, host: &str, needed_until: Timestamp) -> Option<LeasedDelivery> {
        let share = self.share(host);
        let lane = self.lanes.get_mut(host)?;
        if lane.running >= share {
            return None;
        }
        while let Some((delivery, lease_until)) = lane.waiting.pop_front() {
            if lease_until >= needed_until {
                lane.running += 1;
                self.running += 1;
                return Some(delivery);
            }
        }
        None
    }
}

/// The receiver's host and port, in lower case: what a lane is for.
pub(super) fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_types::RequestId;

    const LEASE: Timestamp = Timestamp::from_millis(60_000);
    const NOW: Timestamp = Timestamp::from_millis(0);

    fn delivery(host: &str, n: usize) -> LeasedDelivery {
        LeasedDelivery {
            id: format!("{host}-{n}"),
            request_id: "018bcfe5-687b-7000-8000-000000000001".parse::<RequestId>().unwrap(),
            url: format!("https://{host}/hook"),
            body: Vec::new(),
            tries: 0,
            created_at: NOW,
        }
    }

    /// How many of `count` deliveries to `host` start at once.
    fn started(lanes: &mut Lanes, host: &str, count: usize) -> usize {
        (0..count).filter(|n| matches!(lanes.place(delivery(host, *n), LEASE), Placed::Start(_))).count()
    }

    #[test]
    fn one_host_gets_a_share_and_the_others_still_start() {
        let mut lanes = Lanes::new(16);
        assert_eq!(started(&mut lanes, "dead.example", 10), 4);
        assert_eq!(started(&mut lanes, "live.example", 3), 3);
        assert!(lanes.has_room());
    }

    #[test]
    fn what_does_not_fit_goes_back_and_a_troubled_host_for_longer() {
        let mut lanes = Lanes::new(16);
        started(&mut lanes, "dead.example", 4 + HOLD);
        let Placed::Surplus { pause, .. } = lanes.place(delivery("dead.example", 99), LEASE) else {
            panic!()
        };
        assert_eq!(pause, SHORTLY);
        for _ in 0..TROUBLED {
            lanes.ended("dead.example", false);
        }
        let Placed::Surplus { pause, .. } = lanes.place(delivery("dead.example", 99), LEASE) else {
            panic!()
        };
        assert_eq!(pause, LONGER);
    }

    #[test]
    fn a_troubled_host_gets_one_post_until_it_answers() {
        let mut lanes = Lanes::new(16);
        started(&mut lanes, "dead.example", 10);
        for _ in 0..4 {
            lanes.ended("dead.example", false);
        }
        assert!(lanes.next(NOW).is_some());
        assert!(lanes.next(NOW).is_none());
        lanes.ended("dead.example", true);
        for _ in 0..4 {
            assert!(lanes.next(NOW).is_some());
        }
        assert!(lanes.next(NOW).is_none());
    }

    #[test]
    fn hosts_take_turns_and_the_sum_is_bounded() {
        let mut lanes = Lanes::new(4);
        for host in ["a", "b", "c", "d", "e"] {
            started(&mut lanes, host, 5);
        }
        assert!(!lanes.has_room());
        assert!(lanes.next(NOW).is_none());
        let mut order = Vec::new();
        for host in ["a", "b", "c", "d"] {
            lanes.ended(host, true);
            let next = lanes.next(NOW).unwrap();
            order.push(host_of(&next.url));
        }
        order.sort();
        order.dedup();
        assert_eq!(order.len(), 4, "{order:?}");
    }

    #[test]
    fn a_delivery_whose_lease_would_end_during_the_post_is_left_to_others() {
        let mut lanes = Lanes::new(4);
        started(&mut lanes, "a", 3);
        lanes.ended("a", true);
        assert!(lanes.next(LEASE + Duration::from_secs(1)).is_none());
        assert_eq!(started(&mut lanes, "a", 1), 1, "the expired ones do not block the lane");
    }

    #[test]
    fn hosts_are_told_apart() {
        assert_eq!(host_of("https://Example.com:8443/a/b?c"), "example.com:8443");
        assert_eq!(host_of("https://u:p@example.com?x"), "example.com");
        assert_eq!(host_of("http://[::1]:80/x"), "[::1]:80");
    }
}
