//! Addresses and ranges of addresses.

use super::{Checker, Typed};
use crate::diagnostics::BadAddress;
use crate::hir::{Base, Const, Expr};
use crate::source::Span;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Checker<'_> {
    /// The address that a constant text is.
    pub(super) fn address(&mut self, text: &Typed, span: Span) -> Option<Typed> {
        let Expr::Const(Const::Bytes(bytes)) = &text.expr else {
            return None;
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(super::expr::constant(Const::Ip(octets(address)), Base::Ip));
        }
        let help = text
            .contains('/')
            .then(|| format!("a range is asked for with `in [\"{text}\"]`"));
        self.fail(BadAddress {
            text,
            what: "an address",
            span,
            help,
        })
    }

    /// The range that a text is: `10.0.0.0/8`, or one address. `line` is the
    /// index of the element in a set that was loaded, whose file `span` names.
    pub(super) fn network(
        &mut self,
        text: &[u8],
        line: Option<usize>,
        span: Span,
    ) -> Option<([u8; 16], u8)> {
        let text = String::from_utf8_lossy(text);
        let problem = match parse(&text) {
            Ok(network) => return Some(network),
            Err(help) => help,
        };
        let help = match (problem, line.map(|line| self.line_of(line, span))) {
            (Some(help), Some(place)) => Some(format!("{help} (`{place}`)")),
            (None, Some(place)) => Some(format!("it is `{place}`: one address or range a line")),
            (help, None) => help,
        };
        self.fail(BadAddress {
            text: text.into_owned(),
            what: "an address or a range of addresses",
            span,
            help,
        })
    }
}

/// The 16 bytes of an address, IPv4 as its mapped form.
pub(super) fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// The range, or what to write instead.
fn parse(text: &str) -> Result<([u8; 16], u8), Option<String>> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| None)?;
    let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => bits,
        Some(prefix) => {
            let well_formed = prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_digit());
            let length = prefix
                .parse::<u8>()
                .ok()
                .filter(|n| well_formed && *n <= bits);
            length.ok_or_else(|| Some(format!("the prefix is a number from 0 to {bits}")))?
        }
    };
    let masked = mask(address, prefix);
    if masked != address {
        return Err(Some(format!(
            "did you mean `{masked}/{prefix}`, or the one address `{address}`?"
        )));
    }
    Ok((octets(address), prefix + (128 - bits)))
}

/// The address with the bits behind the prefix cleared.
fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & keep))
        }
        IpAddr::V6(v6) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & keep))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::parse;

    #[test]
    fn ranges_have_nothing_behind_their_prefix() {
        assert_eq!(parse("0.0.0.0/0").unwrap().1, 96);
        assert_eq!(parse("::/0").unwrap().1, 0);
        assert_eq!(parse("10.0.0.0/8").unwrap().1, 104);
        assert_eq!(parse("192.0.2.1").unwrap().1, 128);
        let suggestion = parse("10.1.2.3/8").unwrap_err().unwrap();
        assert!(suggestion.contains("`10.0.0.0/8`"), "{suggestion}");
        assert!(parse("10.0.0.0/33").is_err());
        assert!(parse("10.0.0.0/+8").is_err());
        assert!(parse("ten").is_err());
    }
}
