//! From layered values to [`Settings`], with the rules that concern more than one key.

use crate::layers::{Layer, Layers, Origin, show};
use crate::schema::KEYS;
use crate::settings::{
    Defaults, Judging, Log, LogFormat, Mock, PluginOptions, Plugins, Profile, Provider, Queue, Server,
    Settings, Store, Webhooks,
};
use crate::value::Typed;
use docket_types::assessment::BatchingMode;
use docket_types::{ProviderName, QueueMode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Fills in the defaults, also those of every named provider and plugin.
pub(crate) fn defaults(layers: &mut Layers<'_>) {
    for key in KEYS {
        let Some(text) = key.default else { continue };
        let star = key.path.iter().position(|part| *part == "*");
        let names = star
            .map_or_else(|| vec![String::new()], |at| layers.names(&key.path[..at]).into_iter().collect());
        for name in names {
            let path =
                key.path.iter().map(|p| if *p == "*" { name.clone() } else { (*p).to_owned() }).collect();
            layers.set(path, text.into(), Layer::Default, Origin::Default);
        }
    }
}

/// Reads typed values. A key that is wrong has been noted; a fallback stands in so that all problems are found.
struct Reader<'l, 'v> {
    layers: &'l mut Layers<'v>,
}

impl Reader<'_, '_> {
    fn get(&mut self, key: &str) -> Option<Typed> {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        self.layers.get(&path)
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.get(key) {
            Some(Typed::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    fn secret(&mut self, key: &str) -> Option<SecretString> {
        match self.get(key) {
            Some(Typed::Secret(secret)) => Some(secret),
            _ => None,
        }
    }

    fn flag(&mut self, key: &str) -> bool {
        matches!(self.get(key), Some(Typed::Bool(true)))
    }

    fn number(&mut self, key: &str) -> Option<f64> {
        match self.get(key) {
            Some(Typed::Number(n)) => Some(n),
            _ => None,
        }
    }

    fn int(&mut self, key: &str) -> Option<u64> {
        match self.get(key) {
            Some(Typed::Int(n) | Typed::Size(n)) => Some(n),
            _ => None,
        }
    }

    fn small(&mut self, key: &str) -> Option<u32> {
        self.int(key).and_then(|n| u32::try_from(n).ok())
    }

    fn duration(&mut self, key: &str) -> Option<Duration> {
        match self.get(key) {
            Some(Typed::Duration(value)) => Some(value),
            _ => None,
        }
    }

    fn complain(&mut self, key: &str, message: String, help: &str) {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let origin = self.layers.slots.get(&path).map_or(Origin::Default, |slot| slot.origin.clone());
        let problem = self.layers.at_value(message, &origin, "this value").help(help);
        self.layers.complain(problem);
    }
}

/// The settings, and whatever is wrong noted in `layers`.
pub(crate) fn settings(layers: &mut Layers<'_>) -> Option<Settings> {
    let mut read = Reader { layers };
    let providers = providers(&mut read);
    let settings = Settings {
        profile: profile(&mut read),
        server: server(&mut read)?,
        store: store(&mut read)?,
        queue: queue(&mut read)?,
        plugins: plugins(&mut read)?,
        default_provider: default_provider(&mut read, &providers)?,
        providers,
        defaults: Defaults {
            temperature: read.number("defaults.temperature"),
            max_tokens: read.small("defaults.max_tokens"),
        },
        webhooks: webhooks(&mut read)?,
        log: Log {
            format: if read.text("log.format")? == "json" { LogFormat::Json } else { LogFormat::Text },
            filter: read.text("log.filter")?,
        },
        mock: Mock { use_mock: read.flag("mock.use_mock"), mode: read.text("mock.mode")? },
        judging: judging(&mut read)?,
        explained: Vec::new(),
        warnings: Vec::new(),
    };
    Some(settings)
}

fn profile(read: &mut Reader<'_, '_>) -> Option<Profile> {
    let name = read.text("profile.name")?;
    Some(Profile { name, description: read.text("profile.description").unwrap_or_default() })
}

fn server(read: &mut Reader<'_, '_>) -> Option<Server> {
    let server = Server {
        listen: read.text("server.listen")?.parse().ok()?,
        admin_token: read.secret("server.admin_token"),
        admin_enabled: read.flag("server.admin_enabled"),
        max_body_bytes: read.int("server.max_body_bytes")?,
        max_in_flight: read.small("server.max_in_flight")?,
    };
    if server.admin_token.is_none() && !server.listen.ip().is_loopback() {
        read.complain(
            "server.listen",
            format!(
                "`server.listen` is {}, which others can reach, and there is no `server.admin_token`",
                server.listen
            ),
            "set server.admin_token (LLM_PROVIDER_SERVICE_ADMIN_API_KEY does too), or listen on 127.0.0.1",
        );
    }
    Some(server)
}

fn store(read: &mut Reader<'_, '_>) -> Option<Store> {
    let url = read.text("store.url")?;
    if url.strip_prefix("sqlite:").is_none_or(|path| path.trim_start_matches('/').is_empty()) {
        // The URL may hold a password: it is not repeated.
        let message = "`store.url` must be sqlite://PATH: this docket has no other store".to_owned();
        read.complain(
            "store.url",
            message,
            "such as sqlite://docket.db or sqlite:///var/lib/docket/docket.db",
        );
    }
    Some(Store { url })
}

fn queue(read: &mut Reader<'_, '_>) -> Option<Queue> {
    let queue = Queue {
        mode: read.text("queue.mode")?.parse::<QueueMode>().ok()?,
        bundle_cap: read.small("queue.bundle_cap")?,
        max_requests: read.int("queue.max_requests")?,
        max_bytes: read.int("queue.max_bytes")?,
        high_watermark: read.number("queue.high_watermark")?,
        low_watermark: read.number("queue.low_watermark")?,
        ttl: read.duration("queue.ttl")?,
        lease: read.duration("queue.lease")?,
        poll_interval: read.duration("queue.poll_interval")?,
        max_attempts: read.small("queue.max_attempts")?,
        backoff_initial: read.duration("queue.backoff_initial")?,
        backoff_max: read.duration("queue.backoff_max")?,
        max_lost_leases: read.small("queue.max_lost_leases")?,
        drain: read.duration("queue.drain")?,
        virtual_waits: read.flag("queue.virtual_waits"),
    };
    if queue.low_watermark >= queue.high_watermark {
        let message = format!(
            "`queue.low_watermark` ({}) must be less than `queue.high_watermark` ({})",
            queue.low_watermark, queue.high_watermark
        );
        read.complain("queue.low_watermark", message, "between the two the queue keeps doing what it does");
    }
    if queue.backoff_initial > queue.backoff_max {
        let message = "`queue.backoff_initial` must not be longer than `queue.backoff_max`".to_owned();
        read.complain("queue.backoff_initial", message, "the pause doubles from the first to the second");
    }
    Some(queue)
}

fn plugins(read: &mut Reader<'_, '_>) -> Option<Plugins> {
    let mut options = BTreeMap::new();
    for name in read.layers.names(&["plugins", "options"]) {
        let base = format!("plugins.options.{name}");
        let one = PluginOptions {
            grant_content: read.flag(&format!("{base}.grants.content")),
            memory_bytes: read.int(&format!("{base}.limits.memory_bytes")),
            step_time: read.duration(&format!("{base}.limits.step_time")),
            state_bytes: read.int(&format!("{base}.limits.state_bytes")),
            result_bytes: read.int(&format!("{base}.limits.result_bytes")),
            concurrent_steps: read.small(&format!("{base}.limits.concurrent_steps")),
        };
        options.insert(name, one);
    }
    Some(Plugins {
        dir: read.text("plugins.dir")?.into(),
        cache_dir: read.text("plugins.cache_dir").map(Into::into),
        options,
    })
}

fn providers(read: &mut Reader<'_, '_>) -> BTreeMap<ProviderName, Provider> {
    let mut providers = BTreeMap::new();
    for name in read.layers.names(&["providers"]) {
        if let Some(provider) = provider(read, &name) {
            providers.insert(ProviderName(name), provider);
        }
    }
    providers
}

fn provider(read: &mut Reader<'_, '_>, name: &str) -> Option<Provider> {
    let base = format!("providers.{name}");
    let Some(adapter) = read.text(&format!("{base}.adapter")) else {
        missing_adapter(read, name);
        return None;
    };
    let mut provider = Provider {
        adapter,
        settings: Value::Object(Map::new()),
        model: read.text(&format!("{base}.model")),
        max_concurrent: read.small(&format!("{base}.max_concurrent"))?,
        timeout: read.duration(&format!("{base}.timeout"))?,
        endpoints: BTreeMap::new(),
        credentials: BTreeMap::new(),
    };
    let prefix = ["providers".to_owned(), name.to_owned()];
    let paths: Vec<_> = read.layers.slots.keys().filter(|p| p.starts_with(&prefix)).cloned().collect();
    for path in paths {
        let Some(value) = read.layers.get(&path) else { continue };
        match (path[2].as_str(), value) {
            ("settings", value) => nest(&mut provider.settings, &path[3..], value.to_json()),
            ("endpoints", Typed::Text(url)) => {
                provider.endpoints.insert(path[3].clone(), url);
            }
            ("credentials", Typed::Secret(secret)) => {
                provider.credentials.insert(path[3].clone(), secret);
            }
            _ => {}
        }
    }
    Some(provider)
}

/// A provider with keys but no plugin: the message stands at the first of its keys.
fn missing_adapter(read: &mut Reader<'_, '_>, name: &str) {
    let prefix = ["providers".to_owned(), name.to_owned()];
    let explicit =
        read.layers.slots.iter().find(|(p, slot)| p.starts_with(&prefix) && slot.layer > Layer::Default);
    let Some((path, slot)) = explicit else { return };
    let noted = format!("providers.{name}.adapter");
    if read.layers.problems.iter().any(|problem| problem.to_string().contains(&noted)) {
        // It is there and could not be read.
        return;
    }
    let message = format!("`{}` is set, but `providers.{name}.adapter` is not", show(path));
    let problem = read.layers.at_value(message, &slot.origin.clone(), "for which plugin?");
    read.layers.complain(problem.help("name the plugin that serves this provider"));
}

/// Puts `value` below `path`.
fn nest(into: &mut Value, path: &[String], value: Value) {
    match path.split_first() {
        None => *into = value,
        Some((first, rest)) => {
            if !into.is_object() {
                *into = Value::Object(Map::new());
            }
            if let Value::Object(map) = into {
                nest(map.entry(first.clone()).or_insert(Value::Null), rest, value);
            }
        }
    }
}

fn default_provider(
    read: &mut Reader<'_, '_>,
    providers: &BTreeMap<ProviderName, Provider>,
) -> Option<ProviderName> {
    let known: Vec<&str> = providers.keys().map(ProviderName::as_str).collect();
    if let Some(name) = read.text("default_provider") {
        if !known.contains(&name.as_str()) {
            let message = format!("`default_provider` is {name}, which is not configured");
            read.complain("default_provider", message, &format!("configured: {}", known.join(", ")));
        }
        return Some(ProviderName(name));
    }
    let name = ["openai", "mock"].into_iter().find(|name| known.contains(name)).or(known.first().copied())?;
    let origin = Origin::Derived("default, from the configured providers".to_owned());
    read.layers.set(vec!["default_provider".to_owned()], name.into(), Layer::Default, origin);
    Some(name.into())
}

fn webhooks(read: &mut Reader<'_, '_>) -> Option<Webhooks> {
    let secret = read.secret("webhooks.secret");
    if let Some(secret) = &secret
        && !good_webhook_secret(secret.expose_secret())
    {
        let message = "`webhooks.secret` must be whsec_ and the base64 of 24 to 64 bytes".to_owned();
        read.complain("webhooks.secret", message, "make one: echo \"whsec_$(openssl rand -base64 32)\"");
    }
    Some(Webhooks {
        secret,
        allow_private: read.flag("webhooks.allow_private"),
        timeout: read.duration("webhooks.timeout")?,
        max_concurrent: read.small("webhooks.max_concurrent")?,
    })
}

fn judging(read: &mut Reader<'_, '_>) -> Option<Judging> {
    let names = match read.get("judging.batch_api_providers") {
        Some(Typed::Any(Value::Array(names))) => names,
        _ => Vec::new(),
    };
    Some(Judging {
        batching_mode: BatchingMode::parse(&read.text("judging.batching_mode")?)?,
        metadata_hints: read.flag("judging.metadata_hints"),
        batch_api_providers: names.iter().filter_map(Value::as_str).map(ProviderName::from).collect(),
        comparisons_per_essay: read.small("judging.comparisons_per_essay")?,
        max_comparisons: read.small("judging.max_comparisons")?,
        attempts: read.small("judging.attempts")?,
        comparison_ttl: read.duration("judging.comparison_ttl")?,
        least_success_rate: read.number("judging.least_success_rate")?,
        reliability: read.number("judging.reliability")?,
        anchor_priority: read.number("judging.anchor_priority")?,
        seed: read.int("judging.seed"),
        system_prompt: read.text("judging.system_prompt"),
        max_driven: read.small("judging.max_driven")?,
        source_service: read.text("judging.source_service")?,
        long_cache: read.flag("judging.long_cache"),
    })
}

fn good_webhook_secret(secret: &str) -> bool {
    let Some(base64) = secret.strip_prefix("whsec_") else { return false };
    let digits = base64.trim_end_matches('=');
    let bytes = digits.len() * 3 / 4;
    base64.len() % 4 == 0
        && base64.len() - digits.len() <= 2
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        && (24..=64).contains(&bytes)
}
