//! Why a host does not start, and what to do about it.

use std::net::SocketAddr;

use edge_host::config::CacheError;
use edge_host::origin::OriginError;
use edge_host::private::PrivateError;
use edge_host::server::StartError;
use edge_host::settings::SettingsError;

use crate::failure::Failure;
use crate::files::reason;

pub(super) fn cannot_start(error: &StartError, listen: SocketAddr) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        StartError::Listen { source, .. } => {
            let failure = Failure::new(format!("cannot listen on {listen}: {}", reason(source)));
            match source.kind() {
                std::io::ErrorKind::AddrInUse => failure.help(
                    "another process has this port; choose another with `--listen`, or 0 for any",
                ),
                std::io::ErrorKind::PermissionDenied => {
                    failure.help("ports below 1024 need a privilege; `--listen` chooses another")
                }
                _ => failure.help("`--listen` chooses another address"),
            }
        }
        StartError::Load(_) => not_loaded(error),
        StartError::Secret(_) => failure.help(
            "set it before the host starts, or change `[secrets]` in the settings; `--demo` needs no secrets",
        ),
        StartError::State(_) => failure.help(
            "`[state]` in the settings says where state is kept, docs/state.md with which options; `--set state.url=memory://` keeps it in memory",
        ),
        StartError::Cache(error) => not_cached(error, failure),
        StartError::Settings(error) => failure.help(setting_help(error)),
        StartError::Origin(OriginError::Url { name, .. }) => failure.help(format!(
            "such as `--set origins.{name}.url=https://shop.internal:8443`; a path belongs to the policy's `proxy`"
        )),
        StartError::Origin(OriginError::Unknown { .. }) => {
            failure.help("a section `[origins.NAME]` has the name of an `origin NAME` in the policy")
        }
        StartError::Origin(OriginError::Tls(_)) => {
            failure.help("`[tls]` in the settings names the certificates to trust")
        }
        StartError::Log(_) => failure.help("`--set log.target=stdout` logs to the standard output"),
        StartError::Admin(PrivateError::Open { .. }) => failure.help(
            "say where one is, `token = { env = \"NAME\" }` or `{ file = \"path\" }`, or listen on `127.0.0.1:9901`",
        ),
        StartError::Admin(PrivateError::Listen { .. }) => {
            failure.help("`--set admin.listen=127.0.0.1:0` takes any port that is free")
        }
        StartError::Admin(_) => failure.help("`[admin] token` in the settings says where it is"),
        StartError::Engine(_) => failure,
    }
}

/// The way out of settings that don't fit the policy.
fn setting_help(error: &SettingsError) -> String {
    match error {
        SettingsError::MissingSecret(name) => format!(
            "say where it is in the settings, `host.toml`:\n\n[secrets]\n{name} = {{ env = \"{name}\" }}\n\n\
             or with `--set secrets.{name}.env={name}`; `--demo` needs no secrets"
        ),
        SettingsError::UnusableSecret(_) => {
            "a file's content is taken without one newline at its end; all else counts".to_owned()
        }
        SettingsError::UnknownSecret(_) => {
            "`[secrets]` holds what the policy declares with `secret NAME`".to_owned()
        }
        SettingsError::UnknownParam(_) => {
            "`--param` and `[params]` hold what the policy declares with `param NAME: TYPE`"
                .to_owned()
        }
        SettingsError::Declared { .. } => {
            "`[state] namespace` in the settings is what names begin with where state is kept"
                .to_owned()
        }
        SettingsError::MissingParam(name) | SettingsError::Param { name, .. } => format!(
            "`--param {name}=VALUE` gives it for one run, `[params]` in the settings for all"
        ),
    }
}

pub(super) fn not_loaded(error: &StartError) -> Failure {
    Failure::new(error.to_string()).help("`edge build` makes modules that can be served")
}

/// What to do about a cache that can't be where the settings say.
fn not_cached(error: &CacheError, failure: Failure) -> Failure {
    let help = match error {
        CacheError::Url => {
            "write `redis://host:6379`, `rediss://…`, `https://host:9200` or `memory://`; docs/operations.md tells of the tiers"
        }
        CacheError::Secret(_) => {
            "set it before the host starts, or change `[cache] regional` in the settings"
        }
        CacheError::Disk(_) => {
            "`[cache.disk] directory` in the settings is a folder that this host alone can write to; without the section, answers are kept in memory"
        }
        CacheError::NoToken | CacheError::Private(PrivateError::Token(_)) => {
            "say where it is, `{ env = \"NAME\" }` or `{ file = \"path\" }`; `openssl rand -hex 32` makes one"
        }
        CacheError::Private(PrivateError::Secret(_)) => {
            "set it before the host starts, or change what `[cache]` in the settings says of it"
        }
        CacheError::Private(_) => {
            "`--set cache.children.listen=127.0.0.1:0` takes any port that is free"
        }
        CacheError::Tls(_) => "`[tls]` in the settings names the certificates to trust",
        CacheError::Children => {
            "without `[cache.children]`, this host uses the tier and serves nobody"
        }
        CacheError::Thread(_) => return failure,
    };
    failure.help(help)
}
