//! Resources: what is kept under a name for assessments to come.

use super::error::store_error;
use super::rows::{get, time};
use super::tx::{Sql, Tx, statement};
use crate::{Resource, Result};
use sqlx::sqlite::{SqlitePool, SqliteRow};

/// Writes a resource over what has its name.
pub(super) async fn put(tx: &mut Tx<'_>, resource: &Resource) -> Result<()> {
    let sql = statement(
        "INSERT INTO resources (kind, scope, key, body, updated_at) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (kind, scope, key) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at",
    );
    let sql = sql
        .bind(resource.kind.clone())
        .bind(resource.scope.clone())
        .bind(resource.key.clone())
        .bind(resource.body.clone())
        .bind(resource.updated_at.as_micros());
    tx.run(sql).await?;
    Ok(())
}

/// Deletes a resource. False: there is none.
pub(super) async fn delete(tx: &mut Tx<'_>, kind: &str, scope: &str, key: &str) -> Result<bool> {
    let sql = statement("DELETE FROM resources WHERE kind = ?1 AND scope = ?2 AND key = ?3");
    let sql = sql.bind(kind.to_owned()).bind(scope.to_owned()).bind(key.to_owned());
    Ok(tx.run(sql).await? == 1)
}

/// One resource.
pub(super) async fn find(pool: &SqlitePool, kind: &str, scope: &str, key: &str) -> Result<Option<Resource>> {
    let sql = statement(
        "SELECT kind, scope, key, body, updated_at FROM resources WHERE kind = ?1 AND scope = ?2 AND key = ?3",
    );
    let sql = sql.bind(kind.to_owned()).bind(scope.to_owned()).bind(key.to_owned());
    sql.fetch_optional(pool).await.map_err(store_error)?.as_ref().map(read).transpose()
}

/// Resources of a kind, by scope and key, after `after`. A page begins at a name and leaves that name out, so that
/// one text serves the first page, too: no name is smaller than the empty one.
pub(super) async fn list(
    pool: &SqlitePool,
    kind: &str,
    scope: Option<&str>,
    after: Option<(&str, &str)>,
    limit: u32,
) -> Result<Vec<Resource>> {
    let sql = match scope {
        None => {
            let (scope, key) = after.unwrap_or_default();
            let sql = statement(
                "SELECT kind, scope, key, body, updated_at FROM resources \
                 WHERE kind = ?1 AND (scope, key) >= (?2, ?3) AND (?4 OR (scope, key) <> (?2, ?3)) \
                 ORDER BY scope, key LIMIT ?5",
            );
            page(sql, kind, scope, key, after.is_none(), limit)
        }
        Some(scope) => {
            let after = match after {
                Some((last, _)) if last > scope => return Ok(Vec::new()),
                Some((last, key)) if last == scope => Some(key),
                _ => None,
            };
            let sql = statement(
                "SELECT kind, scope, key, body, updated_at FROM resources \
                 WHERE kind = ?1 AND scope = ?2 AND key >= ?3 AND (?4 OR key <> ?3) ORDER BY key LIMIT ?5",
            );
            page(sql, kind, scope, after.unwrap_or_default(), after.is_none(), limit)
        }
    };
    sql.fetch_all(pool).await.map_err(store_error)?.iter().map(read).collect()
}

fn page(sql: Sql<'static>, kind: &str, scope: &str, key: &str, first: bool, limit: u32) -> Sql<'static> {
    sql.bind(kind.to_owned()).bind(scope.to_owned()).bind(key.to_owned()).bind(first).bind(limit)
}

fn read(row: &SqliteRow) -> Result<Resource> {
    Ok(Resource {
        kind: get(row, 0)?,
        scope: get(row, 1)?,
        key: get(row, 2)?,
        body: get(row, 3)?,
        updated_at: time(row, 4)?,
    })
}
