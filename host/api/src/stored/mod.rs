//! What is kept for assessments to come: texts, instructions, anchors. Each is a resource of the store, and each
//! write is durable when it returns.

pub(crate) mod anchors;
pub(crate) mod content;
mod gather;
pub(crate) mod instructions;

pub(crate) use gather::complete;

use crate::error::{ApiError, ApiResult, now};
use crate::state::Shared;
use docket_store::Resource;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many resources are read at once.
const PAGE: u32 = 1000;

async fn put<T: Serialize>(app: &Shared, kind: &str, scope: &str, key: &str, value: &T) -> ApiResult<()> {
    let body = serde_json::to_vec(value).map_err(|_| damaged(kind, scope))?;
    put_bytes(app, kind, scope, key, body).await
}

async fn put_bytes(app: &Shared, kind: &str, scope: &str, key: &str, body: Vec<u8>) -> ApiResult<()> {
    let (kind, scope, key) = (kind.to_owned(), scope.to_owned(), key.to_owned());
    Ok(app.handle.store().put_resource(Resource { kind, scope, key, body, updated_at: now() }).await?)
}

async fn get<T: DeserializeOwned>(app: &Shared, kind: &str, scope: &str, key: &str) -> ApiResult<Option<T>> {
    let found = app.handle.store().resource(kind, scope, key).await?;
    found.map(|resource| parse(&resource)).transpose()
}

/// All resources of a kind, or of one scope of it, by scope and key.
async fn all<T: DeserializeOwned>(app: &Shared, kind: &str, scope: Option<&str>) -> ApiResult<Vec<T>> {
    let mut found = Vec::new();
    let mut last: Option<(String, String)> = None;
    loop {
        let after = last.as_ref().map(|(scope, key)| (scope.as_str(), key.as_str()));
        let page = app.handle.store().resources(kind, scope, after, PAGE).await?;
        for resource in &page {
            found.push(parse(resource)?);
        }
        match page.into_iter().next_back() {
            Some(resource) => last = Some((resource.scope, resource.key)),
            None => return Ok(found),
        }
    }
}

fn parse<T: DeserializeOwned>(resource: &Resource) -> ApiResult<T> {
    serde_json::from_slice(&resource.body).map_err(|_| damaged(&resource.kind, &resource.scope))
}

fn damaged(kind: &str, scope: &str) -> ApiError {
    tracing::error!(kind, scope, "a resource is damaged");
    let message = format!("the stored {kind} of `{scope}` cannot be read");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "PROCESSING_ERROR", message)
}
