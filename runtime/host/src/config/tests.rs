#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("conf/host.toml"))
}

fn problem(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn an_empty_file_is_the_default() {
    let config = parse("").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.limits.head, Bytes(65_536));
    assert_eq!(config.log.target, LogTarget::Stdout);
    assert_eq!(config.shutdown_deadline, Span::from_secs(30));
    assert!(config.worker_count() > 0);
}

#[test]
fn a_whole_file() {
    let config = parse(
        r#"
        listen = "[::1]:0"
        workers = 3
        shutdown_deadline = "1m30s"
        trusted_proxies = ["10.0.0.0/8", "::1"]
        [limits]
        head = "16KiB"
        head_timeout = "250ms"
        [log]
        target = { file = "access.log" }
        queue = 4
        [origins.shop]
        url = "http://127.0.0.1:9000"
        [secrets]
        KEY = { env = "APP_KEY" }
        OTHER = { file = "other.txt" }
        [params]
        ramp = "12.5%"
        [geo]
        country = "DE"
        asn = 3320
        [geo_networks]
        "203.0.113.0/24" = { country = "FR" }
        [edge]
        pop = "fra"
        [tls]
        ca = "ca.pem"
        "#,
    )
    .unwrap();
    assert_eq!(config.worker_count(), 3);
    assert_eq!(config.shutdown_deadline, Span::from_secs(90));
    assert_eq!(
        config.trusted_proxies,
        ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]
    );
    assert_eq!(config.log.target, LogTarget::File("access.log".into()));
    assert_eq!(
        config.resolve(Path::new("ca.pem")),
        Path::new("conf/ca.pem")
    );
    assert_eq!(
        config.secrets.get("KEY"),
        Some(&SecretSource::Env("APP_KEY".into()))
    );
    assert_eq!(config.geo.asn, Some(3320));
    let country = |ip: &str| {
        config
            .geo_table()
            .locate(ip.parse().unwrap())
            .unwrap()
            .country
            .clone()
    };
    assert_eq!(country("203.0.113.9").as_deref(), Some("FR"));
    assert_eq!(country("192.0.2.1").as_deref(), Some("DE"));
}

#[test]
fn problems_name_file_line_and_setting() {
    let text = problem("workers = 1\n[limits]\nheed = \"1KiB\"\n");
    assert!(text.starts_with("conf/host.toml:3: "), "{text}");
    assert!(text.contains("unknown field `heed`"), "{text}");
    assert!(
        problem("[limits]\nhead_timeout = 5").contains("5s"),
        "a number lacks its unit"
    );
    assert!(problem("trusted_proxies = [\"10.0.0.0/40\"]").contains("10.0.0.0/40"));
}

