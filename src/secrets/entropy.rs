//! How random something looks: by its bytes, and by what follows what.

/// Bits a byte, by how often each byte stands in it.
pub fn bits(value: &[u8]) -> f32 {
    let mut counts = [0u32; 256];
    value.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let all = value.len() as f32;
    let share = |count: &u32| *count as f32 / all;
    counts.iter().filter(|count| **count > 0).map(share).map(|p| -p * p.log2()).sum()
}

/// The pairs of letters that make up most of what people write, and of the names in code.
const COMMON: &str = "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou \
     io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no \
     ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa \
     im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo \
     av ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu rn sc gi da yo cr cl du ga qu ue ff \
     ba ey ls va um pp ua up lu go ht ru ug ds lt pi rc rr eg au ck ew mu br bi pt ak pu ui rg ib tl ny ki \
     rk ys ob mm fu ph og ms ye ud mb ip ub oi rl gu dr hr cc tw ft wn nu af hu nn eo vo rv nf xp gn sm fl \
     iz ok nl my gl aw ju oa eq sy sl ps jo lf nv je nk kn gs dy hy ze ks xt bs ik dd pd rp sk xi oe oy ws \
     lv dl rf eu dg wr xa yi nm eb rb tm xc eh tc gy ja hn yp za gg ym sw bj lm cs ii ix xe oh lk dv lp ax \
     ox uf dm iu sf bt ka yt ek pm ya gt wl rh yl hs ah yc yb hl hp bm dc tf lc bl db fn fs io js os tx rx";

/// One bit for each pair of letters.
const PAIRS: [u32; 26] = {
    let mut pairs = [0; 26];
    let (text, mut at) = (COMMON.as_bytes(), 0);
    while at + 1 < text.len() {
        if text[at].is_ascii_lowercase() && text[at + 1].is_ascii_lowercase() {
            pairs[(text[at] - b'a') as usize] |= 1 << (text[at + 1] - b'a');
            at += 1;
        }
        at += 1;
    }
    pairs
};

/// Whether a value is more likely drawn than written: its kinds of byte change often, or its letters
/// stand in pairs that words do not have.
pub fn drawn(value: &[u8]) -> bool {
    let (mut changes, mut letters, mut common) = (0, 0, 0);
    for pair in value.windows(2) {
        let (left, right) = (kind(pair[0]), kind(pair[1]));
        // A word that begins with a capital is no change of kinds.
        changes += usize::from(left != right && !(left == 'A' && right == 'a'));
        if pair.iter().all(u8::is_ascii_alphabetic) && !(left == 'a' && right == 'A') {
            let [left, right] = [pair[0], pair[1]].map(|it| it.to_ascii_lowercase() - b'a');
            letters += 1;
            common += usize::from(PAIRS[usize::from(left)] >> right & 1 == 1);
        }
    }
    let pairs = value.len().saturating_sub(1).max(1);
    let often = changes * 100 >= pairs * 26;
    let foreign = letters >= 5 && common * 100 <= letters * 66;
    let digits = value.iter().any(u8::is_ascii_digit);
    match letters {
        0..=4 => often && digits,
        _ => foreign || (often && digits && common * 100 <= letters * 85),
    }
}

/// Whether a value is put together of words: `dh-SinglePass-sha1kdf-scheme`, `man3/SRP_user_pwd_new.pod`.
pub fn worded(value: &[u8]) -> bool {
    let parts = value.split(|byte| !byte.is_ascii_alphanumeric());
    let word = |part: &&[u8]| {
        (4..value.len()).contains(&part.len())
            && part.iter().all(u8::is_ascii_alphabetic)
            && !drawn(part)
    };
    parts.filter(word).map(<[u8]>::len).sum::<usize>() * 100 >= value.len() * 30
}

/// The kind of a byte: small letter, capital, digit, or what joins them.
fn kind(byte: u8) -> char {
    match byte {
        b'a'..=b'z' => 'a',
        b'A'..=b'Z' => 'A',
        b'0'..=b'9' => '0',
        _ => '-',
    }
}
