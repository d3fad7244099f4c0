use std::collections::BTreeMap;
use std::fmt::Write;

use crate::verdict::Verdict;

/// The attacks of a campaign, by kind.
#[derive(Default)]
pub struct Tally {
    counts: BTreeMap<&'static str, (u64, u64)>,
    /// Each breach, with what was attacked and how.
    pub breaches: Vec<String>,
    /// Attacks that something else stopped first: they prove nothing.
    pub not_carried_out: Vec<String>,
}

impl Tally {
    /// Counts one attack.
    pub fn add(&mut self, kind: &'static str, label: &str, verdict: Verdict) {
        let (attacks, breaches) = self.counts.entry(kind).or_default();
        *attacks += 1;
        match verdict {
            Verdict::Held => {}
            Verdict::Breached(how) => {
                *breaches += 1;
                self.breaches.push(format!("{kind}: {label}: {how}"));
            }
            Verdict::NotCarriedOut => self.not_carried_out.push(format!("{kind}: {label}")),
        }
    }

    /// The attacks of one kind, or of all.
    pub fn attacks(&self, kind: Option<&str>) -> u64 {
        self.counts.iter().filter(|(known, _)| kind.is_none_or(|kind| kind == **known)).map(|(_, (attacks, _))| attacks).sum()
    }

    /// The kinds that were breached.
    pub fn breached(&self) -> Vec<&'static str> {
        self.counts.iter().filter(|(_, (_, breaches))| *breaches > 0).map(|(kind, _)| *kind).collect()
    }

    /// A table in Markdown.
    pub fn table(&self, endpoints: usize, tables: usize) -> String {
        let mut table = "| attack | attacks | breaches |\n|---|---:|---:|\n".to_owned();
        for (kind, (attacks, breaches)) in &self.counts {
            let _ = writeln!(table, "| {kind} | {attacks} | {breaches} |");
        }
        let breaches: u64 = self.counts.values().map(|(_, breaches)| breaches).sum();
        let _ = writeln!(table, "| **{endpoints} endpoints, {tables} tables** | **{}** | **{breaches}** |", self.attacks(None));
        table
    }
}
