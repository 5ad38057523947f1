//! Accepting: any number of requests with two statements.

use super::packed::{Bytes, hex, json};
use super::rows::{get, request_id, time};
use super::tx::{Tx, statement};
use crate::{Accepted, Error, NewRequest, Result};
use docket_types::{RequestId, RequestState, Timestamp};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Payload bytes that one statement takes; more is split, so that memory stays bounded.
const CHUNK_BYTES: usize = 8 << 20;

struct Known {
    id: RequestId,
    accepted_at: Timestamp,
    body_hash: Vec<u8>,
}

/// Stores what is new; one answer each, in order.
pub(super) async fn accept(tx: &mut Tx<'_>, requests: &[&NewRequest]) -> Result<Vec<Accepted>> {
    let mut known = known_keys(tx, requests).await?;
    let mut answers = Vec::with_capacity(requests.len());
    let mut new = Vec::with_capacity(requests.len());
    for request in requests {
        let answer = judge(&mut known, request);
        if answer == Accepted::New {
            new.push(*request);
        }
        answers.push(answer);
    }
    let mut rest = new.as_slice();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(chunk_len(rest));
        insert(tx, chunk).await?;
        rest = after;
    }
    insert_keys(tx, &new).await?;
    Ok(answers)
}

/// How many requests fit into one statement; at least one.
fn chunk_len(requests: &[&NewRequest]) -> usize {
    let mut bytes = 0;
    let fit = requests.iter().take_while(|request| {
        bytes += request.payload.len();
        bytes <= CHUNK_BYTES
    });
    fit.count().max(1)
}

/// Whether a request is new, given the keys that are known; remembers its own.
fn judge<'r>(known: &mut HashMap<(&'r str, &'r str), Known>, request: &'r NewRequest) -> Accepted {
    let Some(key) = &request.idempotency else { return Accepted::New };
    match known.entry((request.tenant.as_str(), key.key.as_str())) {
        Entry::Occupied(earlier) if earlier.get().body_hash == key.body_hash => {
            Accepted::Replayed { id: earlier.get().id, accepted_at: earlier.get().accepted_at }
        }
        Entry::Occupied(_) => Accepted::KeyConflict,
        Entry::Vacant(free) => {
            let (id, accepted_at) = (request.id, request.accepted_at);
            free.insert(Known { id, accepted_at, body_hash: key.body_hash.to_vec() });
            Accepted::New
        }
    }
}

/// The keys among these that were used before.
async fn known_keys<'r>(
    tx: &mut Tx<'_>,
    requests: &[&'r NewRequest],
) -> Result<HashMap<(&'r str, &'r str), Known>> {
    let keyed: Vec<(&str, &str)> = requests
        .iter()
        .filter_map(|request| Some((request.tenant.as_str(), request.idempotency.as_ref()?.key.as_str())))
        .collect();
    if keyed.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = statement(
        "SELECT j.key, r.id, r.accepted_at, i.body_hash FROM json_each(?1) AS j \
         CROSS JOIN idempotency AS i ON i.tenant = j.value ->> 0 AND i.key = j.value ->> 1 \
         CROSS JOIN requests AS r ON r.n = i.n",
    );
    let mut known = HashMap::new();
    for row in tx.rows(sql.bind(json(&keyed)?)).await? {
        let at = usize::try_from(get::<i64, _>(&row, 0)?).unwrap_or(usize::MAX);
        let key = keyed.get(at).ok_or_else(|| Error::Internal("a key that was not asked for".into()))?;
        let found = Known { id: request_id(&row, 1)?, accepted_at: time(&row, 2)?, body_hash: get(&row, 3)? };
        known.insert(*key, found);
    }
    Ok(known)
}

/// Inserts rows and payloads. `n` counts on from the largest, so the payloads' are known from the rows' order.
async fn insert(tx: &mut Tx<'_>, requests: &[&NewRequest]) -> Result<()> {
    let mut bytes = Bytes::default();
    let mut rows = Vec::with_capacity(requests.len());
    for request in requests {
        let (at, len) = bytes.push(&request.payload);
        tx.delta.open += 1;
        tx.delta.queued += 1;
        tx.delta.bytes += i64::try_from(len).unwrap_or(i64::MAX);
        tx.ready(&request.provider);
        tx.moved(request.id, RequestState::Queued);
        rows.push((
            hex(request.id.0),
            &request.tenant,
            request.provider.as_str(),
            request.compat.0,
            request.priority,
            len,
            request.accepted_at.as_micros(),
            request.expires_at.as_micros(),
            at,
        ));
    }
    let sql = statement(
        "INSERT INTO requests (id, tenant, provider, compat, priority, state, bytes, accepted_at, ready_at, \
             expires_at, updated_at) \
         SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4, 'queued', value ->> 5, \
             value ->> 6, value ->> 6, value ->> 7, value ->> 6 FROM json_each(?1); \
         INSERT INTO payloads (n, body) \
         SELECT (SELECT max(n) FROM requests) - json_array_length(?1) + 1 + key, \
             substr(?2, value ->> 8, value ->> 5) FROM json_each(?1)",
    );
    tx.run(sql.bind(json(&rows)?).bind(bytes.0)).await?;
    Ok(())
}

/// Remembers the keys of requests that were just inserted.
async fn insert_keys(tx: &mut Tx<'_>, requests: &[&NewRequest]) -> Result<()> {
    let mut bytes = Bytes::default();
    let mut rows = Vec::new();
    for request in requests {
        if let Some(key) = &request.idempotency {
            let (at, len) = bytes.push(&key.body_hash);
            rows.push((&request.tenant, &key.key, at, len, hex(request.id.0)));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let sql = statement(
        "INSERT INTO idempotency (tenant, key, body_hash, n) \
         SELECT value ->> 0, value ->> 1, substr(?2, value ->> 2, value ->> 3), \
             (SELECT n FROM requests WHERE id = unhex(value ->> 4)) FROM json_each(?1)",
    );
    tx.run(sql.bind(json(&rows)?).bind(bytes.0)).await?;
    Ok(())
}
