//! Texts, under the SHA-256 of what they say: the same text is stored once, and a stored text never changes.

use super::{damaged, put_bytes};
use crate::error::ApiResult;
use crate::state::{Shared, digest};
use std::fmt::Write as _;

const KIND: &str = "content";

/// Where a text is stored.
pub(crate) fn storage_id(text: &str) -> String {
    let digest = digest(text.as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Stores a text and says where.
pub(crate) async fn store(app: &Shared, text: &str) -> ApiResult<String> {
    let id = storage_id(text);
    put_bytes(app, KIND, "", &id, text.as_bytes().to_vec()).await?;
    Ok(id)
}

/// A text, if it is stored.
pub(crate) async fn find(app: &Shared, id: &str) -> ApiResult<Option<String>> {
    let found = app.handle.store().resource(KIND, "", id).await?;
    found.map(|resource| String::from_utf8(resource.body).map_err(|_| damaged(KIND, id))).transpose()
}

/// Forgets a text. False: there is none.
pub(crate) async fn delete(app: &Shared, id: &str) -> ApiResult<bool> {
    Ok(app.handle.store().delete_resource(KIND, "", id).await?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_storage_id_is_the_texts_digest() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::storage_id("abc"), expected);
    }
}
