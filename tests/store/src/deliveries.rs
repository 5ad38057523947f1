//! Topics, the outbox, and the hints.

use crate::support::{
    Place, accepted, at, claimed, finish, finished, request, settled, to_topic, to_webhook,
};
use docket_store::{Change, DeliveryState, Fenced, NewDelivery, Sink};
use docket_types::{ProviderName, RequestState};
use std::time::Duration;
use tokio::time::timeout;

pub async fn topics_keep_their_order_and_are_read_in_pages(place: &dyn Place) {
    let store = place.open().await;
    for n in 0..7 {
        let other = NewDelivery { id: format!("o{n}"), sink: Sink::Topic("other".into()), body: vec![] };
        finished(&store, n, vec![to_topic(&format!("t{n}"), &format!("body {n}")), other]).await;
    }
    let (mut after, mut read) = (0, Vec::new());
    loop {
        let page = store.read("results", after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = last.seq;
        read.extend(page);
    }
    assert!(read.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    assert_eq!(
        read.iter().map(|event| event.id.clone()).collect::<Vec<_>>(),
        (0..7).map(|n| format!("t{n}")).collect::<Vec<_>>()
    );
    assert_eq!(read[6].body, b"body 6");
    assert_eq!(store.read("other", 0, 100).await.unwrap().len(), 7);
    assert!(store.read("nothing", 0, 100).await.unwrap().is_empty());
}

pub async fn a_cursor_is_never_given_out_again(place: &dyn Place) {
    let store = place.open().await;
    finished(&store, 1, vec![to_topic("a", "a")]).await;
    finished(&store, 2, vec![to_topic("b", "b")]).await;
    let last = store.read("results", 0, 10).await.unwrap()[1].seq;
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 2);
    store.close().await;
    let store = place.open().await;
    finished(&store, 3, vec![to_topic("c", "c")]).await;
    let events = store.read("results", last, 10).await.unwrap();
    assert_eq!(events.len(), 1, "a reader at {last} sees the new event");
    assert_eq!(events[0].id, "c");
}

pub async fn one_delivery_id_is_delivered_once(place: &dyn Place) {
    let store = place.open().await;
    let twice =
        || vec![to_topic("t", "first"), to_topic("t", "second"), to_webhook("w", "1"), to_webhook("w", "2")];
    finished(&store, 1, twice()).await;
    finished(&store, 2, twice()).await;
    let events = store.read("results", 0, 10).await.unwrap();
    assert_eq!((events.len(), events[0].body.as_slice()), (1, b"first".as_slice()));
    let due = store.claim_deliveries(at(2), at(3), 10).await.unwrap();
    assert_eq!((due.len(), due[0].body.as_slice()), (1, b"1".as_slice()));
}

pub async fn a_delivery_is_leased_and_comes_back(place: &dyn Place) {
    let store = place.open().await;
    for n in 0..3 {
        finished(&store, 1, vec![to_webhook(&format!("w{n}"), &format!("body {n}"))]).await;
    }
    assert!(store.claim_deliveries(at(0), at(60), 10).await.unwrap().is_empty(), "not due yet");
    let first = store.claim_deliveries(at(1), at(61), 2).await.unwrap();
    assert_eq!(first.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["w0", "w1"]);
    let second = store.claim_deliveries(at(1), at(61), 10).await.unwrap();
    assert_eq!(
        second.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(),
        ["w2"],
        "the others are in someone's hands"
    );
    store.delivered("w0", at(2)).await.unwrap();
    store.undelivered("w1", Some(at(30)), "503").await.unwrap();
    assert!(store.claim_deliveries(at(29), at(89), 10).await.unwrap().is_empty());
    let retry = store.claim_deliveries(at(30), at(90), 10).await.unwrap();
    assert_eq!(
        (retry[0].id.as_str(), retry[0].tries, retry[0].body.as_slice()),
        ("w1", 1, b"body 1".as_slice())
    );
    let lost = store.claim_deliveries(at(61), at(121), 10).await.unwrap();
    assert_eq!(lost.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["w2"], "whoever tried it is gone");
    let done = store.list_deliveries(DeliveryState::Delivered, 10).await.unwrap();
    assert_eq!((done.len(), done[0].id.as_str(), done[0].tries), (1, "w0", 1));
    assert_eq!(store.list_deliveries(DeliveryState::Pending, 10).await.unwrap().len(), 2);
}

pub async fn a_delivery_that_was_not_tried_is_given_back(place: &dyn Place) {
    let store = place.open().await;
    finished(&store, 1, vec![to_webhook("w", "body")]).await;
    store.claim_deliveries(at(1), at(61), 1).await.unwrap();
    store.postpone("w", at(5)).await.unwrap();
    assert!(store.claim_deliveries(at(4), at(64), 1).await.unwrap().is_empty());
    let again = store.claim_deliveries(at(5), at(65), 1).await.unwrap();
    assert_eq!((again.len(), again[0].tries), (1, 0), "it was no try");
    store.delivered("w", at(6)).await.unwrap();
    store.postpone("w", at(7)).await.unwrap();
    assert!(store.claim_deliveries(at(900), at(960), 1).await.unwrap().is_empty(), "it stays delivered");
}

pub async fn a_dead_delivery_can_be_asked_for_again(place: &dyn Place) {
    let store = place.open().await;
    let id = finished(&store, 1, vec![to_webhook("w", "body"), to_topic("t", "body")]).await;
    store.claim_deliveries(at(1), at(61), 10).await.unwrap();
    store.undelivered("w", None, "410 Gone").await.unwrap();
    assert!(store.claim_deliveries(at(900), at(960), 10).await.unwrap().is_empty());
    let dead = store.list_deliveries(DeliveryState::Dead, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].last_error.as_deref(), dead[0].tries), (1, Some("410 Gone"), 1));
    let of = store.deliveries_of(id).await.unwrap();
    assert_eq!(
        (of.len(), of[0].state, of[0].request_id),
        (1, DeliveryState::Dead, id),
        "topics are not among them"
    );
    assert!(!store.redeliver("unknown", at(901)).await.unwrap());
    assert!(store.redeliver("w", at(901)).await.unwrap());
    let again = store.claim_deliveries(at(901), at(961), 10).await.unwrap();
    assert_eq!(
        (again[0].id.as_str(), again[0].tries, again[0].body.as_slice()),
        ("w", 0, b"body".as_slice())
    );
    store.delivered("w", at(902)).await.unwrap();
    assert!(store.redeliver("w", at(903)).await.unwrap(), "also what was delivered");
    assert_eq!(store.claim_deliveries(at(903), at(963), 10).await.unwrap().len(), 1);
}

