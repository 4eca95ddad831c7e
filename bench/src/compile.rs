//! How long compiling takes, stage by stage, and how much memory.

use crate::{
    Outcome,
    clock::{Budget, median, milliseconds},
    examples::Example,
    memory,
    policy::Folder,
    report::{Cell, Section},
    routes::Routes,
};
use edge_compiler::{
    decision,
    diagnostics::Problems,
    emit::{self, Identity},
    link, parse,
    passes::PASSES,
    resolve,
    source::{FileId, SourceFile, SourceMap},
    target,
};
use edge_host::engine::{Engine, EngineOptions, Policy};
use std::path::PathBuf;

/// Names of stages, with what each took in milliseconds.
type Stages = Vec<(&'static str, f64)>;

/// The storefront and many routes, against their budgets.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    let many = if budget.quick { 100 } else { 10_000 };
    let mut jobs = vec![
        Job {
            name: format!("{many} routes"),
            text: Routes::new(many).policy(),
            folder: Folder(PathBuf::new()),
            most: 1000.0,
        },
        Job {
            name: "one route".into(),
            text: Routes::new(1).policy(),
            folder: Folder(PathBuf::new()),
            most: 20.0,
        },
    ];
    for example in Example::all()?
        .into_iter()
        .filter(|one| one.name == "storefront")
    {
        jobs.push(Job {
            name: example.name,
            text: example.text,
            folder: example.folder,
            most: 20.0,
        });
    }
    let rounds = if budget.quick { 1 } else { 5 };
    let mut compiled = Vec::new();
    for job in jobs.iter().rev() {
        compiled.push(job.measure(rounds)?);
    }
    Ok(vec![stages(&compiled), totals(&compiled)])
}

/// A policy to compile.
struct Job {
    name: String,
    text: String,
    folder: Folder,
    /// The most milliseconds that it should take.
    most: f64,
}

/// What compiling a policy took.
struct Compiled {
    name: String,
    most: f64,
    /// Milliseconds by stage.
    stages: Stages,
    /// The peak of memory, in KiB.
    peak: Option<u64>,
    wasm: usize,
    /// Milliseconds of all threads that the engine takes to load the module.
    load: f64,
}

impl Job {
    fn measure(&self, rounds: usize) -> Outcome<Compiled> {
        let (peak, first) = memory::peak(|| self.compile());
        let (wasm, stages) = first?;
        let mut samples: Vec<(&'static str, Vec<f64>)> = stages
            .into_iter()
            .map(|(name, _)| (name, Vec::new()))
            .collect();
        for _ in 0..rounds {
            for ((_, samples), (_, time)) in samples.iter_mut().zip(self.compile()?.1) {
                samples.push(time);
            }
        }
        let engine = Engine::new(&EngineOptions::default())?;
        let begun = cpu_time::ProcessTime::now();
        Policy::load(&engine, &wasm)?;
        let load = begun.elapsed().as_secs_f64() * 1000.0;
        let stages = samples
            .into_iter()
            .map(|(name, samples)| (name, median(samples)));
        Ok(Compiled {
            name: self.name.clone(),
            most: self.most,
            stages: stages.collect(),
            peak,
            wasm: wasm.len(),
            load,
        })
    }

    /// The pipeline, as `edge_compiler::compile` runs it.
    fn compile(&self) -> Outcome<(Vec<u8>, Stages)> {
        let mut stages = Vec::new();
        let mut sources = SourceMap::default();
        sources.files.push(SourceFile {
            name: "policy.edge".into(),
            text: self.text.clone(),
        });
        let mut problems = Problems::default();
        let (time, ast) = milliseconds(|| parse::parse(FileId(0), &self.text, &mut problems));
        stages.push(("parse", time));
        let (time, resolved) =
            milliseconds(|| resolve::resolve(ast, &self.folder, &mut sources, &mut problems));
        stages.push(("resolve", time));
        let (time, hir) =
            milliseconds(|| edge_compiler::check::check(&resolved, &sources, &mut problems));
        stages.push(("check", time));
        let hir = hir.filter(|_| problems.is_empty());
        let hir = hir.ok_or_else(|| format!("{} does not compile", self.name))?;
        let (time, mut graph) = milliseconds(|| decision::build(&hir));
        stages.push(("build", time));
        for (name, pass) in PASSES {
            let (time, changed) = milliseconds(|| pass(graph));
            stages.push((*name, time));
            graph = changed;
        }
        let identity = Identity {
            tag: target::edge::tag(&sources),
            body_limit: hir.body_limit,
        };
        let (time, module) = milliseconds(|| emit::emit(&graph, identity));
        stages.push(("emit", time));
        let module = module?;
        let (time, linked) = milliseconds(|| link::link(&module.wasm));
        stages.push(("link", time));
        let linked = linked?;
        let (time, (wasm, _)) =
            milliseconds(|| target::edge::wrap(&linked, &module, &hir, &sources));
        stages.push(("wrap", time));
        Ok((wasm, stages))
    }
}

impl Compiled {
    fn total(&self) -> f64 {
        self.stages.iter().map(|(_, time)| time).sum()
    }
}

fn stages(compiled: &[Compiled]) -> Section {
    let names: Vec<&'static str> = compiled
        .first()
        .map(|first| first.stages.iter().map(|(name, _)| *name).collect())
        .unwrap_or_default();
    let rows = compiled.iter().map(|one| {
        let times = one.stages.iter().map(|(_, time)| Cell::Number(*time, 2));
        std::iter::once(Cell::text(&one.name))
            .chain(times)
            .collect()
    });
    Section {
        title: "Compiling, ms by stage".into(),
        rows: rows.collect(),
        columns: std::iter::once("policy").chain(names).collect(),
    }
}

fn totals(compiled: &[Compiled]) -> Section {
    let rows = compiled.iter().map(|one| {
        vec![
            Cell::text(&one.name),
            Cell::Number(one.total(), 1),
            Cell::Number(one.most, 0),
            one.peak.map_or(Cell::None, Cell::Count),
            Cell::Count(one.wasm as u64),
            Cell::Number(one.load, 1),
        ]
    });
    Section {
        title: "Compiling: all stages, memory, and what the engine takes to load the module".into(),
        columns: vec!["policy", "ms", "budget", "peak KiB", "wasm B", "load ms"],
        rows: rows.collect(),
    }
}
