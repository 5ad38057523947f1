//! What an answer costs, by the manifest's prices.

use docket_types::manifest::Price;
use docket_types::{MicroUsd, Usage};

/// The cost of an answer. Unknown counts cost nothing.
///
/// Input counts include cached and cache-writing tokens, which have prices of their own. Dollars for a million
/// tokens are millionths of a dollar for one, so the prices need no conversion.
pub fn of(price: &Price, usage: &Usage, in_batch: bool) -> MicroUsd {
    let cached = usage.cached_input_tokens.unwrap_or(0);
    let written = usage.cache_write_tokens.unwrap_or(0);
    let fresh = usage.input_tokens.unwrap_or(0).saturating_sub(cached.saturating_add(written));
    let sum = fresh as f64 * price.input
        + cached as f64 * price.cached_input.unwrap_or(price.input)
        + written as f64 * price.cache_write.unwrap_or(price.input)
        + usage.output_tokens.unwrap_or(0) as f64 * price.output;
    let factor = if in_batch { price.batch_factor.unwrap_or(1.0) } else { 1.0 };
    MicroUsd((sum * factor).round().max(0.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price {
        input: 3.0,
        output: 15.0,
        cached_input: Some(0.3),
        cache_write: Some(3.75),
        batch_factor: Some(0.5),
    };

    fn usage(input: u64, output: u64, cached: u64, written: u64) -> Usage {
        Usage {
            input_tokens: Some(input),
            output_tokens: Some(output),
            cached_input_tokens: Some(cached),
            cache_write_tokens: Some(written),
            ..Usage::default()
        }
    }

    #[test]
    fn each_kind_of_token_has_its_price() {
        let all = usage(1_000, 100, 400, 200);
        assert_eq!(of(&PRICE, &all, false), MicroUsd(400 * 3 + 120 + 750 + 1_500));
        assert_eq!(of(&PRICE, &all, true), MicroUsd((400 * 3 + 120 + 750 + 1_500) / 2));
        let plain = Price { cached_input: None, cache_write: None, batch_factor: None, ..PRICE };
        assert_eq!(of(&plain, &all, true), MicroUsd(3_000 + 1_500));
    }

    #[test]
    fn odd_counts_never_cost_less_than_nothing() {
        assert_eq!(of(&PRICE, &Usage::default(), false), MicroUsd(0));
        assert_eq!(of(&PRICE, &usage(1, 0, 10, 0), false), MicroUsd(3));
    }
}
