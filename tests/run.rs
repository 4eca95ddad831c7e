//! Policies whose own tests are run: each file of `cases/run` is compiled, and its `test`
//! blocks are carried out on the module by the bundled host.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;
use std::sync::Arc;

use edge_abi::test_plan::TestPlan;
use edge_compiler::{compile, source::NoFiles};
use edge_host::engine::{Engine, EngineOptions, Policy};
use edge_host::testing;

#[test]
fn the_tests_of_each_policy_pass() {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/run");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let (checked, lowered) =
            compile(&name, &text, &NoFiles).unwrap_or_else(|report| panic!("{report:?}"));
        let files = checked
            .sources
            .files
            .iter()
            .map(|file| file.name.clone())
            .collect();
        let policy = Arc::new(Policy::load(&engine, &lowered.wasm).unwrap());
        let report = testing::run(
            &policy,
            &TestPlan {
                files,
                tests: checked.hir.tests,
            },
        );
        assert!(report.is_success(), "{name}:\n{report}");
        assert!(report.passed > 0, "{name} has no tests");
        seen += 1;
    }
    assert!(seen > 0);
}
