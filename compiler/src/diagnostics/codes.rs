//! The table of codes: `E00xx` reading, `E01xx` syntax, `E02xx` names and imports, `E03xx`
//! types, `E04xx` flow (terminals, phases, order), `E05xx` values (patterns, units, addresses),
//! `E06xx` limits, `E09xx` not supported yet.
