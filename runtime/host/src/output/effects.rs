//! The checks of single effects: what each says.

use edge_abi::output::{
    MAX_HITS, MAX_TAGS, NONE, Op, admit, body, fault, hits, note, proxy, respond,
};

use super::OutputError;
use super::check::{Check, index};
use super::lists::Side;
use super::memory::{u16_at, u32_at};

impl Check<'_, '_> {
    pub(super) fn respond(&self, record: &[u8]) -> Result<(), OutputError> {
        index("rule", u32_at(record, respond::RULE), self.bounds.rules)?;
        let status = u16_at(record, respond::STATUS);
        if !(200..=599).contains(&status) {
            return Err(OutputError::ResponseStatus(status));
        }
        self.reach.field(record, respond::CONTENT_TYPE)?;
        self.edits(record, respond::EDITS, Side::Response)?;
        self.segments(record, respond::BODY, Side::Response)
    }

    pub(super) fn proxy(&self, record: &[u8]) -> Result<(), OutputError> {
        index("rule", u32_at(record, proxy::RULE), self.bounds.rules)?;
        index("target", u32_at(record, proxy::TARGET), self.bounds.targets)?;
        index(
            "proxy options",
            u32_at(record, proxy::OPTIONS),
            self.bounds.proxies,
        )?;
        let cache = u32_at(record, proxy::CACHE);
        if cache != NONE {
            index("cache", cache, self.bounds.caches)?;
        }
        for field in [
            proxy::METHOD,
            proxy::PATH,
            proxy::QUERY,
            proxy::HOST,
            proxy::KEY,
            proxy::RESERVED,
        ] {
            self.reach.field(record, field)?;
        }
        self.edits(record, proxy::REQUEST_EDITS, Side::Request)?;
        self.edits(record, proxy::RESPONSE_EDITS, Side::Response)
    }

    pub(super) fn admit(&self, record: &[u8]) -> Result<(), OutputError> {
        let flags = u32_at(record, admit::FLAGS);
        if flags & !(admit::STORE | admit::TTL_GIVEN) != 0 {
            return Err(OutputError::Code {
                what: "admission",
                code: flags,
            });
        }
        let (size, most) = (admit::TAG, MAX_TAGS);
        let tags = self.reach.table(record, admit::TAGS, size, most, "tags")?;
        tags.chunks_exact(size as usize)
            .try_for_each(|tag| self.reach.field(tag, 0).map(drop))
    }

    pub(super) fn fault(&self, record: &[u8]) -> Result<(), OutputError> {
        index("rule", u32_at(record, fault::RULE), self.bounds.rules)?;
        index("place", u32_at(record, fault::PLACE), self.bounds.places)?;
        match u32_at(record, fault::REASON) {
            1..=3 => Ok(()),
            code => Err(OutputError::Code {
                what: "reason",
                code,
            }),
        }
    }

    pub(super) fn body(&self, record: &[u8]) -> Result<(), OutputError> {
        let (count, most) = (u32_at(record, body::LIMIT), self.bounds.body);
        if count > most {
            return Err(OutputError::TooMany {
                what: "bytes of a body",
                count,
                most,
            });
        }
        Ok(())
    }

    pub(super) fn hits(&self, record: &[u8]) -> Result<(), OutputError> {
        match u32_at(record, hits::KIND) {
            1 | 2 => {}
            code => return Err(OutputError::Code { what: "hits", code }),
        }
        let rules = self.reach.field(record, hits::RULES)?;
        let count = u32::try_from(rules.len() / 4).unwrap_or(u32::MAX);
        if count > MAX_HITS {
            return Err(OutputError::TooMany {
                what: "hits",
                count,
                most: MAX_HITS,
            });
        }
        let (rules, rest) = rules.as_chunks();
        if !rest.is_empty() {
            return Err(OutputError::EffectSize {
                op: Op::Hits as u16,
                size: u32_at(record, hits::RULES + 4),
            });
        }
        rules
            .iter()
            .try_for_each(|rule| index("rule", u32::from_le_bytes(*rule), self.bounds.rules))
    }

    pub(super) fn note(&self, record: &[u8]) -> Result<(), OutputError> {
        let id = u32_at(record, note::ID);
        match u32_at(record, note::KIND) {
            1 => {
                let arms = self
                    .bounds
                    .arms
                    .get(id as usize)
                    .ok_or(OutputError::Index {
                        what: "experiment",
                        index: id,
                    })?;
                index("arm", u32_at(record, note::VALUE), *arms)
            }
            code => Err(OutputError::Code { what: "note", code }),
        }
    }
}
