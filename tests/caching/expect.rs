//! What is expected of a message, a line each.

use crate::wire::Message;

/// Says what of these lines does not hold. A line is one of
///
/// * `200`: the status;
/// * `Name: value`: all lines of the field, joined by `, `, are that; `1..5` is a number in that range;
/// * `Name ~ text`, `Name !~ text`: they hold the text, or don't;
/// * `Name` and `!Name`: the field is there, or is not;
/// * `103 Name: value`: an interim answer of that status has the field.
pub fn unmet(lines: &[String], message: &Message) -> Vec<String> {
    lines
        .iter()
        .filter_map(|line| {
            one(line, message)
                .err()
                .map(|got| format!("{line:?}, but {got}"))
        })
        .collect()
}

fn one(line: &str, message: &Message) -> Result<(), String> {
    let head = &message.head;
    if line.bytes().all(|byte| byte.is_ascii_digit()) {
        return check(head.status().to_string() == line, &head.status());
    }
    if let Some((status, rest)) = line.split_once(' ')
        && status.bytes().all(|byte| byte.is_ascii_digit())
    {
        let interim = message
            .interim
            .iter()
            .find(|head| head.status().to_string() == status);
        let head = interim
            .ok_or_else(|| "there is no such interim answer".to_owned())?
            .clone();
        return one(
            rest,
            &Message {
                head,
                ..Message::default()
            },
        );
    }
    if let Some(name) = line.strip_prefix('!') {
        let got = head.get(name);
        return check(got.is_none(), &got);
    }
    if let Some((name, text)) = line.split_once(" !~ ") {
        let got = head.get(name).unwrap_or_default();
        return check(!got.contains(text), &got);
    }
    if let Some((name, text)) = line.split_once(" ~ ") {
        let got = head.get(name);
        return check(got.as_deref().is_some_and(|got| got.contains(text)), &got);
    }
    let Some((name, value)) = line.split_once(':') else {
        return check(head.get(line).is_some(), &"there is none");
    };
    let (value, got) = (value.trim(), head.get(name));
    let number = |text: &str| text.parse::<i64>().ok();
    let range = value
        .split_once("..")
        .and_then(|(least, most)| Some((number(least)?, number(most)?)));
    match (range, &got) {
        (Some((least, most)), Some(got)) => check(
            number(got).is_some_and(|it| (least..=most).contains(&it)),
            got,
        ),
        (None, Some(text)) => check(text == value, text),
        (_, None) => check(false, &"there is none"),
    }
}

fn check(holds: bool, got: &dyn std::fmt::Debug) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{got:?}"))
    }
}
