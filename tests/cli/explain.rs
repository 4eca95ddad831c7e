use crate::support::Place;

#[test]
fn a_code_has_its_page() {
    let place = Place::new();
    place
        .edge(&["explain", "E0201"])
        .exits(0)
        .says(&["# E0201", "What it means", "Fix"]);
    place
        .edge(&["explain", "e0201"])
        .exits(0)
        .says(&["# E0201"]);
    place
        .edge(&["explain", "E9999"])
        .exits(2)
        .says(&["there is no code `E9999`", "help: "]);
    place.edge(&["explain"]).exits(0).says(&["E0001", "E0901"]);
}

#[test]
fn shells_get_their_script() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        place
            .edge(&["completions", shell])
            .exits(0)
            .says(&["inspect", "edge"]);
    }
    place.edge(&["completions", "basic"]).exits(2);
}

#[test]
fn help_has_examples() {
    let place = Place::new();
    for command in [
        "check",
        "build",
        "test",
        "serve",
        "inspect",
        "new",
        "explain",
        "completions",
    ] {
        place
            .edge(&[command, "--help"])
            .exits(0)
            .says(&["Examples:", &format!("edge {command}")]);
    }
    place.edge(&["--help"]).exits(0).says(&["Exit codes"]);
    place.edge(&["--version"]).exits(0).says(&["edge 0."]);
    place.edge(&["nonsense"]).exits(2);
    place.edge(&[]).exits(2);
}