pub async fn a_late_report_does_not_undo_a_delivery(place: &dyn Place) {
    let store = place.open().await;
    finished(&store, 1, vec![to_webhook("w", "body")]).await;
    store.claim_deliveries(at(1), at(2), 10).await.unwrap();
    store.delivered("w", at(2)).await.unwrap();
    store.undelivered("w", Some(at(3)), "late").await.unwrap();
    store.undelivered("w", None, "late").await.unwrap();
    store.delivered("w", at(4)).await.unwrap();
    let done = store.list_deliveries(DeliveryState::Delivered, 10).await.unwrap();
    assert_eq!((done.len(), done[0].tries, done[0].last_error.clone()), (1, 1, None));
}

pub async fn changes_are_hinted_at(place: &dyn Place) {
    let store = place.open().await;
    let mut changes = store.changes();
    let id = accepted(&store, request()).await;
    let leased = claimed(&store, 1).await;
    let deliveries = vec![to_topic("t", ""), to_webhook("w", "")];
    assert_eq!(settled(&store, finish(id, leased.epoch, 2, deliveries)).await, Fenced::Done);
    let mut wanted = vec![
        Change::Ready(ProviderName::from("mock")),
        Change::Request(id, RequestState::Queued),
        Change::Request(id, RequestState::Running),
        Change::Request(id, RequestState::Succeeded),
        Change::Topic("results".into()),
        Change::Delivery,
    ];
    while !wanted.is_empty() {
        let change = timeout(Duration::from_secs(5), changes.recv()).await;
        let change = change.unwrap_or_else(|_| panic!("never told: {wanted:?}")).unwrap();
        assert!(wanted.contains(&change), "{change:?} was told, of {wanted:?}");
        wanted.retain(|one| *one != change);
    }
}
