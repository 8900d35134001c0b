//! What the scanner must and must not find.
use super::*;
#[test]
fn smoke() {
    let f = scan("x = 1\nAWS_KEY=AKIAQ2W3E4R5T6Y7U2I3\n");
    println!("{f:?}");
    assert_eq!(f.len(), 1);
}
