//! What people read: errors with the line and a caret, suggestions, redaction, and the explanation of every key.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop at what it did not expect")]

use docket_config::{Error, Settings, load_texts};
use std::collections::{BTreeMap, BTreeSet};

fn load(config: &str, env: &[(&str, &str)], set: &[&str]) -> Result<Settings, Error> {
    let vars: BTreeMap<String, String> =
        env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
    load_texts(Some(("docket.toml", config)), None, &vars, &set)
}

type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const MISTAKES: &[Case] = &[
    ("a typing error in a key", "version = 1\n\n[queue]\nmode = \"batch_api\"\nbundel_cap = 8\n", &[], &[]),
    ("a section that is not there", "version = 1\n[qeue]\nmode = \"batch_api\"\nttl = \"1h\"\n", &[], &[]),
    ("a key of another section", "version = 1\n[server]\nmode = \"batch_api\"\n", &[], &[]),
    ("a key below a key", "version = 1\n[queue]\nmode.x = 1\n", &[], &[]),
    ("a value for a section", "version = 1\nqueue = 5\n", &[], &[]),
    ("out of bounds", "version = 1\n[queue]\nbundle_cap = 65\n", &[], &[]),
    ("not one of the words", "version = 1\n[queue]\nmode = \"bundle\"\n", &[], &[]),
    ("a number in quotes", "version = 1\n[queue]\nbundle_cap = \"8\"\n", &[], &[]),
    ("a duration without a unit", "version = 1\n[queue]\nttl = 30\n", &[], &[]),
    ("not TOML", "version = 1\n[queue]\nttl = 4h\n", &[], &[]),
    ("no version", "[queue]\nttl = \"4h\"\n", &[], &[]),
    ("another version", "version = 2\n[queue]\nnew = 1\n", &[], &[]),
    ("a profile's words in the main file", "version = 1\n[profile]\nname = \"x\"\n", &[], &[]),
    ("watermarks the wrong way round", "version = 1\n[queue]\nlow_watermark = 0.9\n", &[], &[]),
    ("open to others without a token", "version = 1\n[server]\nlisten = \"0.0.0.0:80\"\n", &[], &[]),
    ("a provider without a plugin", "version = 1\n[providers.openai]\nmodel = \"m\"\n", &[], &[]),
    ("a default that is not configured", "version = 1\ndefault_provider = \"opnai\"\n", &[], &[]),
    ("another store", "version = 1\n[store]\nurl = \"postgres://u:hunter2@h/db\"\n", &[], &[]),
    ("an unset reference", "version = 1\n[webhooks]\nsecret = \"${env:WEBHOOK}\"\n", &[], &[]),
    ("a bad webhook secret", "version = 1\n[webhooks]\nsecret = \"hunter2\"\n", &[], &[]),
    ("a misspelt secret", "version = 1\n[server]\nadmin_tokn = \"hunter2\"\n", &[], &[]),
    ("a secret of the wrong type", "version = 1\n[server]\nadmin_token = 2\n", &[], &[]),
    ("two at once", "version = 1\n[log]\nfromat = \"json\"\nlevel = \"info\"\n", &[], &[]),
    ("an unknown variable of docket's", "version = 1\n", &[("DOCKET_PROFIL", "x")], &[]),
    ("a misspelt key in a variable", "version = 1\n", &[("DOCKET__QUEUE__MOD", "x")], &[]),
    ("a bad value in a variable", "version = 1\n", &[("DOCKET__QUEUE__BUNDLE_CAP", "many")], &[]),
    ("an unknown variable of the seed's", "version = 1\n", &[("LLM_PROVIDER_SERVICE_QUEUE_MODE", "x")], &[]),
    ("a misspelt variable of the seed's", "version = 1\n", &[("LLM_PROVIDER_SERVICE_MOCK_MODES", "x")], &[]),
    ("a bad mode in an alias", "version = 1\n", &[("LLM_PROVIDER_SERVICE_MOCK_MODE", "generic")], &[]),
    ("bad codes in an alias", "version = 1\n", &[("LLM_PROVIDER_SERVICE_MOCK_ERROR_CODES", "429;503")], &[]),
    ("a bad port in an alias", "version = 1\n", &[("LLM_PROVIDER_SERVICE_PORT", "80800")], &[]),
    (
        "a contradiction",
        "version = 1\n[queue]\nmode = \"serial_bundle\"\n",
        &[("LLM_PROVIDER_SERVICE_QUEUE_PROCESSING_MODE", "batch_api")],
        &[],
    ),
    ("an override without a value", "version = 1\n", &[], &["hunter2"]),
    ("an override of nothing", "version = 1\n", &[], &["queue.size=1"]),
];

#[test]
fn mistakes_are_shown_with_their_place_and_what_is_allowed() {
    let mut all = String::new();
    for (name, config, env, set) in MISTAKES {
        let error = load(config, env, set).expect_err(name);
        all.push_str(&format!("=== {name}\n{error}\n{}", error.report()));
    }
    assert!(!all.contains("hunter2"), "a secret was shown: {all}");
    insta::assert_snapshot!("mistakes", all);
}

/// Keys of the documentation's table, which must be the schema's.
fn documented() -> BTreeSet<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md"))
        .expect("docs");
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(key, _)| key.to_owned()));
    rows.filter(|key| key == "default_provider" || (key.contains('.') && !key.contains(' '))).collect()
}

#[test]
fn every_key_is_explained_and_documented() {
    let config = "version = 1\n[providers.NAME]\nadapter = \"x\"\nendpoints.NAME = \"http://a\"\ncredentials.NAME = \"s\"\n\
                  settings.KEY = 1\n[plugins.options.NAME]\ngrants.content = true\n";
    let settings = load(config, &[], &[]).expect("valid");
    let explained: BTreeSet<String> = settings.explain().iter().map(|e| e.key.clone()).collect();
    assert_eq!(explained.len(), settings.explain().len(), "no key twice");
    assert_eq!(explained, documented(), "docs/operations.md lists every key, and no other");
    for line in settings.explain() {
        assert!(!line.value.is_empty() && !line.origin.is_empty() && !line.meaning.is_empty(), "{line:?}");
    }
}

#[test]
fn explain_never_shows_a_secret() {
    let config = "version = 1\n[server]\nadmin_token = \"hunter2\"\n[providers.p]\nadapter = \"x\"\n\
                  credentials = { a = \"hunter2\", b = \"${env:B}\" }\nsettings = { note = \"${env:B}\" }\n";
    let env = [("B", "hunter2"), ("LLM_PROVIDER_SERVICE_OPENAI_API_KEY", "hunter2")];
    let settings = load(config, &env, &["webhooks.secret=whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg=="])
        .expect("valid");
    let all = format!("{:?} {:?} {settings:?}", settings.explain(), settings.warnings());
    assert!(!all.contains("hunter2") && !all.contains("aHVudGVy"), "{all}");
    let line = |key: &str| settings.explain().iter().find(|e| e.key == key).expect("explained").value.clone();
    assert_eq!(line("server.admin_token"), "(secret, set)");
    assert_eq!(line("providers.p.credentials.b"), "${env:B}");
    assert_eq!(line("providers.p.settings.note"), "${env:B}");
    assert_eq!(
        settings.providers.values().next().expect("one").settings["note"],
        "hunter2",
        "the plugin gets it"
    );
    let warned = settings.warnings().iter().filter(|w| w.contains("is written into docket.toml")).count();
    assert_eq!(warned, 2, "{:?}", settings.warnings());
}
