//! "Did you mean": the known word that is nearest to an unknown one.

/// A help line that names the nearest of `known`, if one is near enough to have been meant.
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let farthest = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| !candidate.is_empty() && *candidate != word)
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= farthest * 4)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= farthest)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn the_nearest_word_is_suggested_if_it_is_near() {
        let known = ["path", "host", "header"];
        assert_eq!(
            suggest("pth", known).as_deref(),
            Some("did you mean `path`?")
        );
        assert_eq!(
            suggest("haeder", known).as_deref(),
            Some("did you mean `header`?")
        );
        assert_eq!(suggest("zebra", known), None);
    }
}
