//! Purges.

use crate::site::*;
use edge_cache::*;

#[tokio::test]
async fn purges_are_hard_or_soft_and_cover_what_is_under_way() {
    let site = Site::new();
    site.store(
        "/a",
        &[],
        &["Cache-Control: max-age=60", "Surrogate-Key: t"],
        "a",
    )
    .await;
    let under_way = site.fetch("/b", &[], NOW).await;
    site.cache.purge(Purge::Tag(b"t"), true, NOW + 1);
    assert_eq!(
        site.fetch("/a", &[], NOW + 2).await.forward(),
        Forward::Stale
    );
    site.cache.purge(Purge::Tag(b"t"), false, NOW + 1);
    assert_eq!(
        site.fetch("/a", &[], NOW + 2).await.forward(),
        Forward::UriMiss
    );
    let (_, filler) = filled(
        under_way,
        200,
        &["Cache-Control: max-age=60", "Cache-Tag: t"],
        NOW,
    );
    assert!(!write(filler, "b").await);
    site.cache.tidy().await;
    assert!(site.cache.is_empty());
    site.store("/c", &[], &["Cache-Control: max-age=60"], "c")
        .await;
    site.cache.invalidate(&[
        Place::new("a.example", b"/other", b""),
        Place::new("a.example", b"/c", b""),
    ]);
    assert_eq!(site.fetch("/c", &[], NOW).await.forward(), Forward::UriMiss);
}