#[test]
fn a_secret_never_stands_in_the_file() {
    let text = problem("[secrets]\nKEY = \"hunter2\"\n");
    assert!(
        text.contains(":2: a secret must not stand in this file"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    assert!(problem("[secrets]\nKEY = { value = \"x\" }").contains("unknown field `value`"));
    assert!(problem("[secrets]\nKEY = {}").contains("needs `env` or `file`"));
    assert!(problem("[secrets]\nKEY = { env = \"A\", file = \"b\" }").contains("not both"));
}

#[test]
fn single_settings_replace_those_of_the_file() {
    let mut config = parse("[geo]\ncountry = \"FR\"\ncity = \"Paris\"\n").unwrap();
    for assignment in [
        "geo.country=DE",
        "geo.asn=3320",
        "workers = 2",
        "params.ramp=\"5%\"",
        "log.target=off",
    ] {
        config.set(assignment).unwrap();
    }
    assert_eq!(config.geo.country.as_deref(), Some("DE"));
    assert_eq!(config.geo.city.as_deref(), Some("Paris"));
    assert_eq!((config.geo.asn, config.worker_count()), (Some(3320), 2));
    assert_eq!(config.log.target, LogTarget::Off);
    assert_eq!(config.folder, Path::new("conf"));
    // What looks like a number is a string where a string belongs.
    config.set("geo.city=75001").unwrap();
    assert_eq!(config.geo.city.as_deref(), Some("75001"));
}

#[test]
fn a_wrong_single_setting_changes_nothing() {
    let mut config = parse("workers = 2").unwrap();
    for (assignment, problem) in [
        ("geo.countri=DE", "unknown field `countri`"),
        (
            "workers=0",
            "`--set workers`: invalid value: integer `0`, expected a whole number from 1 to 1024",
        ),
        ("workers=many", "`--set workers`"),
        ("workers.more=1", "`--set workers.more`"),
        ("geo.country", "`--set geo.country`: expected NAME=VALUE"),
        ("listen=8080", "such as `127.0.0.1:8080`"),
        ("listen=:8080", "such as `127.0.0.1:8080`"),
        ("=1", "NAME=VALUE"),
        ("secrets.KEY=hunter2", "must not stand"),
    ] {
        let text = config.set(assignment).unwrap_err().to_string();
        assert!(text.contains(problem), "{assignment}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert_eq!(config.worker_count(), 2);
    config.set("workers=3").unwrap();
}

#[test]
fn what_is_out_of_range_is_refused_where_it_stands() {
    for (section, setting, expected) in [
        ("", "workers = 0", "from 1 to 1024"),
        ("", "workers = 100000", "from 1 to 1024"),
        ("", "workers = -1", "from 1 to 1024"),
        ("", "shutdown_deadline = \"2d\"", "from `0s` to `1d`"),
        ("[limits]", "head = \"1KiB\"", "from `8KiB` to `64KiB`"),
        ("[limits]", "head = \"1GiB\"", "from `8KiB` to `64KiB`"),
        ("[limits]", "headers = 0", "from 1 to 1000"),
        ("[limits]", "headers = 9999999999", "from 1 to 1000"),
        ("[limits]", "connections = 0", "from 1 to 1000000"),
        ("[limits]", "origin_idle = -1", "from 0 to 100000"),
        ("[limits]", "idle_timeout = \"0s\"", "from `1ms` to `1d`"),
        (
            "[limits]",
            "head_timeout = \"99999d\"",
            "from `1ms` to `1d`",
        ),
        ("[log]", "queue = 99999999999999", "from 1 to 1000000"),
        ("[log]", "queue = 0", "from 1 to 1000000"),
        ("[geo]", "latitude = 999", "from -90 to 90"),
        ("[geo]", "latitude = nan", "from -90 to 90"),
        ("[geo]", "longitude = -180.5", "from -180 to 180"),
        ("[geo]", "asn = -1", "from 0 to 4294967295"),
        ("[geo]", "country = \"de\"", "two upper-case letters"),
        (
            "[geo]",
            "continent = \"EUR\"",
            "one of `AF AN AS EU NA OC SA`",
        ),
        (
            "[geo_networks]",
            "\"192.0.2.0/24\" = { latitude = 91.0 }",
            "from -90 to 90",
        ),
    ] {
        let text = problem(&format!("# The line before.\n{section}\n{setting}\n"));
        assert!(text.starts_with("conf/host.toml:3: "), "{setting}: {text}");
        assert!(text.contains(expected), "{setting}: {text}");
    }
    let most = "workers = 1024\n[limits]\nheaders = 1000\norigin_idle = 0\n\
                [geo]\nlatitude = -90\nlongitude = 180.0\nasn = 4294967295\n";
    parse(most).unwrap();
}

/// The blocks of `docs/operations.md`, in order.
fn documented() -> Vec<String> {
    let page = include_str!("../../../../docs/operations.md");
    let blocks = page.split("```toml\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let stated = parse(&documented()[0]).unwrap();
    let mut default = parse("").unwrap();
    // Only this differs: what the file says is kept as well.
    default.source = stated.source.clone();
    assert_eq!(format!("{stated:?}"), format!("{default:?}"));
}

#[test]
fn the_documented_file_is_valid() {
    let blocks = documented();
    assert!(blocks.len() >= 2);
    for block in &blocks {
        parse(block).unwrap();
    }
    let config = parse(&blocks[1]).unwrap();
    assert_eq!(config.edge.pop.as_deref(), Some("fra1"));
}
